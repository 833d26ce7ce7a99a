import { array, bytes, int32, int64, int8, string, struct, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * Records of `__consumer_offsets` that keep a consumer group (KIP-848): its epoch, who its members are, what each is to
 * have (target) and has (current), and which topics its patterns have matched.
 */

const only = { min: 0, max: 0 };
const flexible = { min: 0, max: 0, flexibleSince: 0 };

const groupKey = { groupId: string() };
const memberKey = { groupId: string(), memberId: string() };
const topicPartitions = { topicId: uuid(), partitions: array(int32()) };

export const consumerGroupMetadataKey = message("ConsumerGroupMetadataKey", only, groupKey);

export const consumerGroupMetadataValue = message("ConsumerGroupMetadataValue", flexible, {
  epoch: int32(),
  metadataHash: int64({ tag: 0, default: 0 }),
});

export const consumerGroupMemberMetadataKey = message(
  "ConsumerGroupMemberMetadataKey",
  only,
  memberKey,
);

export const consumerGroupMemberMetadataValue = message(
  "ConsumerGroupMemberMetadataValue",
  flexible,
  {
    instanceId: string({ nullable: true }),
    rackId: string({ nullable: true }),
    clientId: string(),
    clientHost: string(),
    subscribedTopicNames: array(string()),
    subscribedTopicRegex: string({ nullable: true }),
    rebalanceTimeoutMs: int32({ default: -1 }),
    serverAssignor: string({ nullable: true }),
    classicMemberMetadata: struct(
      {
        sessionTimeoutMs: int32(),
        supportedProtocols: array({ name: string(), metadata: bytes() }),
      },
      { tag: 0, nullable: true, default: null },
    ),
  },
);
export type ConsumerGroupMemberMetadataValue = Decoded<typeof consumerGroupMemberMetadataValue>;

export const consumerGroupTargetAssignmentMetadataKey = message(
  "ConsumerGroupTargetAssignmentMetadataKey",
  only,
  groupKey,
);

export const consumerGroupTargetAssignmentMetadataValue = message(
  "ConsumerGroupTargetAssignmentMetadataValue",
  flexible,
  {
    assignmentEpoch: int32(),
    assignmentTimestamp: int64({ tag: 0, ignorable: true }),
  },
);

export const consumerGroupTargetAssignmentMemberKey = message(
  "ConsumerGroupTargetAssignmentMemberKey",
  only,
  memberKey,
);

export const consumerGroupTargetAssignmentMemberValue = message(
  "ConsumerGroupTargetAssignmentMemberValue",
  flexible,
  { topicPartitions: array(topicPartitions) },
);

export const consumerGroupCurrentMemberAssignmentKey = message(
  "ConsumerGroupCurrentMemberAssignmentKey",
  only,
  memberKey,
);

const assignedPartitions = {
  ...topicPartitions,
  assignmentEpochs: array(int32(), { tag: 0, nullable: true, default: null }),
};

export const consumerGroupCurrentMemberAssignmentValue = message(
  "ConsumerGroupCurrentMemberAssignmentValue",
  flexible,
  {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    assignedPartitions: array(assignedPartitions),
    partitionsPendingRevocation: array(assignedPartitions),
  },
);
export type ConsumerGroupCurrentMemberAssignmentValue = Decoded<
  typeof consumerGroupCurrentMemberAssignmentValue
>;

export const consumerGroupRegularExpressionKey = message(
  "ConsumerGroupRegularExpressionKey",
  only,
  { groupId: string(), regularExpression: string() },
);

export const consumerGroupRegularExpressionValue = message(
  "ConsumerGroupRegularExpressionValue",
  flexible,
  { topics: array(string()), version: int64(), timestamp: int64() },
);
