import type { Serde } from "@millrace/serde";

import type { StoreOption } from "../store-options.ts";
import type { NamedOptions } from "../stream-node.ts";
import type { Has, Literally } from "./given-options.ts";
import type { KTable } from "./k-table.ts";
import type { KeyOf, KeyStateOf, Lost, Needs, ValueStateOf } from "./serde-state.ts";

/** A table of whatever keys and values. */
// oxlint-disable-next-line no-explicit-any -- as an argument, all tables fit: what is read through it is inferred
export type AnyTable = KTable<any, any, any, any, any>;

/** Callbacks in the place of options, as in Java's order of arguments: taken, to be refused with an advice. */
export type OptionalOrCallback<Options> = readonly [
  options?: Options | ((...parameters: never) => unknown),
];

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** How a stream is joined (Kafka: `Joined`). */
export interface JoinOptions<K, V, VR> extends NamedOptions {
  /** Serde of the key, where it was lost: the stream goes through a repartition topic then. */
  readonly key?: Serde<K>;
  /** Serde of this stream's values, where it was lost. */
  readonly left?: Serde<V>;
  /** Serde of the result: then it is known from here on. */
  readonly value?: Serde<VR>;
}

/** How tables are joined. */
export interface TableJoinOptions<VR> extends NamedOptions {
  /** Serde of the result: then it is known from here on. */
  readonly value?: Serde<VR>;
  /** Keeps the result in a store. */
  readonly store?: StoreOption;
}

/** `Ok`, or what is wrong with the other side of a join. */
export type JoinCheck<
  Operator extends string,
  Self,
  Other,
  O extends readonly unknown[],
  Ok,
> = O extends readonly [(...parameters: never) => unknown]
  ? `Java's order of arguments: here it is ${Operator}(other, joiner, options)`
  : Same<KeyOf<Self>, KeyOf<Other>> extends false
    ? "The table has keys of another type: selectKey(…) on the stream first"
    : "lost" extends KeyStateOf<Self>
      ? Has<O, "key"> extends true
        ? Needs<Lost<O, "left", ValueStateOf<Self>>, `${Operator}(other, joiner, `, Ok>
        : Needs<"key" | Lost<O, "left", ValueStateOf<Self>>, `${Operator}(other, joiner, `, Ok>
      : Ok;

/** `Ok`, or what is wrong with the other table of a join. */
export type TableJoinCheck<
  Operator extends string,
  K,
  RK,
  O extends readonly unknown[],
  Ok,
> = O extends readonly [(...parameters: never) => unknown]
  ? `Java's order of arguments: here it is ${Operator}(other, joiner, options)`
  : Same<K, RK> extends true
    ? Literally<O, "store"> extends true
      ? Has<O, "value"> extends true
        ? Ok
        : `A store needs the result's serde: ${Operator}(other, joiner, { store: '…', value: json(Schema) })`
      : Ok
    : "The tables have keys of different types";
