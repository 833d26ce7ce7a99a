import { api } from "../schema/api.ts";
import { array, bool, int16, int32, int8, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * AlterConfigs (key 33)
 *
 *  2  flexible
 */

export const alterConfigsRequest = message(
  "AlterConfigsRequest",
  { min: 0, max: 2, flexibleSince: 2 },
  {
    resources: array({
      resourceType: int8(),
      resourceName: string(),
      configs: array({
        name: string(),
        value: string({ nullable: true }),
      }),
    }),
    validateOnly: bool(),
  },
);
export type AlterConfigsRequest = Decoded<typeof alterConfigsRequest>;

export const alterConfigsResponse = message(
  "AlterConfigsResponse",
  { min: 0, max: 2, flexibleSince: 2 },
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
export type AlterConfigsResponse = Decoded<typeof alterConfigsResponse>;

export const alterConfigsApi = api(33, alterConfigsRequest, alterConfigsResponse);
