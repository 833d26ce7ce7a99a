import { api } from "../schema/api.ts";
import { array, int16, int32, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * LeaveGroup (key 13)
 *
 *  1  throttle time
 *  3  many members at once
 *  4  flexible
 *  5  a reason
 */

export const leaveGroupRequest = message(
  "LeaveGroupRequest",
  { min: 0, max: 5, flexibleSince: 4 },
  {
    groupId: string(),
    memberId: string({ until: 2 }),
    members: array(
      {
        memberId: string(),
        groupInstanceId: string({ nullable: true, default: null }),
        reason: string({ since: 5, nullable: true, default: null, ignorable: true }),
      },
      { since: 3 },
    ),
  },
);
export type LeaveGroupRequest = Decoded<typeof leaveGroupRequest>;

export const leaveGroupResponse = message(
  "LeaveGroupResponse",
  { min: 0, max: 5, flexibleSince: 4 },
  {
    throttleTimeMs: int32({ since: 1, ignorable: true }),
    errorCode: int16(),
    members: array(
      {
        memberId: string(),
        groupInstanceId: string({ nullable: true }),
        errorCode: int16(),
      },
      { since: 3 },
    ),
  },
);
export type LeaveGroupResponse = Decoded<typeof leaveGroupResponse>;

export const leaveGroupApi = api(13, leaveGroupRequest, leaveGroupResponse);
