import { api } from "../schema/api.ts";
import { array, bytes, int16, int32, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * SyncGroup (key 14)
 *
 *  1  throttle time
 *  3  static members
 *  4  flexible
 *  5  protocol type and name, checked against the group's
 */

export const syncGroupRequest = message(
  "SyncGroupRequest",
  { min: 0, max: 5, flexibleSince: 4 },
  {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: string({ since: 3, nullable: true, default: null }),
    protocolType: string({ since: 5, nullable: true, default: null, ignorable: true }),
    protocolName: string({ since: 5, nullable: true, default: null, ignorable: true }),
    assignments: array({
      memberId: string(),
      assignment: bytes(),
    }),
  },
);
export type SyncGroupRequest = Decoded<typeof syncGroupRequest>;

export const syncGroupResponse = message(
  "SyncGroupResponse",
  { min: 0, max: 5, flexibleSince: 4 },
  {
    throttleTimeMs: int32({ since: 1, ignorable: true }),
    errorCode: int16(),
    protocolType: string({ since: 5, nullable: true, default: null, ignorable: true }),
    protocolName: string({ since: 5, nullable: true, default: null, ignorable: true }),
    assignment: bytes(),
  },
);
export type SyncGroupResponse = Decoded<typeof syncGroupResponse>;

export const syncGroupApi = api(14, syncGroupRequest, syncGroupResponse);
