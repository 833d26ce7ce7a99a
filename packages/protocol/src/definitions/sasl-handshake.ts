import { api } from "../schema/api.ts";
import { array, int16, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * SaslHandshake (key 17)
 *
 *  1  what follows comes in SaslAuthenticate; after 0 it is bytes without a header
 */

export const saslHandshakeRequest = message(
  "SaslHandshakeRequest",
  { min: 0, max: 1 },
  {
    mechanism: string(),
  },
);
export type SaslHandshakeRequest = Decoded<typeof saslHandshakeRequest>;

export const saslHandshakeResponse = message(
  "SaslHandshakeResponse",
  { min: 0, max: 1 },
  {
    errorCode: int16(),
    mechanisms: array(string()),
  },
);
export type SaslHandshakeResponse = Decoded<typeof saslHandshakeResponse>;

export const saslHandshakeApi = api(17, saslHandshakeRequest, saslHandshakeResponse);
