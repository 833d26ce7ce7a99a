import type { Attempt, Booked } from "../../examples/dead-letters/src/topology.ts";
import type { Invoice, Order } from "../../examples/http-enrichment/src/topology.ts";
import type { Outcome } from "./compute-kinds-plainly.ts";

/** Committed offsets by partition, such as `{ "lines-0": 120 }`. */
export type Offsets = Readonly<Record<string, number>>;

/** What the application tells, a line of JSON each. */
export type Message =
  /** The application has its tasks and is about to read. */
  | { readonly kind: "running"; readonly restored: number; readonly offsets: Offsets }
  /** The committed offsets have moved. */
  | {
      readonly kind: "committed";
      readonly offsets: Offsets;
      readonly restored: number;
      /** When it was seen: whoever reads this may have to wait for a core. */
      readonly atMs: number;
    }
  /** Everything is counted. */
  | { readonly kind: "counted"; readonly counts: Readonly<Record<string, number>> };

export function sumOf(offsets: Offsets): number {
  return Object.values(offsets).reduce((sum, offset) => sum + offset, 0);
}

/** What the application of the enrichment tells. */
export type EnrichmentMessage =
  /** So many orders have their invoice, or are dead letters, for good. */
  | { readonly kind: "settled"; readonly count: number }
  /** All that came out, with its customer. */
  | {
      readonly kind: "outcome";
      readonly invoices: readonly (readonly [string, Invoice])[];
      readonly spent: readonly (readonly [string, number])[];
      readonly dead: readonly (readonly [string, Order])[];
    };

/** What the application of the retries tells. */
export type RetriesMessage =
  /** So many parcels are booked or dead for good. */
  | { readonly kind: "settled"; readonly count: number }
  /** All that came out, with its parcel. */
  | {
      readonly kind: "outcome";
      readonly booked: readonly (readonly [string, Booked])[];
      readonly dead: readonly (readonly [string, Attempt])[];
    };

/** What the application of all kinds of operators tells. */
export type KindsMessage =
  /** So many records are to be processed, those of repartition topics included. */
  | { readonly kind: "left"; readonly left: number; readonly restored: number }
  | { readonly kind: "outcome"; readonly outcome: Outcome };
