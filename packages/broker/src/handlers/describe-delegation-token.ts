import { errorCodeOf, type ErrorName, type Given } from "@millrace/protocol";
import {
  describeDelegationTokenApi,
  type DescribeDelegationTokenRequest,
  type describeDelegationTokenResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import type { DelegationToken } from "../metadata/delegation-tokens.ts";
import type { RequestContext } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { askerOf, mayAskForTokens, principalOf, textOf } from "./delegation-token-requests.ts";

/*
 * DescribeDelegationToken, versions 1 to 3: the tokens of all owners, or of some, with what proves them. Those of others
 * are left out where no right lets them be seen.
 */

type Response = Given<typeof describeDelegationTokenResponse>;

export function describeDelegationTokenHandler({
  image,
  tokens,
}: Pick<BrokerServices, "image" | "tokens">): AnsweringHandler<
  DescribeDelegationTokenRequest,
  Response
> {
  return {
    api: describeDelegationTokenApi,
    async handle(context, { owners }) {
      const throttleTimeMs = context.throttleMs;
      const refused = (name: ErrorName) => ({
        errorCode: errorCodeOf(name),
        tokens: [],
        throttleTimeMs,
      });
      if (!mayAskForTokens(context)) return refused("DELEGATION_TOKEN_REQUEST_NOT_ALLOWED");
      if (!tokens.isEnabled) return refused("DELEGATION_TOKEN_AUTH_DISABLED");
      const asked = owners === null ? undefined : new Set(owners.map(textOf));
      const all = asked?.size === 0 ? [] : [...image.delegationTokens.all()];
      const seen = await context.turns.map(all, (token) =>
        isAskedFor(token, asked) && maySee(context, token) ? [describe(context, token)] : [],
      );
      return { errorCode: 0, tokens: seen.flat(), throttleTimeMs };
    },
  };

  function describe({ apiVersion }: RequestContext, token: DelegationToken) {
    const { principalType, principalName } = principalOf(token.requester);
    const requesters = {
      tokenRequesterPrincipalType: principalType,
      tokenRequesterPrincipalName: principalName,
    };
    return {
      ...principalOf(token.owner),
      ...(apiVersion < 3 ? {} : requesters),
      issueTimestamp: token.issueTimestamp,
      expiryTimestamp: token.expirationTimestamp,
      maxTimestamp: token.maxTimestamp,
      tokenId: token.tokenId,
      hmac: tokens.hmacOf(token.tokenId),
      renewers: token.renewers.map(principalOf),
    };
  }
}

function isAskedFor(token: DelegationToken, asked: ReadonlySet<string> | undefined): boolean {
  return asked === undefined || partiesOf(token).some((party) => asked.has(party));
}

function maySee(context: RequestContext, token: DelegationToken): boolean {
  if (partiesOf(token).includes(textOf(askerOf(context)))) return true;
  const { tokenId, owner } = token;
  return (
    context.authorize("DESCRIBE", { kind: "DELEGATION_TOKEN", name: tokenId }) ||
    context.authorize("DESCRIBE_TOKENS", { kind: "USER", name: owner })
  );
}

/** Who may see a token without any right. */
function partiesOf({ owner, requester, renewers }: DelegationToken): readonly string[] {
  return [owner, requester, ...renewers];
}
