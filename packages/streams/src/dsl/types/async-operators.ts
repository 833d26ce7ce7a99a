import type { Duration } from "@millrace/model";
import type { Serde } from "@millrace/serde";

import type { WaitingStoreOption } from "../operators/async/await-values.ts";
import type { AsyncContext } from "../operators/async/call.ts";
import type { CallOrder, GiveUpPolicy, RetryOptions } from "../operators/async/call-settings.ts";
import type { NamedOptions } from "../stream-node.ts";
import type { CallbackResult, ListItem, ListResult } from "./callback-types.ts";
import type { Given, Optional } from "./given-options.ts";
import type { AnyStream, KStream } from "./k-stream.ts";
import type {
  KeyOf,
  KeyStateOf,
  Lost,
  Needs,
  SerdeState,
  StateAfter,
  ValueOf,
  ValueStateOf,
} from "./serde-state.ts";

/** How an operator awaits, whatever comes of it. */
export interface AwaitOptions<K, V> extends NamedOptions {
  /** Calls under way per task. Default 10. */
  readonly concurrency?: number;
  /**
   * In which order results leave: as the records of a `key` came (the default; records without a key are those of one
   * key), as those of the `partition` came, or as calls end. Calls overlap in any case, but for `foreachAsync`, whose
   * calls are made in this order.
   */
  readonly order?: CallOrder;
  /** Of each attempt: then it has failed, and its signal is aborted. Default: none. */
  readonly timeout?: Duration;
  /** Default: one attempt. */
  readonly retry?: RetryOptions;
  /** Serde of the keys, where it was lost: what waits is stored. */
  readonly key?: Serde<K>;
  /** Serde of the values that come in, where it was lost: what waits is stored. */
  readonly input?: Serde<V>;
  /** Of what waits. Default: a name after the operator's, or a generated one. */
  readonly store?: WaitingStoreOption;
}

export interface AsyncOptions<K, V, V2> extends AwaitOptions<K, V> {
  /**
   * When all attempts have failed: `fail`, as a callback that throws (`onProcessingError` of the application decides,
   * which ends it by default); `continue` without the record; `deadLetter`, to the application's `deadLetterTopic` in
   * the same transaction; or a value in place of the result. Default `fail`.
   */
  readonly onGiveUp?: GiveUpPolicy<K, V, V2>;
  /** Serde of the result: then it is known from here on. */
  readonly value?: Serde<V2>;
}

export interface AsyncActionOptions<K, V> extends AwaitOptions<K, V> {
  /** As that of `AsyncOptions`, but for the value. */
  readonly onGiveUp?: "fail" | "continue" | "deadLetter";
}

/** A callback that is awaited. It has a copy of key and value for each attempt. */
export type AsyncMapper<K, V, R> = (value: V, key: K, context: AsyncContext) => PromiseLike<R>;

/** What was lost of what an operator stores. */
export type LostInput<Self, O extends readonly unknown[]> =
  | Lost<O, "key", KeyStateOf<Self>>
  | Lost<O, "input", ValueStateOf<Self>>;

/** The operators that await: additions of ours. */
export interface AsyncOperators<out K, out V, out KeyState extends SerdeState> {
  /**
   * Makes another value of each record by a function that is awaited, while others are processed. What is under way at a
   * commit is stored with it, and called for again after a crash: so exactly-once holds for what comes out, and calls are
   * made at least once.
   *
   * @example
   * orders.mapValuesAsync((order, key, { signal }) => score(order, signal), {
   *   concurrency: 100,
   *   timeout: "2s",
   *   retry: { attempts: 5, backoff: { from: "100ms", to: "10s" } },
   *   onGiveUp: "deadLetter",
   *   value: json(Score),
   * })
   */
  mapValuesAsync<
    Self extends AnyStream,
    V2,
    const O extends Optional<AsyncOptions<KeyOf<Self>, ValueOf<Self>, V2>>,
  >(
    this: Self,
    mapper: Needs<
      LostInput<Self, O>,
      "mapValuesAsync(mapper, ",
      AsyncMapper<K, V, CallbackResult<V2, "mapValuesAsync">>
    >,
    ...options: Given<O, AsyncOptions<KeyOf<Self>, ValueOf<Self>, V2>>
  ): KStream<K, V2, StateAfter<O, "key", KeyState>, StateAfter<O, "value", "lost">>;

  /**
   * As `mapValuesAsync`, for any number of values.
   *
   * @example orders.flatMapValuesAsync(async (order) => (await fetchItems(order.id)).items)
   */
  flatMapValuesAsync<
    Self extends AnyStream,
    R,
    const O extends Optional<AsyncOptions<KeyOf<Self>, ValueOf<Self>, ListItem<R>>>,
  >(
    this: Self,
    mapper: Needs<
      LostInput<Self, O>,
      "flatMapValuesAsync(mapper, ",
      AsyncMapper<K, V, ListResult<R, unknown, "flatMapValuesAsync">>
    >,
    ...options: Given<O, AsyncOptions<KeyOf<Self>, ValueOf<Self>, ListItem<R>>>
  ): KStream<K, ListItem<R>, StateAfter<O, "key", KeyState>, StateAfter<O, "value", "lost">>;

  /**
   * Calls back for each record, awaits it, and that is the end of it. Records of a key are taken one after the other,
   * unless `order` says otherwise. A call may be made again after a failure.
   *
   * @example alarms.foreachAsync((alarm, key, { signal }) => page(alarm, signal), { onGiveUp: "continue" })
   */
  foreachAsync<
    Self extends AnyStream,
    const O extends Optional<AsyncActionOptions<KeyOf<Self>, ValueOf<Self>>>,
  >(
    this: Self,
    action: Needs<LostInput<Self, O>, "foreachAsync(action, ", AsyncMapper<K, V, unknown>>,
    ...options: Given<O, AsyncActionOptions<KeyOf<Self>, ValueOf<Self>>>
  ): void;
}
