import { api } from "../schema/api.ts";
import { array, bool, int16, int32, int8, string, struct } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";
import { endpoint, keyValue, subtopology, taskIds, taskOffset } from "./streams-group-structs.ts";

/*
 * StreamsGroupHeartbeat (key 88): a Kafka Streams client joins, stays in, and leaves its group
 * (KIP-1071). Whatever did not change since the last heartbeat is null.
 */

const topicPartition = { topic: string(), partitions: array(int32()) };
const nullable = { nullable: true, default: null } as const;

export const streamsGroupHeartbeatRequest = message(
  "StreamsGroupHeartbeatRequest",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    groupId: string(),
    memberId: string(),
    memberEpoch: int32(),
    endpointInformationEpoch: int32(),
    instanceId: string(nullable),
    rackId: string(nullable),
    rebalanceTimeoutMs: int32({ default: -1 }),
    topology: struct({ epoch: int32(), subtopologies: array(subtopology) }, nullable),
    activeTasks: array(taskIds, nullable),
    standbyTasks: array(taskIds, nullable),
    warmupTasks: array(taskIds, nullable),
    processId: string(nullable),
    userEndpoint: struct(endpoint, nullable),
    clientTags: array(keyValue, nullable),
    taskOffsets: array(taskOffset, nullable),
    taskEndOffsets: array(taskOffset, nullable),
    shutdownApplication: bool({ default: false }),
  },
);
export type StreamsGroupHeartbeatRequest = Decoded<typeof streamsGroupHeartbeatRequest>;

export const streamsGroupHeartbeatResponse = message(
  "StreamsGroupHeartbeatResponse",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string(nullable),
    memberId: string(),
    memberEpoch: int32(),
    heartbeatIntervalMs: int32(),
    acceptableRecoveryLag: int32(),
    taskOffsetIntervalMs: int32(),
    status: array({ statusCode: int8(), statusDetail: string() }, { nullable: true }),
    activeTasks: array(taskIds, nullable),
    standbyTasks: array(taskIds, nullable),
    warmupTasks: array(taskIds, nullable),
    endpointInformationEpoch: int32(),
    partitionsByUserEndpoint: array(
      {
        userEndpoint: struct(endpoint),
        activePartitions: array(topicPartition),
        standbyPartitions: array(topicPartition),
      },
      nullable,
    ),
  },
);
export type StreamsGroupHeartbeatResponse = Decoded<typeof streamsGroupHeartbeatResponse>;

export const streamsGroupHeartbeatApi = api(
  88,
  streamsGroupHeartbeatRequest,
  streamsGroupHeartbeatResponse,
);
