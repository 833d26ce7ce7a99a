import type { Principal } from "./principal.ts";

/** What is counted against a rate, by Kafka's name of the rate. */
export type QuotaKey = "producer_byte_rate" | "consumer_byte_rate" | "request_percentage";

/** Whose rate it is. */
export interface QuotaClient {
  readonly principal: Principal;
  readonly clientId: string | null;
}

/** - `strict`: refused once the rate is used up; `permissive`: done all the same, and held back for. */
export type MutationMode = "strict" | "permissive";

export interface MutationOutcome {
  readonly isRefused: boolean;
  readonly throttleMs: number;
}

export interface Quotas {
  /** Counts what was done; the milliseconds to hold back for, if that was more than the rate allows. */
  charge(client: QuotaClient, key: QuotaKey, amount: number): number;
  /** What would have been done is not after all. */
  refund(client: QuotaClient, key: QuotaKey, amount: number): void;
  /** Most that may be done at once without being held back for alone. */
  mostAtOnce(client: QuotaClient, key: QuotaKey): number;
  /** Partitions are made or removed (`controller_mutation_rate`, KIP-599). */
  mutate(client: QuotaClient, partitions: number, mode: MutationMode): MutationOutcome;
  /** A connection comes from an address (`connection_creation_rate`); how long it is turned away. */
  connect(address: string): number;
  /** A connection comes, from wherever (`max.connection.creation.rate`); how long it waits for being served. */
  admit(): number;
}
