import { api } from "../schema/api.ts";
import { array, int16, int32, int8, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";
import { aclFilter } from "./acl-filter.ts";

/*
 * DescribeAcls (key 29)
 *
 *  1  pattern types        2  flexible        3  patterns for users
 */

export const describeAclsRequest = message(
  "DescribeAclsRequest",
  { min: 1, max: 3, flexibleSince: 2 },
  aclFilter,
);
export type DescribeAclsRequest = Decoded<typeof describeAclsRequest>;

export const describeAclsResponse = message(
  "DescribeAclsResponse",
  { min: 1, max: 3, flexibleSince: 2 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    resources: array({
      resourceType: int8(),
      resourceName: string(),
      patternType: int8({ default: 3 }),
      acls: array({
        principal: string(),
        host: string(),
        operation: int8(),
        permissionType: int8(),
      }),
    }),
  },
);
export type DescribeAclsResponse = Decoded<typeof describeAclsResponse>;

export const describeAclsApi = api(29, describeAclsRequest, describeAclsResponse);
