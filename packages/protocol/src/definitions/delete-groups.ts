import { api } from "../schema/api.ts";
import { array, int16, int32, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * DeleteGroups (key 42)
 *
 *  2  flexible
 */

export const deleteGroupsRequest = message(
  "DeleteGroupsRequest",
  { min: 0, max: 2, flexibleSince: 2 },
  {
    groupsNames: array(string()),
  },
);
export type DeleteGroupsRequest = Decoded<typeof deleteGroupsRequest>;

export const deleteGroupsResponse = message(
  "DeleteGroupsResponse",
  { min: 0, max: 2, flexibleSince: 2 },
  {
    throttleTimeMs: int32(),
    results: array({
      groupId: string(),
      errorCode: int16(),
    }),
  },
);
export type DeleteGroupsResponse = Decoded<typeof deleteGroupsResponse>;

export const deleteGroupsApi = api(42, deleteGroupsRequest, deleteGroupsResponse);
