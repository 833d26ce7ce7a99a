import { api } from "../schema/api.ts";
import { array, int16, int32, int64, int8, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * ListOffsets (key 2)
 *
 *  1  one offset and its timestamp
 *  2  isolation level
 *  4  leader epoch
 *  6  flexible
 * Later versions allow more special timestamps:  7  -3 max timestamp          8  -4 earliest local
 *  9  -5 latest tiered
 * 10  a timeout for remote reads
 * 11  -6 earliest not yet uploaded
 */

export const listOffsetsRequest = message(
  "ListOffsetsRequest",
  { min: 1, max: 11, flexibleSince: 6 },
  {
    replicaId: int32(),
    isolationLevel: int8({ since: 2 }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        currentLeaderEpoch: int32({ since: 4, default: -1, ignorable: true }),
        timestamp: int64(),
      }),
    }),
    timeoutMs: int32({ since: 10, ignorable: true }),
  },
);
export type ListOffsetsRequest = Decoded<typeof listOffsetsRequest>;

export const listOffsetsResponse = message(
  "ListOffsetsResponse",
  { min: 1, max: 11, flexibleSince: 6 },
  {
    throttleTimeMs: int32({ since: 2, ignorable: true }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        timestamp: int64({ default: -1 }),
        offset: int64({ default: -1 }),
        leaderEpoch: int32({ since: 4, default: -1 }),
      }),
    }),
  },
);
export type ListOffsetsResponse = Decoded<typeof listOffsetsResponse>;

export const listOffsetsApi = api(2, listOffsetsRequest, listOffsetsResponse);
