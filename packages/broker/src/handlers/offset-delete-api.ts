import { api, array, int16, int32, message, string, type Decoded } from "@millrace/protocol";

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

export const offsetDeleteApi = api(47, offsetDeleteRequest, offsetDeleteResponse);
