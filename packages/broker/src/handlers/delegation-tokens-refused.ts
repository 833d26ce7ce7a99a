import { errorCodeOf } from "@millrace/protocol";
import type { RequestContext } from "../server/request-context.ts";

/**
 * Why there is no token. Kafka gives none to who has not shown who it is; there is no secret to make any with, so that
 * others are told what a Kafka broker without `delegation.token.secret.key` tells.
 */
export function delegationTokensRefused({ session }: RequestContext): number {
  return errorCodeOf(
    session.mechanism === undefined
      ? "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED"
      : "DELEGATION_TOKEN_AUTH_DISABLED",
  );
}
