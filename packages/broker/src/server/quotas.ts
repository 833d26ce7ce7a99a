import type { Principal } from "./principal.ts";

/** What is counted against a rate, by Kafka's name of the rate. */
export type QuotaKey = "producer_byte_rate";

export interface Quotas {
  /** Counts what was done; the milliseconds to hold back for, if that was more than the rate allows. */
  charge(
    who: { readonly principal: Principal; readonly clientId: string | null },
    key: QuotaKey,
    amount: number,
  ): number;
}
