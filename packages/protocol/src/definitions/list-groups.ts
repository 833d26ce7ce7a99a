import { api } from "../schema/api.ts";
import { array, int16, int32, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * ListGroups (key 16)
 *
 *  1  throttle time
 *  3  flexible
 *  4  states of groups
 *  5  types of groups
 */

export const listGroupsRequest = message(
  "ListGroupsRequest",
  { min: 0, max: 5, flexibleSince: 3 },
  {
    statesFilter: array(string(), { since: 4 }),
    typesFilter: array(string(), { since: 5 }),
  },
);
export type ListGroupsRequest = Decoded<typeof listGroupsRequest>;

export const listGroupsResponse = message(
  "ListGroupsResponse",
  { min: 0, max: 5, flexibleSince: 3 },
  {
    throttleTimeMs: int32({ since: 1, ignorable: true }),
    errorCode: int16(),
    groups: array({
      groupId: string(),
      protocolType: string(),
      groupState: string({ since: 4, ignorable: true }),
      groupType: string({ since: 5, ignorable: true }),
    }),
  },
);
export type ListGroupsResponse = Decoded<typeof listGroupsResponse>;

export const listGroupsApi = api(16, listGroupsRequest, listGroupsResponse);
