import { noBytes } from "@millrace/model";
import { errorCodeOf, type ErrorName, type Given } from "@millrace/protocol";
import {
  createDelegationTokenApi,
  type CreateDelegationTokenRequest,
  type createDelegationTokenResponse,
} from "@millrace/protocol/definitions";
import type { DelegationTokenIssuer } from "../security/authentication/delegation-token-issuer.ts";
import { anonymous } from "../server/principal.ts";
import type { RequestContext } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import {
  askerOf,
  mayAskForTokens,
  type NamedPrincipal,
  principalOf,
  textOf,
} from "./delegation-token-requests.ts";

/*
 * CreateDelegationToken, versions 1 to 3: a token for whoever asks, or, since 3, for another owner, which is a right of
 * its own.
 */

type Response = Given<typeof createDelegationTokenResponse>;

/** What an answer tells besides the principals. */
type Told = Pick<
  Response,
  "errorCode" | "issueTimestampMs" | "expiryTimestampMs" | "maxTimestampMs" | "tokenId" | "hmac"
>;

const userType = "User";

export function createDelegationTokenHandler(
  tokens: DelegationTokenIssuer,
): AnsweringHandler<CreateDelegationTokenRequest, Response> {
  return {
    api: createDelegationTokenApi,
    async handle(context, request) {
      const requester = askerOf(context);
      const owner = ownerOf(request, requester);
      if (owner === undefined) {
        // Kafka takes this for a fault of its own, and names nobody.
        const nobody = principalOf(`${anonymous.kind}:${anonymous.name}`);
        return answer(context, [nobody, nobody], refused("UNKNOWN_SERVER_ERROR"));
      }
      const fault = faultOf(context, { owner, requester, renewers: request.renewers });
      if (fault !== undefined) return answer(context, [owner, requester], refused(fault));
      const made = await tokens.create({
        owner: textOf(owner),
        requester: textOf(requester),
        renewers: request.renewers.map(textOf),
        maxLifetimeMs: request.maxLifetimeMs,
      });
      // Of what Kafka's controller refuses, the times are 0.
      if (typeof made === "string") return answer(context, [owner, requester], refused(made, 0));
      return answer(context, [owner, requester], {
        errorCode: 0,
        issueTimestampMs: made.issueTimestamp,
        expiryTimestampMs: made.expirationTimestamp,
        maxTimestampMs: made.maxTimestamp,
        tokenId: made.tokenId,
        hmac: tokens.hmacOf(made.tokenId),
      });
    },
  };
}

/** Undefined: a name without a type. */
function ownerOf(
  { ownerPrincipalType, ownerPrincipalName }: CreateDelegationTokenRequest,
  requester: NamedPrincipal,
): NamedPrincipal | undefined {
  if (ownerPrincipalName === null || ownerPrincipalName === "") return requester;
  if (ownerPrincipalType === null) return undefined;
  return { principalType: ownerPrincipalType, principalName: ownerPrincipalName };
}

function faultOf(
  context: RequestContext,
  {
    owner,
    requester,
    renewers,
  }: {
    readonly owner: NamedPrincipal;
    readonly requester: NamedPrincipal;
    readonly renewers: readonly NamedPrincipal[];
  },
): ErrorName | undefined {
  if (!mayAskForTokens(context)) return "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED";
  const name = textOf(owner);
  const isForItself = name === textOf(requester);
  if (!isForItself && !context.authorize("CREATE_TOKENS", { kind: "USER", name }))
    return "DELEGATION_TOKEN_AUTHORIZATION_FAILED";
  const isOfUsers = renewers.every(({ principalType }) => principalType === userType);
  return isOfUsers ? undefined : "INVALID_PRINCIPAL_TYPE";
}

function refused(name: ErrorName, time = -1): Told {
  return {
    errorCode: errorCodeOf(name),
    issueTimestampMs: time,
    expiryTimestampMs: time,
    maxTimestampMs: time,
    tokenId: "",
    hmac: noBytes,
  };
}

function answer(
  { apiVersion, throttleMs }: RequestContext,
  [owner, requester]: readonly [NamedPrincipal, NamedPrincipal],
  told: Told,
): Response {
  const requesters = {
    tokenRequesterPrincipalType: requester.principalType,
    tokenRequesterPrincipalName: requester.principalName,
  };
  return {
    ...told,
    ...owner,
    ...(apiVersion < 3 ? {} : requesters),
    throttleTimeMs: throttleMs,
  };
}
