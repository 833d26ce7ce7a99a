import { api } from "../schema/api.ts";
import { bytes, int16, int32, int64 } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * ExpireDelegationToken (key 40)
 *
 *  2  flexible
 */

export const expireDelegationTokenRequest = message(
  "ExpireDelegationTokenRequest",
  { min: 1, max: 2, flexibleSince: 2 },
  {
    hmac: bytes(),
    expiryTimePeriodMs: int64(),
  },
);
export type ExpireDelegationTokenRequest = Decoded<typeof expireDelegationTokenRequest>;

export const expireDelegationTokenResponse = message(
  "ExpireDelegationTokenResponse",
  { min: 1, max: 2, flexibleSince: 2 },
  {
    errorCode: int16(),
    expiryTimestampMs: int64(),
    throttleTimeMs: int32(),
  },
);
export type ExpireDelegationTokenResponse = Decoded<typeof expireDelegationTokenResponse>;

export const expireDelegationTokenApi = api(
  40,
  expireDelegationTokenRequest,
  expireDelegationTokenResponse,
);
