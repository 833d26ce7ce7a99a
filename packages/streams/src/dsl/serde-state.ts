import type { Serde } from "@millrace/serde";

/** Whether the DSL knows how keys, or values, are written: `map` and the like lose it. */
export type SerdeState = "known" | "lost";

/** The serde, where it is lost; else it may be given in place of the one that is known. */
type KeyOption<K, State extends SerdeState> = State extends "lost"
  ? {
      /** The key's serde was lost by `map`, `flatMap`, `selectKey` or `merge`: give it here. */
      readonly key: Serde<K>;
    }
  : {
      /** In place of the serde that the stream has. */
      readonly key?: Serde<K>;
    };

type ValueOption<V, State extends SerdeState> = State extends "lost"
  ? {
      /** The value's serde was lost by `map`, `mapValues`, `flatMap` or `merge`: give it here. */
      readonly value: Serde<V>;
    }
  : {
      /** In place of the serde that the stream has. */
      readonly value?: Serde<V>;
    };

/** Serdes of a stream where they are needed: those that were lost must be given. */
export type SerdeOptions<
  K,
  V,
  KeyState extends SerdeState,
  ValueState extends SerdeState,
> = KeyOption<K, KeyState> & ValueOption<V, ValueState>;

/**
 * The options parameter of a method that needs serdes: may be left out only where both are known. A call that
 * leaves out a lost one does not compile: `giveTheSerdesThatWereLost` was not provided.
 */
export type SerdeArguments<Options, State extends SerdeState> = State extends "lost"
  ? [options: Options]
  : [options?: Options];

/** `lost` if one of the two is. */
export type EitherState<Left extends SerdeState, Right extends SerdeState> = "lost" extends
  | Left
  | Right
  ? SerdeState extends Left | Right
    ? Left extends "known"
      ? Right extends "known"
        ? "known"
        : "lost"
      : "lost"
    : "lost"
  : "known";
