import { api } from "../schema/api.ts";
import { array, int16, int32, int64, string, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * InitializeShareGroupState (key 83): the share coordinator keeps the state of partitions from now on.
 */

const initializeShareGroupStateRequest = message(
  "InitializeShareGroupStateRequest",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    groupId: string(),
    topics: array({
      topicId: uuid(),
      partitions: array({ partition: int32(), stateEpoch: int32(), startOffset: int64() }),
    }),
  },
);
export type InitializeShareGroupStateRequest = Decoded<typeof initializeShareGroupStateRequest>;

const initializeShareGroupStateResponse = message(
  "InitializeShareGroupStateResponse",
  { min: 0, max: 0, flexibleSince: 0 },
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

export const initializeShareGroupStateApi = api(
  83,
  initializeShareGroupStateRequest,
  initializeShareGroupStateResponse,
);
