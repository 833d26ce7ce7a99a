import { api } from "../schema/api.ts";
import { array, bool, bytes, int16, int32, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * JoinGroup (key 11)
 *
 *  1  rebalance timeout
 *  2  throttle time
 *  4  new members are told their id first
 *  5  static members
 *  6  flexible
 *  7  the answer names the protocol type
 *  8  a reason
 *  9  the leader may be told to skip the assignment
 */

export const joinGroupRequest = message(
  "JoinGroupRequest",
  { min: 0, max: 9, flexibleSince: 6 },
  {
    groupId: string(),
    sessionTimeoutMs: int32(),
    rebalanceTimeoutMs: int32({ since: 1, default: -1, ignorable: true }),
    memberId: string(),
    groupInstanceId: string({ since: 5, nullable: true, default: null }),
    protocolType: string(),
    protocols: array({
      name: string(),
      metadata: bytes(),
    }),
    reason: string({ since: 8, nullable: true, default: null, ignorable: true }),
  },
);
export type JoinGroupRequest = Decoded<typeof joinGroupRequest>;

export const joinGroupResponse = message(
  "JoinGroupResponse",
  { min: 0, max: 9, flexibleSince: 6 },
  {
    throttleTimeMs: int32({ since: 2, ignorable: true }),
    errorCode: int16(),
    generationId: int32({ default: -1 }),
    protocolType: string({ since: 7, nullable: true, default: null, ignorable: true }),
    protocolName: string({ nullable: 7 }),
    leader: string(),
    skipAssignment: bool({ since: 9, default: false }),
    memberId: string(),
    members: array({
      memberId: string(),
      groupInstanceId: string({ since: 5, nullable: true, default: null, ignorable: true }),
      metadata: bytes(),
    }),
  },
);
export type JoinGroupResponse = Decoded<typeof joinGroupResponse>;

export const joinGroupApi = api(11, joinGroupRequest, joinGroupResponse);
