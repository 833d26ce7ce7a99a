import { api } from "../schema/api.ts";
import { array, int16, int32, int64, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * DeleteRecords (key 21)
 *
 *  2  flexible
 */

export const deleteRecordsRequest = message(
  "DeleteRecordsRequest",
  { min: 0, max: 2, flexibleSince: 2 },
  {
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        offset: int64(),
      }),
    }),
    timeoutMs: int32(),
  },
);
export type DeleteRecordsRequest = Decoded<typeof deleteRecordsRequest>;

export const deleteRecordsResponse = message(
  "DeleteRecordsResponse",
  { min: 0, max: 2, flexibleSince: 2 },
  {
    throttleTimeMs: int32(),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        lowWatermark: int64(),
        errorCode: int16(),
      }),
    }),
  },
);
export type DeleteRecordsResponse = Decoded<typeof deleteRecordsResponse>;

export const deleteRecordsApi = api(21, deleteRecordsRequest, deleteRecordsResponse);
