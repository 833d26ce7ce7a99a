import { api } from "../schema/api.ts";
import { array, int16, int32, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * OffsetDelete (key 47)
 */

export const offsetDeleteRequest = message(
  "OffsetDeleteRequest",
  { min: 0, max: 0 },
  {
    groupId: string(),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
      }),
    }),
  },
);
export type OffsetDeleteRequest = Decoded<typeof offsetDeleteRequest>;

export const offsetDeleteResponse = message(
  "OffsetDeleteResponse",
  { min: 0, max: 0 },
  {
    errorCode: int16(),
    throttleTimeMs: int32({ ignorable: true }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
      }),
    }),
  },
);
export type OffsetDeleteResponse = Decoded<typeof offsetDeleteResponse>;

export const offsetDeleteApi = api(47, offsetDeleteRequest, offsetDeleteResponse);
