import type { Duration } from "@millrace/model";
import type { Serde } from "@millrace/serde";

import type { StreamPartitioner } from "../../topology/topology-node.ts";
import type { JoinStoreOption } from "../operators/stream-join/join-stores.ts";
import type { Within } from "../operators/stream-join/join-window.ts";
import type { UnmatchedTime } from "../operators/stream-join/streams-join.ts";
import type { StoreOption } from "../store-options.ts";
import type { NamedOptions } from "../stream-node.ts";
import type { Has, Literally } from "./given-options.ts";
import type { GlobalKTable } from "./global-table.ts";
import type { KStream } from "./k-stream.ts";
import type { KTable } from "./k-table.ts";
import type { KeyOf, KeyStateOf, Lost, Needs, ValueOf, ValueStateOf } from "./serde-state.ts";

/** A table of whatever keys and values. */
// oxlint-disable-next-line no-explicit-any -- as an argument, all tables fit: what is read through it is inferred
export type AnyTable = KTable<any, any, any, any, any>;

/** What a stream is joined with. */
// oxlint-disable-next-line no-explicit-any -- as for `AnyTable`
export type Joinable = KStream<any, any, any, any> | AnyTable | GlobalKTable<any, any>;

/** Callbacks in the place of options, as in Java's order of arguments: taken, to be refused with an advice. */
export type OptionalOrCallback<Options> = readonly [
  options?: Options | ((...parameters: never) => unknown),
];

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** How a stream is joined (Kafka: `Joined`; of two streams `JoinWindows` and `StreamJoined`). */
export interface JoinOptions<K, V, Other, VR> extends NamedOptions {
  /**
   * With a stream: how far apart the two records may be, in time. A pair bounds the time of the right one less that of
   * the left one: `["0ms", "1h"]` is right after left.
   */
  readonly within?: Within;
  /**
   * With a stream: how late a record may come and still meet what is in time with it, by stream time. Default 0. With a
   * versioned table: a record waits so long for versions of its row that come late, at most the table's history (KIP-923).
   */
  readonly grace?: Duration;
  /** With a global table: the table's key of a record; null: no row. Default: the record's own key. */
  readonly keySelector?: (value: V & {}, key: K) => KeyOf<Other> | null;
  /** Serde of the key, where it was lost: the stream goes through a repartition topic then. */
  readonly key?: Serde<K>;
  /** Serde of this stream's values, where it was lost. */
  readonly left?: Serde<V>;
  /** With a stream: serde of its values, where it was lost. */
  readonly right?: Serde<ValueOf<Other>>;
  /** Serde of the result: then it is known from here on. */
  readonly value?: Serde<VR>;
  /**
   * With a stream, of left and outer joins: when a record that has met nobody gives its result with null. `atOnce`: when
   * it comes, and once more with each that it meets later. Default `onWindowClose`: when nobody can come any more.
   */
  readonly unmatched?: UnmatchedTime;
  /** With a stream: how both sides are kept. A text is what the names of its stores begin with. */
  readonly store?: JoinStoreOption;
}

/** How tables are joined. */
export interface TableJoinOptions<K, V, RK, VR> extends NamedOptions {
  /** The other table's key that a row points to; null: none (Kafka: a foreign-key extractor). */
  readonly foreignKey?: (value: V & {}, key: K) => RK | null;
  /** With `foreignKey`, where this table's topic is not partitioned by the hash of its keys (Kafka: `TableJoined`). */
  readonly partitioner?: StreamPartitioner<K, null>;
  /** With `foreignKey`, where the other table's topic is not. */
  readonly otherPartitioner?: StreamPartitioner<RK, null>;
  /** Serde of the result: then it is known from here on. */
  readonly value?: Serde<VR>;
  /** Keeps the result in a store. */
  readonly store?: StoreOption;
}

/** How tables are joined where rows of both sides may be missing. */
export type OuterTableJoinOptions<VR> = Omit<
  TableJoinOptions<never, never, never, VR>,
  "foreignKey" | "partitioner" | "otherPartitioner"
>;

/** `Ok`, or what is wrong with the other side of a join. */
export type JoinCheck<
  Operator extends string,
  Self,
  Other,
  O extends readonly unknown[],
  Ok,
> = Other extends { readonly kind: "globalTable" }
  ? GlobalJoinCheck<Operator, Self, Other, O, Ok>
  : O extends readonly [(...parameters: never) => unknown]
    ? `Java's order of arguments: here it is ${Operator}(other, joiner, options)`
    : Other extends { readonly kind: "stream" }
      ? StreamJoinCheck<Operator, Self, Other, O, Ok>
      : TableLookupCheck<Operator, Self, Other, O, Ok>;

