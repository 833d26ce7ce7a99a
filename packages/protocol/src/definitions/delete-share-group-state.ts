import { api } from "../schema/api.ts";
import { array, int16, int32, string, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * DeleteShareGroupState (key 86): the share coordinator forgets partitions.
 */

const deleteShareGroupStateRequest = message(
  "DeleteShareGroupStateRequest",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    groupId: string(),
    topics: array({ topicId: uuid(), partitions: array({ partition: int32() }) }),
  },
);
export type DeleteShareGroupStateRequest = Decoded<typeof deleteShareGroupStateRequest>;

const deleteShareGroupStateResponse = message(
  "DeleteShareGroupStateResponse",
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

export const deleteShareGroupStateApi = api(
  86,
  deleteShareGroupStateRequest,
  deleteShareGroupStateResponse,
);
