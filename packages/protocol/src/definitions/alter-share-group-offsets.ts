import { api } from "../schema/api.ts";
import { array, int16, int32, int64, string, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * AlterShareGroupOffsets (key 91): where an empty share group goes on in partitions.
 */

const alterShareGroupOffsetsRequest = message(
  "AlterShareGroupOffsetsRequest",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    groupId: string(),
    topics: array({
      topicName: string(),
      partitions: array({ partitionIndex: int32(), startOffset: int64() }),
    }),
  },
);
export type AlterShareGroupOffsetsRequest = Decoded<typeof alterShareGroupOffsetsRequest>;

const alterShareGroupOffsetsResponse = message(
  "AlterShareGroupOffsetsResponse",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true, default: null }),
    responses: array({
      topicName: string(),
      topicId: uuid(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: true, default: null }),
      }),
    }),
  },
);

export const alterShareGroupOffsetsApi = api(
  91,
  alterShareGroupOffsetsRequest,
  alterShareGroupOffsetsResponse,
);
