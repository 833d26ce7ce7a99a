import { api } from "../schema/api.ts";
import { array, int16, int32, int8, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * CreateAcls (key 30)
 *
 *  1  pattern types        2  flexible        3  patterns for users
 */

export const createAclsRequest = message(
  "CreateAclsRequest",
  { min: 1, max: 3, flexibleSince: 2 },
  {
    creations: array({
      resourceType: int8(),
      resourceName: string(),
      resourcePatternType: int8({ default: 3 }),
      principal: string(),
      host: string(),
      operation: int8(),
      permissionType: int8(),
    }),
  },
);
export type CreateAclsRequest = Decoded<typeof createAclsRequest>;

export const createAclsResponse = message(
  "CreateAclsResponse",
  { min: 1, max: 3, flexibleSince: 2 },
  {
    throttleTimeMs: int32(),
    results: array({
      errorCode: int16(),
      errorMessage: string({ nullable: true }),
    }),
  },
);
export type CreateAclsResponse = Decoded<typeof createAclsResponse>;

export const createAclsApi = api(30, createAclsRequest, createAclsResponse);
