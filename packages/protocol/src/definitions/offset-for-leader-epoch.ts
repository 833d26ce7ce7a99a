import { api } from "../schema/api.ts";
import { array, int16, int32, int64, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * OffsetForLeaderEpoch (key 23)
 *
 *  2  current leader epoch, throttle time
 *  3  replica id
 *  4  flexible
 */

export const offsetForLeaderEpochRequest = message(
  "OffsetForLeaderEpochRequest",
  { min: 2, max: 4, flexibleSince: 4 },
  {
    replicaId: int32({ since: 3, default: -2, ignorable: true }),
    topics: array({
      topic: string(),
      partitions: array({
        partition: int32(),
        currentLeaderEpoch: int32({ default: -1 }),
        leaderEpoch: int32(),
      }),
    }),
  },
);
export type OffsetForLeaderEpochRequest = Decoded<typeof offsetForLeaderEpochRequest>;

export const offsetForLeaderEpochResponse = message(
  "OffsetForLeaderEpochResponse",
  { min: 2, max: 4, flexibleSince: 4 },
  {
    throttleTimeMs: int32(),
    topics: array({
      topic: string(),
      partitions: array({
        errorCode: int16(),
        partition: int32(),
        leaderEpoch: int32({ default: -1 }),
        endOffset: int64({ default: -1 }),
      }),
    }),
  },
);
export type OffsetForLeaderEpochResponse = Decoded<typeof offsetForLeaderEpochResponse>;

export const offsetForLeaderEpochApi = api(
  23,
  offsetForLeaderEpochRequest,
  offsetForLeaderEpochResponse,
);
