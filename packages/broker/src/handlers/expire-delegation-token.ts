import { errorCodeOf, type Given } from "@millrace/protocol";
import {
  expireDelegationTokenApi,
  type ExpireDelegationTokenRequest,
  type expireDelegationTokenResponse,
} from "@millrace/protocol/definitions";
import type { DelegationTokenIssuer } from "../security/authentication/delegation-token-issuer.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { askerOf, mayAskForTokens, textOf } from "./delegation-token-requests.ts";

/* ExpireDelegationToken, versions 1 and 2: a token ends at another time, or (a negative one) now. */

export function expireDelegationTokenHandler(
  tokens: DelegationTokenIssuer,
): AnsweringHandler<ExpireDelegationTokenRequest, Given<typeof expireDelegationTokenResponse>> {
  return {
    api: expireDelegationTokenApi,
    async handle(context, { hmac, expiryTimePeriodMs: periodMs }) {
      const throttleTimeMs = context.throttleMs;
      if (!mayAskForTokens(context)) {
        const errorCode = errorCodeOf("DELEGATION_TOKEN_REQUEST_NOT_ALLOWED");
        return { errorCode, expiryTimestampMs: -1, throttleTimeMs };
      }
      const claim = { principal: textOf(askerOf(context)), hmac, periodMs };
      return { ...(await tokens.expire(claim)), throttleTimeMs };
    },
  };
}
