import { api } from "../schema/api.ts";
import { bytes, int16, int64, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * SaslAuthenticate (key 36)
 *
 *  1  how long the session lasts        2  flexible
 */

export const saslAuthenticateRequest = message(
  "SaslAuthenticateRequest",
  { min: 0, max: 2, flexibleSince: 2 },
  {
    authBytes: bytes(),
  },
);
export type SaslAuthenticateRequest = Decoded<typeof saslAuthenticateRequest>;

export const saslAuthenticateResponse = message(
  "SaslAuthenticateResponse",
  { min: 0, max: 2, flexibleSince: 2 },
  {
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    authBytes: bytes(),
    sessionLifetimeMs: int64({ since: 1, ignorable: true }),
  },
);
export type SaslAuthenticateResponse = Decoded<typeof saslAuthenticateResponse>;

export const saslAuthenticateApi = api(36, saslAuthenticateRequest, saslAuthenticateResponse);
