import { array, int32, int64, int8, string, struct } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";
import { endpoint, keyValue, subtopology, taskIds } from "./streams-group-structs.ts";

/*
 * Records of `__consumer_offsets` that keep a streams group (KIP-1071): its epoch, its topology, who
 * its members are, what each is to have (target) and has (current).
 */

const groupKey = { groupId: string() };
const memberKey = { groupId: string(), memberId: string() };
const only = { min: 0, max: 0 };
const flexible = { min: 0, max: 0, flexibleSince: 0 };

export const streamsGroupMetadataKey = message("StreamsGroupMetadataKey", only, groupKey);

export const streamsGroupMetadataValue = message("StreamsGroupMetadataValue", flexible, {
  epoch: int32(),
  metadataHash: int64(),
  validatedTopologyEpoch: int32({ tag: 0, default: -1 }),
  lastAssignmentConfigs: array(keyValue, { tag: 1, nullable: true, default: null }),
});

export const streamsGroupMemberMetadataKey = message(
  "StreamsGroupMemberMetadataKey",
  only,
  memberKey,
);

export const streamsGroupMemberMetadataValue = message(
  "StreamsGroupMemberMetadataValue",
  flexible,
  {
    instanceId: string({ nullable: true }),
    rackId: string({ nullable: true }),
    clientId: string(),
    clientHost: string(),
    rebalanceTimeoutMs: int32({ default: -1 }),
    topologyEpoch: int32(),
    processId: string(),
    userEndpoint: struct(endpoint, { nullable: true, default: null }),
    clientTags: array(keyValue),
  },
);
export type StreamsGroupMemberMetadataValue = Decoded<typeof streamsGroupMemberMetadataValue>;

export const streamsGroupTargetAssignmentMetadataKey = message(
  "StreamsGroupTargetAssignmentMetadataKey",
  only,
  groupKey,
);

export const streamsGroupTargetAssignmentMetadataValue = message(
  "StreamsGroupTargetAssignmentMetadataValue",
  flexible,
  {
    assignmentEpoch: int32(),
    assignmentTimestamp: int64({ tag: 0, ignorable: true }),
  },
);

export const streamsGroupTargetAssignmentMemberKey = message(
  "StreamsGroupTargetAssignmentMemberKey",
  only,
  memberKey,
);

export const streamsGroupTargetAssignmentMemberValue = message(
  "StreamsGroupTargetAssignmentMemberValue",
  flexible,
  {
    activeTasks: array(taskIds),
    standbyTasks: array(taskIds),
    warmupTasks: array(taskIds),
  },
);

export const streamsGroupCurrentMemberAssignmentKey = message(
  "StreamsGroupCurrentMemberAssignmentKey",
  only,
  memberKey,
);

const assignedTaskIds = {
  ...taskIds,
  assignmentEpochs: array(int32(), { tag: 0, nullable: true, default: null }),
};

export const streamsGroupCurrentMemberAssignmentValue = message(
  "StreamsGroupCurrentMemberAssignmentValue",
  flexible,
  {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    activeTasks: array(assignedTaskIds),
    standbyTasks: array(assignedTaskIds),
    warmupTasks: array(assignedTaskIds),
    activeTasksPendingRevocation: array(assignedTaskIds),
    standbyTasksPendingRevocation: array(assignedTaskIds),
    warmupTasksPendingRevocation: array(assignedTaskIds),
  },
);
export type StreamsGroupCurrentMemberAssignmentValue = Decoded<
  typeof streamsGroupCurrentMemberAssignmentValue
>;

export const streamsGroupTopologyKey = message("StreamsGroupTopologyKey", only, groupKey);

export const streamsGroupTopologyValue = message("StreamsGroupTopologyValue", flexible, {
  epoch: int32(),
  subtopologies: array(subtopology),
});
export type StreamsGroupTopologyValue = Decoded<typeof streamsGroupTopologyValue>;
