import { api } from "../schema/api.ts";
import { array, int16, int32, int8, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";
import { aclFilter } from "./acl-filter.ts";

/*
 * DeleteAcls (key 31)
 *
 *  1  pattern types        2  flexible        3  patterns for users
 */

export const deleteAclsRequest = message(
  "DeleteAclsRequest",
  { min: 1, max: 3, flexibleSince: 2 },
  {
    filters: array(aclFilter),
  },
);
export type DeleteAclsRequest = Decoded<typeof deleteAclsRequest>;

export const deleteAclsResponse = message(
  "DeleteAclsResponse",
  { min: 1, max: 3, flexibleSince: 2 },
  {
    throttleTimeMs: int32(),
    filterResults: array({
      errorCode: int16(),
      errorMessage: string({ nullable: true }),
      matchingAcls: array({
        errorCode: int16(),
        errorMessage: string({ nullable: true }),
        resourceType: int8(),
        resourceName: string(),
        patternType: int8({ default: 3 }),
        principal: string(),
        host: string(),
        operation: int8(),
        permissionType: int8(),
      }),
    }),
  },
);
export type DeleteAclsResponse = Decoded<typeof deleteAclsResponse>;

export const deleteAclsApi = api(31, deleteAclsRequest, deleteAclsResponse);
