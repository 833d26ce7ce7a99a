import type { Duration } from "@millrace/model";
import type { Serde } from "@millrace/serde";

import type { StoreOption } from "../store-options.ts";
import type { NamedOptions } from "../stream-node.ts";
import type { Get, Has, Literally } from "./given-options.ts";

/** How a table's store is read. */
export type StoreKind = "keyValue" | "versioned" | "window" | "session";
/** What a table can be queried as; `unnamed`: it has no store of a name. */
export type TableStore = StoreKind | "unnamed";

/** What a store option makes. */
export type NamedStore<S, Kind extends StoreKind> = [S] extends [never]
  ? "unnamed"
  : S extends string | { readonly name: string }
    ? S extends { readonly historyRetention: Duration }
      ? "versioned"
      : Kind
    : "unnamed";

/** What rows hold: null too, where they expire. */
export type Expiring<S, V> = [S] extends [never]
  ? V
  : S extends { readonly ttl: Duration }
    ? V | null
    : V;

export type StoreAfter<O extends readonly unknown[], Kind extends StoreKind> = NamedStore<
  Get<O, "store">,
  Kind
>;

export interface KeptOption {
  /** With a name, the table is kept in a store, and can be queried. */
  readonly store?: StoreOption;
}

/** `Ok`, unless a store is asked for and its values' serde is not given. */
export type StoredCheck<O extends readonly unknown[], Call extends string, Ok> =
  Literally<O, "store"> extends true
    ? Has<O, "value"> extends true
      ? Ok
      : `A store needs the value's serde: ${Call}{ store: '…', value: json(Schema) })`
    : Ok;

export interface AggregationOptions<S = StoreOption> extends NamedOptions {
  /** How the table is kept; default: under a generated name. */
  readonly store?: S | StoreOption;
}

export type FoldOptions<A, S> = AggregationOptions<S> & {
  /** Serde of the aggregate: it says its type. */
  readonly value?: Serde<A>;
};

/** The serde is optional for the count of arguments alone: without it `A` stays never, and `init` becomes the advice. */
export type Init<A, Call extends string> = [A] extends [never]
  ? `The serde says the aggregate's type; give it: ${Call}{ value: json(Schema) })`
  : () => NoInfer<A>;
