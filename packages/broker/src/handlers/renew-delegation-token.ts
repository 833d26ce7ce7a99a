import { errorCodeOf, type Given } from "@millrace/protocol";
import {
  renewDelegationTokenApi,
  type RenewDelegationTokenRequest,
  type renewDelegationTokenResponse,
} from "@millrace/protocol/definitions";
import type { DelegationTokenIssuer } from "../security/authentication/delegation-token-issuer.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { askerOf, mayAskForTokens, textOf } from "./delegation-token-requests.ts";

/* RenewDelegationToken, versions 1 and 2: a token ends later, by its owner or those who may renew it. */

export function renewDelegationTokenHandler(
  tokens: DelegationTokenIssuer,
): AnsweringHandler<RenewDelegationTokenRequest, Given<typeof renewDelegationTokenResponse>> {
  return {
    api: renewDelegationTokenApi,
    async handle(context, { hmac, renewPeriodMs: periodMs }) {
      const throttleTimeMs = context.throttleMs;
      if (!mayAskForTokens(context)) {
        const errorCode = errorCodeOf("DELEGATION_TOKEN_REQUEST_NOT_ALLOWED");
        return { errorCode, expiryTimestampMs: -1, throttleTimeMs };
      }
      const claim = { principal: textOf(askerOf(context)), hmac, periodMs };
      return { ...(await tokens.renew(claim)), throttleTimeMs };
    },
  };
}