type TableLookupCheck<Operator extends string, Self, Other, O extends readonly unknown[], Ok> =
  Literally<O, "keySelector"> extends true
    ? "A table is joined by the record's key: selectKey(…) on the stream first, or use a global table"
    : Same<KeyOf<Self>, KeyOf<Other>> extends false
      ? "The table has keys of another type: selectKey(…) on the stream first, or use a global table"
      : Literally<O, "within"> extends true
        ? "A join with a table has no window: leave out { within }"
        : true extends Literally<O, "right" | "store" | "unmatched">
          ? "A join with a table keeps no records: leave out { right, store, unmatched }"
          : "lost" extends KeyStateOf<Self>
            ? Has<O, "key"> extends true
              ? Needs<Lost<O, "left", ValueStateOf<Self>>, `${Operator}(other, joiner, `, Ok>
              : Needs<
                  "key" | Lost<O, "left", ValueStateOf<Self>>,
                  `${Operator}(other, joiner, `,
                  Ok
                >
            : Literally<O, "grace"> extends true
              ? GraceCheck<Operator, Self, Other, O, Ok>
              : Ok;

/** Of a table without a store of its own the build tells whether the one above has versions. */
type GraceCheck<Operator extends string, Self, Other, O extends readonly unknown[], Ok> =
  StoreOf<Other> extends "versioned" | "unnamed"
    ? Needs<Lost<O, "left", ValueStateOf<Self>>, `${Operator}(other, joiner, `, Ok>
    : "Grace needs a versioned table: builder.table(topic, { store: { name, historyRetention: '1d' } })";

type StoreOf<T> = T extends { readonly carries: { readonly store: infer Store } } ? Store : never;

type GlobalJoinCheck<
  Operator extends string,
  Self,
  Other,
  O extends readonly unknown[],
  Ok,
> = O extends readonly [(...parameters: never) => unknown]
  ? `Java's order of arguments: here it is ${Operator}(other, joiner, { keySelector })`
  : true extends Literally<O, "key" | "left">
    ? "A join with a global table needs no serdes of the stream: leave out { key, left }"
    : true extends Literally<O, "within" | "grace" | "right" | "store" | "unmatched">
      ? "A join with a global table has no window: leave out { within, grace, right, store, unmatched }"
      : Has<O, "keySelector"> extends true
        ? Ok
        : Same<KeyOf<Self>, KeyOf<Other>> extends true
          ? Ok
          : `The global table has keys of another type: ${Operator}(table, joiner, { keySelector: (value) => … })`;

type StreamJoinCheck<
  Operator extends string,
  Self,
  Other,
  O extends readonly unknown[],
  Ok,
> = readonly [Operator, Literally<O, "unmatched">] extends readonly ["join", true]
  ? "An inner join gives no result without a match: leave out { unmatched }"
  : Literally<O, "keySelector"> extends true
    ? "Streams are joined by the records' keys: selectKey(…) on one side first"
    : Has<O, "within"> extends false
      ? `A join of two streams needs a window: ${Operator}(other, joiner, { within: '5m' })`
      : Same<KeyOf<Self>, KeyOf<Other>> extends false
        ? "The two streams have keys of different types: selectKey(…) on one side first"
        : Needs<
            | Lost<O, "key", KeyStateOf<Self>>
            | Lost<O, "left", ValueStateOf<Self>>
            | Lost<O, "right", ValueStateOf<Other>>,
            `${Operator}(other, joiner, `,
            Ok
          >;

/** As `JoinCheck`, of an outer join. */
export type OuterJoinCheck<Self, Other, O extends readonly unknown[], Ok> = Other extends {
  readonly kind: "stream";
}
  ? JoinCheck<"outerJoin", Self, Other, O, Ok>
  : "An outer join of a stream needs a stream on the other side: use leftJoin, or toTable() first";

/** `Ok`, or what is wrong with the other table of a join. */
export type TableJoinCheck<
  Operator extends string,
  Self,
  Other,
  O extends readonly unknown[],
  Ok,
> = O extends readonly [(...parameters: never) => unknown]
  ? `Java's order of arguments: here it is ${Operator}(other, joiner, { foreignKey: extractor })`
  : Literally<O, "foreignKey"> extends true
    ? "lost" extends ValueStateOf<Self> | ValueStateOf<Other>
      ? "A join by foreign key writes values of both tables, and the serde of one was lost: mapValues(mapper, { value: json(Schema) })"
      : StoredResult<Operator, O, Ok>
    : Has<O, "foreignKey"> extends true
      ? Ok
      : Same<KeyOf<Self>, KeyOf<Other>> extends true
        ? StoredResult<Operator, O, Ok>
        : Operator extends "outerJoin"
          ? "The tables have keys of different types: an outer join has no foreign key"
          : `The tables have keys of different types; say which one to look up: ${Operator}(other, joiner, { foreignKey: (value) => … })`;

type StoredResult<Operator extends string, O extends readonly unknown[], Ok> =
  Literally<O, "store"> extends true
    ? Has<O, "value"> extends true
      ? Ok
      : `A store needs the result's serde: ${Operator}(other, joiner, { store: '…', value: json(Schema) })`
    : Ok;
