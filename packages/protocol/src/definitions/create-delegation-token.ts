import { api } from "../schema/api.ts";
import { array, bytes, int16, int32, int64, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * CreateDelegationToken (key 38)
 *
 *  2  flexible        3  for another owner
 */

export const createDelegationTokenRequest = message(
  "CreateDelegationTokenRequest",
  { min: 1, max: 3, flexibleSince: 2 },
  {
    ownerPrincipalType: string({ since: 3, nullable: true }),
    ownerPrincipalName: string({ since: 3, nullable: true }),
    renewers: array({ principalType: string(), principalName: string() }),
    maxLifetimeMs: int64(),
  },
);
export type CreateDelegationTokenRequest = Decoded<typeof createDelegationTokenRequest>;

export const createDelegationTokenResponse = message(
  "CreateDelegationTokenResponse",
  { min: 1, max: 3, flexibleSince: 2 },
  {
    errorCode: int16(),
    principalType: string(),
    principalName: string(),
    tokenRequesterPrincipalType: string({ since: 3 }),
    tokenRequesterPrincipalName: string({ since: 3 }),
    issueTimestampMs: int64(),
    expiryTimestampMs: int64(),
    maxTimestampMs: int64(),
    tokenId: string(),
    hmac: bytes(),
    throttleTimeMs: int32(),
  },
);
export type CreateDelegationTokenResponse = Decoded<typeof createDelegationTokenResponse>;

export const createDelegationTokenApi = api(
  38,
  createDelegationTokenRequest,
  createDelegationTokenResponse,
);
