import {
  createDelegationTokenApi,
  describeDelegationTokenApi,
  expireDelegationTokenApi,
  renewDelegationTokenApi,
} from "@millrace/protocol/definitions";

import {
  checkArguments,
  listOf,
  optional,
  strict,
  whole,
  type ArgumentCheck,
} from "../arguments.ts";
import type { ClientContext } from "../client-context.ts";
import { fromBase64, toBase64 } from "../security/base64.ts";
import { principal, secret } from "./admin-arguments.ts";
import type { AdminLinks } from "./admin-links.ts";
import { askUntilAnswered } from "./ask-any.ts";

/**
 * What lets somebody in as its owner by SCRAM, without the owner's password (KIP-48): the id stands for the name, the HMAC
 * for the password, with `isDelegationToken` in the `sasl` options. Principals are texts such as `User:ann`; times are
 * milliseconds since 1970.
 */
export interface DelegationToken {
  readonly tokenId: string;
  /** Base64. Whoever has it may come in. */
  readonly hmac: string;
  readonly owner: string;
  /** Who asked for it; empty of brokers before Kafka 3.3. */
  readonly requester: string;
  readonly renewers: readonly string[];
  readonly issuedMs: number;
  /** Unless it is renewed. */
  readonly expiresMs: number;
  /** It cannot be renewed beyond. */
  readonly endsMs: number;
}

export interface NewDelegationToken {
  /** Somebody else, which is a right of its own; default: whoever asks. */
  readonly owner?: string;
  readonly renewers?: readonly string[];
  /** Default: the cluster's `delegation.token.max.lifetime.ms`. */
  readonly maxLifetimeMs?: number;
}

/** As long as the cluster lets it. */
const longest = -1;

const principals = listOf(principal, "principals, such as User:ann");
const period = optional(whole(0, "milliseconds"));
const ownersOrNull: ArgumentCheck = (what, given) => {
  if (given !== null) principals(what, given);
};
const newDelegationToken = strict(
  { owner: optional(principal), renewers: optional(principals), maxLifetimeMs: period },
  "{ owner, renewers, maxLifetimeMs }",
);
const tokenEnd = strict({ hmac: secret, periodMs: period }, "{ hmac, periodMs }");

export async function createDelegationToken(
  context: ClientContext,
  { controller }: AdminLinks,
  token: NewDelegationToken,
  signal?: AbortSignal,
): Promise<DelegationToken> {
  checkArguments("admin.createDelegationToken", { token: [newDelegationToken, token] }, signal);
  const { owner, renewers = [], maxLifetimeMs = longest } = token;
  const named = owner === undefined ? undefined : namedPrincipal(owner);
  const made = await askUntilAnswered(context, {
    api: createDelegationTokenApi,
    link: controller,
    signal,
    body: () => ({
      ownerPrincipalType: named?.principalType ?? null,
      ownerPrincipalName: named?.principalName ?? null,
      renewers: renewers.map(namedPrincipal),
      maxLifetimeMs,
    }),
    errorsOf: (whole) => [whole],
  });
  return {
    ...tokenOf(made),
    renewers,
    issuedMs: made.issueTimestampMs,
    expiresMs: made.expiryTimestampMs,
    endsMs: made.maxTimestampMs,
  };
}

/** @param owners null: all that whoever asks may see */
export async function describeDelegationTokens(
  context: ClientContext,
  { controller }: AdminLinks,
  owners: readonly string[] | null,
  signal?: AbortSignal,
): Promise<readonly DelegationToken[]> {
  checkArguments("admin.describeDelegationTokens", { owners: [ownersOrNull, owners] }, signal);
  const { tokens } = await askUntilAnswered(context, {
    api: describeDelegationTokenApi,
    link: controller,
    signal,
    body: () => ({ owners: owners === null ? null : owners.map(namedPrincipal) }),
    errorsOf: (whole) => [whole],
  });
  return tokens.map((token) => ({
    ...tokenOf(token),
    renewers: token.renewers.map(textOf),
    issuedMs: token.issueTimestamp,
    expiresMs: token.expiryTimestamp,
    endsMs: token.maxTimestamp,
  }));
}

/** What becomes of a token's end. */
export interface TokenEnd {
  /** Base64. */
  readonly hmac: string;
  /** From now on. */
  readonly periodMs?: number;
}

/** Gives when it ends now. */
export async function renewDelegationToken(
  context: ClientContext,
  { controller }: AdminLinks,
  renewal: TokenEnd,
  signal?: AbortSignal,
): Promise<number> {
  checkArguments("admin.renewDelegationToken", { renewal: [tokenEnd, renewal] }, signal);
  const { hmac, periodMs: renewPeriodMs = longest } = renewal;
  const answer = await askUntilAnswered(context, {
    api: renewDelegationTokenApi,
    link: controller,
    signal,
    body: () => ({ hmac: bytesOf(hmac), renewPeriodMs }),
    errorsOf: (whole) => [whole],
  });
  return answer.expiryTimestampMs;
}

/** Gives when it ends now. Without a period it ends at once, and is forgotten. */
export async function expireDelegationToken(
  context: ClientContext,
  { controller }: AdminLinks,
  end: TokenEnd,
  signal?: AbortSignal,
): Promise<number> {
  checkArguments("admin.expireDelegationToken", { end: [tokenEnd, end] }, signal);
  const { hmac, periodMs: expiryTimePeriodMs = -1 } = end;
  const answer = await askUntilAnswered(context, {
    api: expireDelegationTokenApi,
    link: controller,
    signal,
    body: () => ({ hmac: bytesOf(hmac), expiryTimePeriodMs }),
    errorsOf: (whole) => [whole],
  });
  return answer.expiryTimestampMs;
}

interface NamedPrincipal {
  readonly principalType: string;
  readonly principalName: string;
}

/** Without a type it is a user. */
function namedPrincipal(text: string): NamedPrincipal {
  const colon = text.indexOf(":");
  if (colon < 0) return { principalType: "User", principalName: text };
  return { principalType: text.slice(0, colon), principalName: text.slice(colon + 1) };
}

function textOf({ principalType, principalName }: NamedPrincipal): string {
  return principalName === "" ? "" : `${principalType}:${principalName}`;
}

interface WireToken extends NamedPrincipal {
  readonly tokenId: string;
  readonly hmac: Uint8Array;
  readonly tokenRequesterPrincipalType: string;
  readonly tokenRequesterPrincipalName: string;
}

function tokenOf(wire: WireToken) {
  const requester = {
    principalType: wire.tokenRequesterPrincipalType,
    principalName: wire.tokenRequesterPrincipalName,
  };
  const { tokenId } = wire;
  return { tokenId, hmac: toBase64(wire.hmac), owner: textOf(wire), requester: textOf(requester) };
}

/** What is no base64 belongs to no token: the cluster says so. */
function bytesOf(hmac: string): Uint8Array {
  return fromBase64(hmac) ?? new Uint8Array(0);
}
