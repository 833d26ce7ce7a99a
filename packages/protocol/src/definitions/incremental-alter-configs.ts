import { api } from "../schema/api.ts";
import { array, bool, int16, int32, int8, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * IncrementalAlterConfigs (key 44)
 *
 *  1  flexible
 */

export const incrementalAlterConfigsRequest = message(
  "IncrementalAlterConfigsRequest",
  { min: 0, max: 1, flexibleSince: 1 },
  {
    resources: array({
      resourceType: int8(),
      resourceName: string(),
      configs: array({
        name: string(),
        configOperation: int8(),
        value: string({ nullable: true }),
      }),
    }),
    validateOnly: bool(),
  },
);
export type IncrementalAlterConfigsRequest = Decoded<typeof incrementalAlterConfigsRequest>;

export const incrementalAlterConfigsResponse = message(
  "IncrementalAlterConfigsResponse",
  { min: 0, max: 1, flexibleSince: 1 },
  {
    throttleTimeMs: int32(),
    responses: array({
      errorCode: int16(),
      errorMessage: string({ nullable: true }),
      resourceType: int8(),
      resourceName: string(),
    }),
  },
);
export type IncrementalAlterConfigsResponse = Decoded<typeof incrementalAlterConfigsResponse>;

export const incrementalAlterConfigsApi = api(
  44,
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
);
