import { api } from "../schema/api.ts";
import { array, bool, bytes, int16, int32, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * DescribeGroups (key 15)
 *
 *  1  throttle time
 *  3  authorized operations
 *  4  static members
 *  5  flexible
 *  6  GROUP_ID_NOT_FOUND with a text
 */

export const describeGroupsRequest = message(
  "DescribeGroupsRequest",
  { min: 0, max: 6, flexibleSince: 5 },
  {
    groups: array(string()),
    includeAuthorizedOperations: bool({ since: 3 }),
  },
);
export type DescribeGroupsRequest = Decoded<typeof describeGroupsRequest>;

export const describeGroupsResponse = message(
  "DescribeGroupsResponse",
  { min: 0, max: 6, flexibleSince: 5 },
  {
    throttleTimeMs: int32({ since: 1, ignorable: true }),
    groups: array({
      errorCode: int16(),
      errorMessage: string({ since: 6, nullable: true, default: null }),
      groupId: string(),
      groupState: string(),
      protocolType: string(),
      protocolData: string(),
      members: array({
        memberId: string(),
        groupInstanceId: string({ since: 4, nullable: true, default: null, ignorable: true }),
        clientId: string(),
        clientHost: string(),
        memberMetadata: bytes(),
        memberAssignment: bytes(),
      }),
      authorizedOperations: int32({ since: 3, default: -0x80000000 }),
    }),
  },
);
export type DescribeGroupsResponse = Decoded<typeof describeGroupsResponse>;

export const describeGroupsApi = api(15, describeGroupsRequest, describeGroupsResponse);
