import { api } from "../schema/api.ts";
import { array, int16, int32, string, struct, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * ConsumerGroupHeartbeat (key 68): a consumer joins, stays in, and leaves its group (KIP-848). Whatever did not change
 * since the last heartbeat is null.
 *
 * v1  a pattern of topics; the consumer makes its member id
 */

const nullable = { nullable: true, default: null } as const;
const topicPartitions = { topicId: uuid(), partitions: array(int32()) };

export const consumerGroupHeartbeatRequest = message(
  "ConsumerGroupHeartbeatRequest",
  { min: 0, max: 1, flexibleSince: 0 },
  {
    groupId: string(),
    memberId: string(),
    memberEpoch: int32(),
    instanceId: string(nullable),
    rackId: string(nullable),
    rebalanceTimeoutMs: int32({ default: -1 }),
    subscribedTopicNames: array(string(), nullable),
    subscribedTopicRegex: string({ since: 1, ...nullable }),
    serverAssignor: string(nullable),
    topicPartitions: array(topicPartitions, nullable),
  },
);
export type ConsumerGroupHeartbeatRequest = Decoded<typeof consumerGroupHeartbeatRequest>;

export const consumerGroupHeartbeatResponse = message(
  "ConsumerGroupHeartbeatResponse",
  { min: 0, max: 1, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string(nullable),
    memberId: string(nullable),
    memberEpoch: int32(),
    heartbeatIntervalMs: int32(),
    assignment: struct({ topicPartitions: array(topicPartitions) }, nullable),
  },
);
export type ConsumerGroupHeartbeatResponse = Decoded<typeof consumerGroupHeartbeatResponse>;

export const consumerGroupHeartbeatApi = api(
  68,
  consumerGroupHeartbeatRequest,
  consumerGroupHeartbeatResponse,
);
