import { errorCodeOf, type Given } from "@millrace/protocol";
import {
  saslHandshakeApi,
  type SaslHandshakeRequest,
  type saslHandshakeResponse,
} from "@millrace/protocol/definitions";
import type { AnsweringHandler } from "./answering-handler.ts";

/*
 * SaslHandshake, versions 0 and 1, where nobody asks for it: on a listener without SASL, or when all is done. What
 * belongs to authentication never comes here.
 */

export const saslHandshakeHandler: AnsweringHandler<
  SaslHandshakeRequest,
  Given<typeof saslHandshakeResponse>
> = {
  api: saslHandshakeApi,
  handle: () => ({ errorCode: errorCodeOf("ILLEGAL_SASL_STATE"), mechanisms: [] }),
};
