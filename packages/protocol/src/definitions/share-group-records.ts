import { array, int32, int64, int8, string, uuid } from "../schema/field.ts";
import { message } from "../schema/message.ts";

/*
 * Records of `__consumer_offsets` that keep a share group (KIP-932): its epoch, who its members are, what each is
 * to have (target) and has (current), and which partitions the share coordinator keeps the state of.
 */

const only = { min: 0, max: 0 };
const flexible = { min: 0, max: 0, flexibleSince: 0 };

const groupKey = { groupId: string() };
const memberKey = { groupId: string(), memberId: string() };
const topicPartitions = { topicId: uuid(), partitions: array(int32()) };

export const shareGroupMemberMetadataKey = message("ShareGroupMemberMetadataKey", only, memberKey);

export const shareGroupMemberMetadataValue = message("ShareGroupMemberMetadataValue", flexible, {
  rackId: string({ nullable: true }),
  clientId: string(),
  clientHost: string(),
  subscribedTopicNames: array(string()),
});

export const shareGroupMetadataKey = message("ShareGroupMetadataKey", only, groupKey);

export const shareGroupMetadataValue = message("ShareGroupMetadataValue", flexible, {
  epoch: int32(),
  metadataHash: int64(),
});

export const shareGroupTargetAssignmentMetadataKey = message(
  "ShareGroupTargetAssignmentMetadataKey",
  only,
  groupKey,
);

export const shareGroupTargetAssignmentMetadataValue = message(
  "ShareGroupTargetAssignmentMetadataValue",
  flexible,
  { assignmentEpoch: int32(), assignmentTimestamp: int64({ tag: 0, default: 0, ignorable: true }) },
);

export const shareGroupTargetAssignmentMemberKey = message(
  "ShareGroupTargetAssignmentMemberKey",
  only,
  memberKey,
);

export const shareGroupTargetAssignmentMemberValue = message(
  "ShareGroupTargetAssignmentMemberValue",
  flexible,
  { topicPartitions: array(topicPartitions) },
);

export const shareGroupCurrentMemberAssignmentKey = message(
  "ShareGroupCurrentMemberAssignmentKey",
  only,
  memberKey,
);

export const shareGroupCurrentMemberAssignmentValue = message(
  "ShareGroupCurrentMemberAssignmentValue",
  flexible,
  {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    assignedPartitions: array(topicPartitions),
  },
);

export const shareGroupStatePartitionMetadataKey = message(
  "ShareGroupStatePartitionMetadataKey",
  only,
  groupKey,
);

export const shareGroupStatePartitionMetadataValue = message(
  "ShareGroupStatePartitionMetadataValue",
  flexible,
  {
    initializingTopics: array({ topicId: uuid(), topicName: string(), partitions: array(int32()) }),
    initializedTopics: array({ topicId: uuid(), topicName: string(), partitions: array(int32()) }),
    deletingTopics: array({ topicId: uuid(), topicName: string() }),
  },
);
