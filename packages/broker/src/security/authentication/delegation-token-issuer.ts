import { encodeUtf8 } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import { errorCodeOf, type ErrorName } from "@millrace/protocol";
import type { BrokerConfig } from "../../config/broker-config.ts";
import type { DelegationToken } from "../../metadata/delegation-tokens.ts";
import type { MetadataImage } from "../../metadata/metadata-image.ts";
import type { MetadataRecord } from "../../metadata/metadata-record.ts";
import type { MetadataStore } from "../../metadata/metadata-store.ts";
import { randomUuid } from "../../metadata/random-uuid.ts";
import type { RecurringJob } from "../../upkeep/recurring-jobs.ts";
import { toBase64 } from "./base64.ts";
import { hmac } from "./digests.ts";

/** Kafka has no bound: whoever may sign in could fill the metadata (decision 076). */
export const delegationTokensMax = 10_000;
/** Of whoever asked for them: who takes all that it may leaves as many to the others. */
export const delegationTokensOfRequesterMax = delegationTokensMax / 2;
/** Of one change of the metadata: Kafka's. */
const removedAtOnceMax = 1000;

/** 3.6-IV2: metadata of before have no records of tokens. */
const metadataVersionMin = 14;

export interface TokenWorld {
  readonly platform: Platform;
  readonly config: BrokerConfig;
  readonly metadata: MetadataStore;
}

/** Principals as Kafka writes them, such as `User:ann`. */
export interface TokenOrder {
  readonly owner: string;
  readonly requester: string;
  readonly renewers: readonly string[];
  /** 0 and less: as long as there may be. */
  readonly maxLifetimeMs: number;
}

/** Who has a token, and wants it to end at another time. */
export interface TokenClaim {
  readonly principal: string;
  readonly hmac: Uint8Array;
  readonly periodMs: number;
}

export interface TokenExpiry {
  readonly errorCode: number;
  readonly expiryTimestampMs: number;
}

type Decision = { readonly expiryTimestampMs: number; readonly record: MetadataRecord } | ErrorName;

/**
 * Gives out delegation tokens, and ends them (Kafka: `DelegationTokenControlManager`). What proves a token is the HMAC of
 * its id by `delegation.token.secret.key`: it is kept nowhere, and with another key all tokens are worthless.
 */
export class DelegationTokenIssuer {
  readonly #world: TokenWorld;
  readonly #key: Uint8Array | undefined;

  constructor(world: TokenWorld) {
    this.#world = world;
    const secret = world.config.text("delegation.token.secret.key") ?? "";
    if (secret === "") return;
    this.#key = encodeUtf8(secret);
    world.metadata.image.delegationTokens.indexBy((tokenId) => this.passwordOf(tokenId));
  }

  get isEnabled(): boolean {
    return this.#key !== undefined;
  }

  hmacOf(tokenId: string): Uint8Array {
    return hmac("sha512", this.#key ?? new Uint8Array(), tokenId);
  }

  /** The same as text: what stands in the place of a password. */
  passwordOf(tokenId: string): string {
    return toBase64(this.hmacOf(tokenId));
  }

  /** Undefined where there is no such token, or no key. */
  find(tokenId: string): DelegationToken | undefined {
    return this.isEnabled ? this.#world.metadata.image.delegationTokens.get(tokenId) : undefined;
  }

  create({ maxLifetimeMs, ...who }: TokenOrder): Promise<DelegationToken | ErrorName> {
    const { platform, config, metadata } = this.#world;
    return metadata.change<DelegationToken | ErrorName>((image) => {
      const fault = this.#faultOf(image);
      if (fault !== undefined) return { records: [], result: fault };
      if (!hasRoom(image, who.requester)) return { records: [], result: "POLICY_VIOLATION" };
      const longestMs = config.number("delegation.token.max.lifetime.ms");
      const issueTimestamp = this.#nowMs();
      const maxTimestamp =
        issueTimestamp + (maxLifetimeMs > 0 ? Math.min(longestMs, maxLifetimeMs) : longestMs);
      const expirationTimestamp = Math.min(maxTimestamp, issueTimestamp + this.#renewalMs());
      const tokenId = randomUuid(platform.random);
      const times = { issueTimestamp, maxTimestamp, expirationTimestamp };
      const value = { ...who, ...times, tokenId };
      return { records: [{ kind: "delegationToken", value }], result: value };
    });
  }

  renew({ principal, hmac: shown, periodMs }: TokenClaim): Promise<TokenExpiry> {
    return this.#decide((image, nowMs) => {
      const token = image.delegationTokens.byHmac(toBase64(shown));
      if (token === undefined) return "DELEGATION_TOKEN_NOT_FOUND";
      if (hasEnded(token, nowMs)) return "DELEGATION_TOKEN_EXPIRED";
      if (!mayRenew(token, principal)) return "DELEGATION_TOKEN_OWNER_MISMATCH";
      const longestMs = this.#renewalMs();
      return endingAt(token, nowMs + (periodMs > 0 ? Math.min(longestMs, periodMs) : longestMs));
    });
  }

