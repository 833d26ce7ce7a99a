import { api } from "../schema/api.ts";
import { int16, int32, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * Heartbeat (key 12)
 *
 *  1  throttle time
 *  3  static members
 *  4  flexible
 */

export const heartbeatRequest = message(
  "HeartbeatRequest",
  { min: 0, max: 4, flexibleSince: 4 },
  {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: string({ since: 3, nullable: true, default: null }),
  },
);
export type HeartbeatRequest = Decoded<typeof heartbeatRequest>;

export const heartbeatResponse = message(
  "HeartbeatResponse",
  { min: 0, max: 4, flexibleSince: 4 },
  {
    throttleTimeMs: int32({ since: 1, ignorable: true }),
    errorCode: int16(),
  },
);
export type HeartbeatResponse = Decoded<typeof heartbeatResponse>;

export const heartbeatApi = api(12, heartbeatRequest, heartbeatResponse);
