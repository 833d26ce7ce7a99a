import { api } from "../schema/api.ts";
import { array, bool, int16, int32, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * CreatePartitions (key 37)
 *
 *  2  flexible
 *  3  THROTTLING_QUOTA_EXCEEDED
 */

export const createPartitionsRequest = message(
  "CreatePartitionsRequest",
  { min: 0, max: 3, flexibleSince: 2 },
  {
    topics: array({
      name: string(),
      count: int32(),
      assignments: array(
        {
          brokerIds: array(int32()),
        },
        { nullable: true },
      ),
    }),
    timeoutMs: int32(),
    validateOnly: bool(),
  },
);
export type CreatePartitionsRequest = Decoded<typeof createPartitionsRequest>;

export const createPartitionsResponse = message(
  "CreatePartitionsResponse",
  { min: 0, max: 3, flexibleSince: 2 },
  {
    throttleTimeMs: int32(),
    results: array({
      name: string(),
      errorCode: int16(),
      errorMessage: string({ nullable: true, default: null }),
    }),
  },
);
export type CreatePartitionsResponse = Decoded<typeof createPartitionsResponse>;

export const createPartitionsApi = api(37, createPartitionsRequest, createPartitionsResponse);