  expire({ principal, hmac: shown, periodMs }: TokenClaim): Promise<TokenExpiry> {
    return this.#decide((image, nowMs) => {
      const token = image.delegationTokens.byHmac(toBase64(shown));
      if (token === undefined) return "DELEGATION_TOKEN_NOT_FOUND";
      if (!mayRenew(token, principal)) return "DELEGATION_TOKEN_OWNER_MISMATCH";
      if (periodMs < 0) return { expiryTimestampMs: nowMs, record: removalOf(token) };
      if (hasEnded(token, nowMs)) return "DELEGATION_TOKEN_EXPIRED";
      return endingAt(token, nowMs + periodMs);
    });
  }

  /** Removes what has ended, again and again. */
  removal(): RecurringJob {
    const { config } = this.#world;
    const intervalMs = () => config.number("delegation.token.expiry.check.interval.ms");
    const run = (signal: AbortSignal) => this.removeExpired(signal);
    return { name: "delegation-tokens", delayMs: intervalMs(), intervalMs, run };
  }

  /** Removes the tokens that have ended, some at a time: other changes have their turn between. */
  async removeExpired(signal: AbortSignal): Promise<void> {
    const nowMs = this.#nowMs();
    for (let mayBeMore = true; mayBeMore && !signal.aborted;)
      mayBeMore = await this.#world.metadata.change((image) => {
        const records: MetadataRecord[] = [];
        for (const token of image.delegationTokens.all()) {
          if (!hasEnded(token, nowMs)) continue;
          records.push(removalOf(token));
          if (records.length === removedAtOnceMax) break;
        }
        return { records, result: records.length === removedAtOnceMax };
      });
  }

  #decide(decide: (image: MetadataImage, nowMs: number) => Decision): Promise<TokenExpiry> {
    return this.#world.metadata.change((image) => {
      const decision = this.#faultOf(image) ?? decide(image, this.#nowMs());
      if (typeof decision === "string")
        return { records: [], result: { errorCode: errorCodeOf(decision), expiryTimestampMs: 0 } };
      const { record, expiryTimestampMs } = decision;
      return { records: [record], result: { errorCode: 0, expiryTimestampMs } };
    });
  }

  /** Why there are no tokens in this cluster. */
  #faultOf({ features }: MetadataImage): ErrorName | undefined {
    if (!this.isEnabled) return "DELEGATION_TOKEN_AUTH_DISABLED";
    const level = features.get("metadata.version") ?? metadataVersionMin;
    return level < metadataVersionMin ? "UNSUPPORTED_VERSION" : undefined;
  }

  #nowMs(): number {
    return Math.floor(this.#world.platform.clock.wallMs());
  }

  #renewalMs(): number {
    return this.#world.config.number("delegation.token.expiry.time.ms");
  }
}

function hasRoom({ delegationTokens }: MetadataImage, requester: string): boolean {
  const { size } = delegationTokens;
  if (size >= delegationTokensMax) return false;
  if (size < delegationTokensOfRequesterMax) return true;
  let count = 0;
  for (const token of delegationTokens.all()) if (token.requester === requester) count++;
  return count < delegationTokensOfRequesterMax;
}

function hasEnded(token: DelegationToken, nowMs: number): boolean {
  return token.maxTimestamp < nowMs || token.expirationTimestamp < nowMs;
}

/** Whoever asked for a token for somebody else may not. */
function mayRenew({ owner, renewers }: DelegationToken, principal: string): boolean {
  return owner === principal || renewers.includes(principal);
}

function endingAt(token: DelegationToken, timestamp: number): Decision {
  const expirationTimestamp = Math.min(token.maxTimestamp, timestamp);
  return {
    expiryTimestampMs: expirationTimestamp,
    record: { kind: "delegationToken", value: { ...token, expirationTimestamp } },
  };
}

function removalOf({ tokenId }: DelegationToken): MetadataRecord {
  return { kind: "removeDelegationToken", value: { tokenId } };
}
