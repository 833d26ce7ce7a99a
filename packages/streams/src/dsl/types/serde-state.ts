import type { Serde } from "@millrace/serde";

import type { NamedOptions } from "../stream-node.ts";
import type { Has } from "./given-options.ts";

/** Whether the DSL knows how keys, or values, are written: `map` and the like lose it unless they are told. */
export type SerdeState = "known" | "lost";

/** Only in types: what a stream or a table carries. */
export interface Carried<K, V, KeyState, ValueState> {
  readonly key: K;
  readonly value: V;
  readonly keySerde: KeyState;
  readonly valueSerde: ValueState;
}

/** The keys of a stream, a table or a group. */
export type KeyOf<T> = T extends { readonly carries: { readonly key: infer K } } ? K : never;
/** The values of a stream, a table or a group. */
export type ValueOf<T> = T extends { readonly carries: { readonly value: infer V } } ? V : never;

export interface KeyOption<K> {
  /** Serde of the key: in place of the one that the stream has, or where that was lost. */
  readonly key?: Serde<K>;
}

export interface ValueOption<V> {
  /** Serde of the value: in place of the one that the stream has, or where that was lost. */
  readonly value?: Serde<V>;
}

export type SerdeOptions<K, V> = NamedOptions & KeyOption<K> & ValueOption<V>;

/** The state after an operator that may be told the serde. */
export type StateAfter<O extends readonly unknown[], Part extends string, Else extends SerdeState> =
  Has<O, Part> extends true ? "known" : Else;

/** `Part`, where its serde was lost and is not given in the options. */
export type Lost<O extends readonly unknown[], Part extends string, State extends SerdeState> =
  Has<O, Part> extends true ? never : "lost" extends State ? Part : never;

export type KeyStateOf<T> = T extends {
  readonly carries: { readonly keySerde: infer S extends SerdeState };
}
  ? S
  : never;

export type ValueStateOf<T> = T extends {
  readonly carries: { readonly valueSerde: infer S extends SerdeState };
}
  ? S
  : never;

/**
 * What of a stream's serdes was lost and is not given. The states are read from the receiver's type, not from the
 * interface's parameters: a conditional type over these in a method would make `KStream<K, V, "known", "known">` no
 * `KStream<K, V>`, and operators of the user's own impossible.
 */
export type LostOf<Self, O extends readonly unknown[]> =
  | Lost<O, "key", KeyStateOf<Self>>
  | Lost<O, "value", ValueStateOf<Self>>;

/** `Ok`, or the advice which serdes to give. */
export type Needs<Missing, Call extends string, Ok> = [Missing] extends [never]
  ? Ok
  : [Missing] extends ["key"]
    ? `The key's serde was lost above; give it: ${Call}{ key: string() })`
    : [Missing] extends ["value"]
      ? `The value's serde was lost above; give it: ${Call}{ value: json(Schema) })`
      : [Missing] extends ["input"]
        ? `The serde of the values that come in was lost above; give it: ${Call}{ input: json(Schema) })`
        : [Missing] extends ["key" | "input"]
          ? `Both serdes were lost above; give them: ${Call}{ key: string(), input: json(Schema) })`
          : [Missing] extends ["left"]
            ? `The left value's serde was lost above; give it: ${Call}{ left: json(Schema) })`
            : [Missing] extends ["right"]
              ? `The right value's serde was lost above; give it: ${Call}{ right: json(Schema) })`
              : [Missing] extends ["key" | "left"]
                ? `Both serdes were lost above; give them: ${Call}{ key: string(), left: json(Schema) })`
                : [Missing] extends ["key" | "value"]
                  ? `Both serdes were lost above; give them: ${Call}{ key: string(), value: json(Schema) })`
                  : `Serdes were lost above; give those of: ${Call}{ key, left, right })`;
