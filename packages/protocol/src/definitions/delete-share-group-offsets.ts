import { api } from "../schema/api.ts";
import { array, int16, int32, string, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * DeleteShareGroupOffsets (key 92): an empty share group forgets topics.
 */

const deleteShareGroupOffsetsRequest = message(
  "DeleteShareGroupOffsetsRequest",
  { min: 0, max: 0, flexibleSince: 0 },
  { groupId: string(), topics: array({ topicName: string() }) },
);
export type DeleteShareGroupOffsetsRequest = Decoded<typeof deleteShareGroupOffsetsRequest>;

const deleteShareGroupOffsetsResponse = message(
  "DeleteShareGroupOffsetsResponse",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true, default: null }),
    responses: array({
      topicName: string(),
      topicId: uuid(),
      errorCode: int16(),
      errorMessage: string({ nullable: true, default: null }),
    }),
  },
);

export const deleteShareGroupOffsetsApi = api(
  92,
  deleteShareGroupOffsetsRequest,
  deleteShareGroupOffsetsResponse,
);
