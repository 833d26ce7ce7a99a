import type { Duration } from "@millrace/model";
import type { Serde } from "@millrace/serde";

import type { RecordInfo } from "../../processor/record-info.ts";
import type { AddedStoreOption } from "../operators/added-store.ts";
import type { NamedOptions } from "../stream-node.ts";
import type { CallbackResult } from "./callback-types.ts";
import type { Given, Has, Literally, Optional } from "./given-options.ts";
import type { AnyStream, KStream } from "./k-stream.ts";
import type {
  KeyOf,
  KeyStateOf,
  Lost,
  LostOf,
  Needs,
  SerdeState,
  StateAfter,
  ValueOf,
  ValueStateOf,
} from "./serde-state.ts";

/** How `deduplicate` remembers what has passed. */
export interface DeduplicateOptions<K, V, Id> extends NamedOptions {
  /** How long an id is remembered, by stream time: then it passes again. */
  readonly within?: Duration;
  /** Serde of the id. */
  readonly id?: Serde<NonNullable<Id>>;
  /** Serde of the key, where it was lost: the stream goes through a repartition topic then. */
  readonly key?: Serde<K>;
  /** Serde of the values, where it was lost and the stream goes through a repartition topic. */
  readonly value?: Serde<V>;
  /** Of the ids. */
  readonly store?: AddedStoreOption;
}

/** How a stream is joined as of its records' times. */
export interface AsOfJoinOptions<K, V, Other, VR> extends NamedOptions {
  /** How much older the other record may be. */
  readonly tolerance?: Duration;
  /**
   * How long a record waits for what comes late on the other side, by the time of both. Default 0: it is joined at once with
   * what is there.
   */
  readonly grace?: Duration;
  /** Serde of the key, where it was lost: the stream goes through a repartition topic then. */
  readonly key?: Serde<K>;
  /** Serde of this stream's values, where it was lost. */
  readonly left?: Serde<V>;
  /** Serde of the other stream's values, where it was lost. */
  readonly right?: Serde<ValueOf<Other>>;
  /** Serde of the result: then it is known from here on. */
  readonly value?: Serde<VR>;
  /** How the other stream is kept. */
  readonly store?: AddedStoreOption;
}

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** This stream's values are written only where it waits or is repartitioned. */
type LostLeft<Self, O extends readonly unknown[]> =
  "lost" extends KeyStateOf<Self>
    ? Lost<O, "left", ValueStateOf<Self>>
    : Literally<O, "grace"> extends true
      ? Lost<O, "left", ValueStateOf<Self>>
      : never;

/** `Ok`, or what is wrong with the other side of an as-of join. */
export type AsOfJoinCheck<Self, Other, O extends readonly unknown[], Ok> =
  Has<O, "tolerance"> extends false
    ? "An as-of join needs a bound: asOfJoin(other, joiner, { tolerance: '10s' })"
    : Other extends { readonly kind: "stream" }
      ? Same<KeyOf<Self>, KeyOf<Other>> extends false
        ? "The two streams have keys of different types: selectKey(…) on one side first"
        : Needs<
            | Lost<O, "key", KeyStateOf<Self>>
            | LostLeft<Self, O>
            | Lost<O, "right", ValueStateOf<Other>>,
            "asOfJoin(other, joiner, ",
            Ok
          >
      : "An as-of join has a stream on the other side; of a table: leftJoin(table, joiner), with historyRetention where the table is made";

/** `Ok`, or what `deduplicate` was not given. */
export type DeduplicateCheck<Self, O extends readonly unknown[], Ok> =
  Has<O, "within"> extends false
    ? "deduplicate needs a bound: deduplicate(id, { within: '1h', id: string() })"
    : Has<O, "id"> extends false
      ? "deduplicate needs the id's serde: deduplicate(id, { within: '1h', id: string() })"
      : "lost" extends KeyStateOf<Self>
        ? Needs<LostOf<Self, O>, "deduplicate(id, ", Ok>
        : Ok;

/** Operators on single records which have no counterpart in Kafka Streams. */
export interface AddedOperators<
  out K,
  out V,
  out KeyState extends SerdeState,
  out ValueState extends SerdeState,
> {
  /**
   * Lets the first record of each id through, and leaves out those that follow it within a time. No counterpart in Kafka
   * Streams. The time is stream time, as records come: so their order decides which is the first, however late they are,
   * and an id that came so long ago passes again. Ids are compared within a partition: where the id is not the key, select
   * it as the key first. What has no id (null) passes.
   *
   * @example webhooks.deduplicate((event) => event.id, { within: "1d", id: string() })
   */
  deduplicate<
    Self extends AnyStream,
    Id,
    const O extends Optional<DeduplicateOptions<KeyOf<Self>, ValueOf<Self>, Id>>,
  >(
    this: Self,
    id: DeduplicateCheck<
      Self,
      O,
      (value: V, key: K, record: RecordInfo) => CallbackResult<Id, "deduplicate">
    >,
    ...options: Given<O, DeduplicateOptions<KeyOf<Self>, ValueOf<Self>, Id>>
  ): KStream<K, V, StateAfter<O, "key", KeyState>, StateAfter<O, "value", ValueState>>;

  /**
   * Joins each record with the other stream's record of its key that was the last one at its time, or null where there is
   * none within the tolerance. No counterpart in Kafka Streams. Of records of one time the one that came last counts; what
   * comes later than the `grace` finds what is there. Both sides need equal numbers of partitions.
   *
   * @example trades.asOfJoin(quotes, (trade, quote) => ({ ...trade, quote }), { tolerance: "10s", grace: "1s" })
   */
  asOfJoin<
    Self extends AnyStream,
    Other,
    VR,
    const O extends Optional<AsOfJoinOptions<KeyOf<Self>, ValueOf<Self>, Other, VR>>,
  >(
    this: Self,
    other: AsOfJoinCheck<Self, Other, O, Other>,
    joiner: (
      left: V & {},
      right: (ValueOf<Other> & {}) | null,
      key: K & {},
    ) => CallbackResult<VR, "asOfJoin">,
    ...options: Given<O, AsOfJoinOptions<KeyOf<Self>, ValueOf<Self>, Other, VR>>
  ): KStream<K, VR, StateAfter<O, "key", KeyState>, StateAfter<O, "value", "lost">>;
}
