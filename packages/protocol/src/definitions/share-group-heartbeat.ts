import { api } from "../schema/api.ts";
import { array, int16, int32, string, struct, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * ShareGroupHeartbeat (key 76): a member of a share group joins, stays in, and leaves it (KIP-932). What did
 * not change since the last heartbeat is null.
 */

const shareGroupHeartbeatRequest = message(
  "ShareGroupHeartbeatRequest",
  { min: 1, max: 1, flexibleSince: 0 },
  {
    groupId: string(),
    memberId: string(),
    memberEpoch: int32(),
    rackId: string({ nullable: true, default: null }),
    subscribedTopicNames: array(string(), { nullable: true, default: null }),
  },
);
export type ShareGroupHeartbeatRequest = Decoded<typeof shareGroupHeartbeatRequest>;

const shareGroupHeartbeatResponse = message(
  "ShareGroupHeartbeatResponse",
  { min: 1, max: 1, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true, default: null }),
    memberId: string({ nullable: true, default: null }),
    memberEpoch: int32(),
    heartbeatIntervalMs: int32(),
    assignment: struct(
      { topicPartitions: array({ topicId: uuid(), partitions: array(int32()) }) },
      { nullable: true, default: null },
    ),
  },
);

export const shareGroupHeartbeatApi = api(
  76,
  shareGroupHeartbeatRequest,
  shareGroupHeartbeatResponse,
);
