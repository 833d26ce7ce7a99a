import type { Clock } from "@millrace/platform";
import type { ClientQuotas } from "../../metadata/client-quotas.ts";
import type {
  MutationMode,
  MutationOutcome,
  QuotaClient,
  QuotaKey,
  Quotas,
} from "../../server/quotas.ts";
import { Accounts } from "./accounts.ts";
import { type ApplicableQuota, applicableQuota } from "./applicable-quota.ts";
import { TokenBucket } from "./token-bucket.ts";
import { sampleMs, WindowedRate, windowSeconds } from "./windowed-rate.ts";

/** What a client can be asked to hold back for, as a number of the protocol. */
const throttleMsMax = 2 ** 31 - 1;
/** Kafka's longest for time: one sample. */
const timeThrottleMsMax = sampleMs;
const mutationKey = "controller_mutation_rate";
const connectionKey = "connection_creation_rate";

/** Counts what clients do against the quotas that are set. */
export class ClientQuotaManager implements Quotas {
  readonly #quotas: ClientQuotas;
  readonly #clock: Clock;
  readonly #connectionsPerSecondMax: () => number;
  readonly #connections = new WindowedRate();
  readonly #rates = new Accounts(() => new WindowedRate());
  readonly #buckets = new Accounts(() => new TokenBucket());

  /** @param connectionsPerSecondMax of all addresses together */
  constructor(quotas: ClientQuotas, clock: Clock, connectionsPerSecondMax: () => number) {
    this.#quotas = quotas;
    this.#clock = clock;
    this.#connectionsPerSecondMax = connectionsPerSecondMax;
  }

  charge(client: QuotaClient, key: QuotaKey, amount: number): number {
    const quota = this.#quotaOf(client, key);
    if (quota === undefined) return 0;
    const longestMs = key === "request_percentage" ? timeThrottleMsMax : throttleMsMax;
    return Math.min(longestMs, this.#record(quota, amount));
  }

  refund(client: QuotaClient, key: QuotaKey, amount: number): void {
    const quota = this.#quotaOf(client, key);
    if (quota !== undefined) this.#record(quota, -amount);
  }

  mostAtOnce(client: QuotaClient, key: QuotaKey): number {
    const quota = this.#quotaOf(client, key);
    return quota === undefined ? Number.POSITIVE_INFINITY : quota.limit * windowSeconds;
  }

  mutate(client: QuotaClient, partitions: number, mode: MutationMode): MutationOutcome {
    const quota = this.#quotaOf(client, mutationKey);
    if (quota === undefined) return { isRefused: false, throttleMs: 0 };
    const nowMs = this.#clock.monotonicMs();
    const bucket = this.#buckets.of(quota.account);
    const throttle = () => Math.min(throttleMsMax, bucket.throttleMs(nowMs, quota.limit));
    if (mode === "strict") {
      const throttleMs = throttle();
      if (throttleMs === 0) bucket.take(nowMs, quota.limit, partitions);
      return { isRefused: throttleMs > 0, throttleMs };
    }
    bucket.take(nowMs, quota.limit, partitions);
    return { isRefused: false, throttleMs: throttle() };
  }

  connect(address: string): number {
    if (this.#quotas.size === 0) return 0;
    for (const name of [address, null]) {
      const limit = this.#quotas.get(new Map([["ip", name]]), connectionKey);
      if (limit === undefined) continue;
      const quota = { limit, account: JSON.stringify([connectionKey, address]) };
      const throttleMs = this.#record(quota, 1);
      // Who is turned away was not there.
      if (throttleMs > 0) this.#record(quota, -1);
      return Math.min(throttleMsMax, throttleMs);
    }
    return 0;
  }

  admit(): number {
    const nowMs = this.#clock.monotonicMs();
    this.#connections.record(nowMs, 1);
    return Math.min(
      throttleMsMax,
      this.#connections.throttleMs(nowMs, this.#connectionsPerSecondMax()),
    );
  }

  #quotaOf({ principal, clientId }: QuotaClient, key: string): ApplicableQuota | undefined {
    if (this.#quotas.size === 0) return undefined;
    const who = { user: principal.name, clientId: clientId ?? "" };
    return applicableQuota(this.#quotas, key, who);
  }

  #record({ account, limit }: ApplicableQuota, amount: number): number {
    const nowMs = this.#clock.monotonicMs();
    const rate = this.#rates.of(account);
    rate.record(nowMs, amount);
    return rate.throttleMs(nowMs, limit);
  }
}
