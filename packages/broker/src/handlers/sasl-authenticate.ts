import { noBytes } from "@millrace/model";
import type { Given } from "@millrace/protocol";
import {
  saslAuthenticateApi,
  type SaslAuthenticateRequest,
  type saslAuthenticateResponse,
} from "@millrace/protocol/definitions";
import type { AnsweringHandler } from "./answering-handler.ts";
import { errorAnswer } from "./error-answer.ts";

/* SaslAuthenticate, versions 0 to 2, where nobody asks for it: see SaslHandshake. */

export const saslAuthenticateHandler: AnsweringHandler<
  SaslAuthenticateRequest,
  Given<typeof saslAuthenticateResponse>
> = {
  api: saslAuthenticateApi,
  handle: () => ({
    ...errorAnswer(
      "ILLEGAL_SASL_STATE",
      "SaslAuthenticate request received after successful authentication",
    ),
    authBytes: noBytes,
  }),
};
