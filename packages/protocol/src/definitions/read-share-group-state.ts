import { api } from "../schema/api.ts";
import { array, int16, int32, int64, int8, string, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * ReadShareGroupState (key 84): what the share coordinator has of partitions.
 */

const readShareGroupStateRequest = message(
  "ReadShareGroupStateRequest",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    groupId: string(),
    topics: array({
      topicId: uuid(),
      partitions: array({ partition: int32(), leaderEpoch: int32() }),
    }),
  },
);
export type ReadShareGroupStateRequest = Decoded<typeof readShareGroupStateRequest>;

const readShareGroupStateResponse = message(
  "ReadShareGroupStateResponse",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    results: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: true, default: null }),
        stateEpoch: int32(),
        startOffset: int64(),
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

export const readShareGroupStateApi = api(
  84,
  readShareGroupStateRequest,
  readShareGroupStateResponse,
);
