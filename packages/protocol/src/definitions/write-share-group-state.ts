import { api } from "../schema/api.ts";
import { array, int16, int32, int64, int8, string, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * WriteShareGroupState (key 85): changes of partitions for the share coordinator to keep.
 *
 * 1  how many records behind the start need not be delivered any more
 */

const writeShareGroupStateRequest = message(
  "WriteShareGroupStateRequest",
  { min: 0, max: 1, flexibleSince: 0 },
  {
    groupId: string(),
    topics: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        stateEpoch: int32(),
        leaderEpoch: int32(),
        startOffset: int64(),
        deliveryCompleteCount: int32({ since: 1, default: -1, ignorable: true }),
        stateBatches: array({
          firstOffset: int64(),
          lastOffset: int64(),
          deliveryState: int8(),
          deliveryCount: int16(),
        }),
      }),
    }),
  },
);
export type WriteShareGroupStateRequest = Decoded<typeof writeShareGroupStateRequest>;

const writeShareGroupStateResponse = message(
  "WriteShareGroupStateResponse",
  { min: 0, max: 1, flexibleSince: 0 },
  {
    results: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: true, default: null }),
      }),
    }),
  },
);

export const writeShareGroupStateApi = api(
  85,
  writeShareGroupStateRequest,
  writeShareGroupStateResponse,
);
