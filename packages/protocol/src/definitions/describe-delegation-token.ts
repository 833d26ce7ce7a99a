import { api } from "../schema/api.ts";
import { array, bytes, int16, int32, int64, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * DescribeDelegationToken (key 41)
 *
 *  2  flexible        3  who asked for a token
 */

export const describeDelegationTokenRequest = message(
  "DescribeDelegationTokenRequest",
  { min: 1, max: 3, flexibleSince: 2 },
  {
    owners: array({ principalType: string(), principalName: string() }, { nullable: true }),
  },
);
export type DescribeDelegationTokenRequest = Decoded<typeof describeDelegationTokenRequest>;

export const describeDelegationTokenResponse = message(
  "DescribeDelegationTokenResponse",
  { min: 1, max: 3, flexibleSince: 2 },
  {
    errorCode: int16(),
    tokens: array({
      principalType: string(),
      principalName: string(),
      tokenRequesterPrincipalType: string({ since: 3 }),
      tokenRequesterPrincipalName: string({ since: 3 }),
      issueTimestamp: int64(),
      expiryTimestamp: int64(),
      maxTimestamp: int64(),
      tokenId: string(),
      hmac: bytes(),
      renewers: array({ principalType: string(), principalName: string() }),
    }),
    throttleTimeMs: int32(),
  },
);
export type DescribeDelegationTokenResponse = Decoded<typeof describeDelegationTokenResponse>;

export const describeDelegationTokenApi = api(
  41,
  describeDelegationTokenRequest,
  describeDelegationTokenResponse,
);
