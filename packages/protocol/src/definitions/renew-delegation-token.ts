import { api } from "../schema/api.ts";
import { bytes, int16, int32, int64 } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * RenewDelegationToken (key 39)
 *
 *  2  flexible
 */

export const renewDelegationTokenRequest = message(
  "RenewDelegationTokenRequest",
  { min: 1, max: 2, flexibleSince: 2 },
  {
    hmac: bytes(),
    renewPeriodMs: int64(),
  },
);
export type RenewDelegationTokenRequest = Decoded<typeof renewDelegationTokenRequest>;

export const renewDelegationTokenResponse = message(
  "RenewDelegationTokenResponse",
  { min: 1, max: 2, flexibleSince: 2 },
  {
    errorCode: int16(),
    expiryTimestampMs: int64(),
    throttleTimeMs: int32(),
  },
);
export type RenewDelegationTokenResponse = Decoded<typeof renewDelegationTokenResponse>;

export const renewDelegationTokenApi = api(
  39,
  renewDelegationTokenRequest,
  renewDelegationTokenResponse,
);
