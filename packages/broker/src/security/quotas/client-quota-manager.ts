import type { Clock } from "@millrace/platform";
import type { ClientQuotas } from "../../metadata/client-quotas.ts";
import type { Principal } from "../../server/principal.ts";
import type { QuotaKey, Quotas } from "../../server/quotas.ts";
import { applicableQuota } from "./applicable-quota.ts";
import { WindowedRate } from "./windowed-rate.ts";

/** Accounts that are kept: clients choose their ids, so that there could be any number. */
const accountsMax = 10_000;
/** What a client can be asked to hold back for, as a number of the protocol. */
const throttleMsMax = 2 ** 31 - 1;

/** Counts what clients do against the quotas that are set. */
export class ClientQuotaManager implements Quotas {
  readonly #quotas: ClientQuotas;
  readonly #clock: Clock;
  /** Those used last stand last. */
  readonly #accounts = new Map<string, WindowedRate>();

  constructor(quotas: ClientQuotas, clock: Clock) {
    this.#quotas = quotas;
    this.#clock = clock;
  }

  charge(
    { principal, clientId }: { readonly principal: Principal; readonly clientId: string | null },
    key: QuotaKey,
    amount: number,
  ): number {
    if (this.#quotas.size === 0) return 0;
    const who = { user: principal.name, clientId: clientId ?? "" };
    const quota = applicableQuota(this.#quotas, key, who);
    if (quota === undefined) return 0;
    const nowMs = this.#clock.monotonicMs();
    const rate = this.#accounts.get(quota.account) ?? new WindowedRate();
    rate.record(nowMs, amount);
    this.#accounts.delete(quota.account);
    this.#accounts.set(quota.account, rate);
    if (this.#accounts.size > accountsMax)
      for (const oldest of this.#accounts.keys()) {
        this.#accounts.delete(oldest);
        break;
      }
    return Math.min(throttleMsMax, rate.throttleMs(nowMs, quota.limit));
  }
}
