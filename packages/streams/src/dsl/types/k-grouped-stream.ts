import type { Serde } from "@millrace/serde";

import type { Aggregator } from "../fold.ts";
import type { StoreOption } from "../store-options.ts";
import type { CogroupedWindowedBy } from "./cogrouped-streams.ts";
import type { Score } from "../operators/top-n/score.ts";
import type { GroupedWindowsCheck, WindowedBy, WindowsCheck } from "./windowed-streams.ts";
import type { KTable } from "./k-table.ts";
import type { AggregationOptions, Expiring, FoldOptions, Init, NamedStore } from "./table-store.ts";

/**
 * Records grouped by key, to be aggregated (Kafka: `KGroupedStream`). Records with a null key or value are
 * dropped and counted by every aggregation. A table's time is the highest of its key's records so far.
 *
 * @example orders.groupBy((order) => order.customer, { key: string() }).count()
 */
export interface KGroupedStream<out K, out V> {
  readonly kind: "groupedStream";
  readonly carries: { readonly key: K; readonly value: V };

  /**
   * Puts the records into windows, to be aggregated one by one (Kafka: `KGroupedStream.windowedBy`).
   *
   * @example orders.groupByKey().windowedBy(tumbling("1m", { grace: "10s" })).count()
   */
  windowedBy<W>(windows: GroupedWindowsCheck<W>): WindowedBy<W, K, V>;

  /**
   * Counts the records of each key (Kafka: `KGroupedStream.count`): a `number`, eight bytes on the wire.
   *
   * @example orders.groupByKey().count({ store: "orders-per-customer" })
   */
  count<const S extends StoreOption = never>(
    options?: AggregationOptions<S>,
  ): KTable<K & {}, Expiring<S, number>, "known", "known", NamedStore<S, "keyValue">>;

  /**
   * Combines the values of each key, the first one as it is (Kafka: `KGroupedStream.reduce`). The reducer may
   * change its first argument and give it back.
   *
   * @example temperatures.groupByKey().reduce((highest, next) => Math.max(highest, next))
   */
  reduce<const S extends StoreOption = never>(
    reducer: (aggregate: V & {}, value: V & {}, key: K & {}) => V,
    options?: AggregationOptions<S>,
  ): KTable<K & {}, Expiring<S, V>, "known", "known", NamedStore<S, "keyValue">>;

  /**
   * Folds the values of each key into an aggregate (Kafka: `KGroupedStream.aggregate`). The serde says the type:
   * with `optional(…)` the aggregator may give null, which deletes the key. It may change the aggregate that it is
   * given, and give it back.
   *
   * @example
   * grouped.aggregate(() => 0, (sum, order) => sum + order.total, { value: double() })
   */
  aggregate<A = never, const S extends StoreOption = never>(
    init: Init<A, "aggregate(init, aggregator, ">,
    aggregator: Aggregator<K & {}, V & {}, NoInfer<A>>,
    options?: FoldOptions<A, S>,
  ): KTable<K & {}, Expiring<S, A>, "known", "known", NamedStore<S, "keyValue">>;

  /**
   * Keeps the n values of each key with the greatest score, greatest first. No counterpart in Kafka Streams. The score is a
   * number, or several, whose first difference decides; of equal ones those that came first stay.
   *
   * @example readings.groupByKey().topN(3, (reading) => reading.celsius)
   */
  topN<const S extends StoreOption = never>(
    n: number,
    by: (value: V & {}, key: K & {}) => Score,
    options?: AggregationOptions<S>,
  ): KTable<K & {}, Expiring<S, readonly (V & {})[]>, "known", "known", NamedStore<S, "keyValue">>;

  /**
   * Begins an aggregate that several grouped streams share, each with an aggregator of its own (Kafka:
   * `KGroupedStream.cogroup`). The serde says its type.
   *
   * @example
   * orders.groupByKey()
   *   .cogroup((cart, order) => ({ ...cart, items: cart.items + 1 }), { value: json(Cart) })
   *   .cogroup(payments.groupByKey(), (cart, payment) => ({ ...cart, paid: cart.paid + payment.amount }))
   *   .aggregate(() => ({ items: 0, paid: 0 }), { store: "carts" })
   */
  cogroup<A = never>(
    aggregator: [A] extends [never]
      ? "The serde says the aggregate's type; give it: cogroup(aggregator, { value: json(Schema) })"
      : Aggregator<K & {}, V & {}, NoInfer<A>>,
    options?: {
      /** Serde of the aggregate: it says its type. */
      readonly value?: Serde<A>;
    },
  ): CogroupedKStream<K & {}, A>;
}

/** Grouped streams that share an aggregate (Kafka: `CogroupedKStream`): a join of many streams with one store. */
export interface CogroupedKStream<out K, in out A> {
  readonly kind: "cogroupedStream";
  readonly carries: { readonly key: K; readonly value: A };

  /**
   * Another grouped stream (Kafka: `CogroupedKStream.cogroup`). One that is given twice keeps the later aggregator.
   *
   * @example carts.cogroup(payments.groupByKey(), (cart, payment) => ({ ...cart, paid: cart.paid + payment.amount }))
   */
  cogroup<V>(
    grouped: KGroupedStream<K, V>,
    aggregator: Aggregator<K & {}, V & {}, A>,
  ): CogroupedKStream<K, A>;

  /**
   * The table (Kafka: `CogroupedKStream.aggregate`). Records with a null key or value are dropped and counted.
   *
   * @example carts.aggregate(() => ({ items: 0, paid: 0 }), { store: "carts" })
   */
  aggregate<const S extends StoreOption = never>(
    init: () => A,
    options?: AggregationOptions<S>,
  ): KTable<K, A, "known", "known", NamedStore<S, "keyValue">>;

  /**
   * Puts the records into windows (Kafka: `CogroupedKStream.windowedBy`). Results leave with each update.
   *
   * @example carts.windowedBy(session("30m")).aggregate(() => 0, (left, right) => left + right)
   */
  windowedBy<W>(windows: WindowsCheck<W>): CogroupedWindowedBy<W, K, A>;
}
