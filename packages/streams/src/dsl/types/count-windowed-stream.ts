import type { Counted } from "@millrace/serde";

import type { Aggregator } from "../fold.ts";
import type { AddedStoreOption } from "../operators/added-store.ts";
import type { EmitStrategy } from "../windows/windowed-by.ts";
import type { KTable } from "./k-table.ts";
import type { AggregationOptions, FoldOptions, Init, NamedStore } from "./table-store.ts";

/**
 * A grouped stream in windows that records fill. No counterpart in Kafka Streams. Records with a null key or value are
 * dropped and counted. The table keeps the windows of a key that are not full, and the one that was full last.
 *
 * @example readings.groupByKey().windowedBy(countWindows(100)).count()
 */
export interface CountWindowedKStream<out K, out V> {
  readonly kind: "countWindowedStream";
  readonly carries: { readonly key: K; readonly value: V };

  /**
   * When results leave: with each update, or once, when the window is full.
   *
   * @example readings.groupByKey().windowedBy(countWindows(100)).emitStrategy("onWindowClose").count()
   */
  emitStrategy(strategy: EmitStrategy): CountWindowedKStream<K, V>;

  /**
   * Counts the records of each window: up to its size.
   *
   * @example readings.groupByKey().windowedBy(countWindows(100)).count()
   */
  count<const S extends AddedStoreOption = never>(
    options?: AggregationOptions<S>,
  ): KTable<Counted<K & {}>, number, "known", "known", NamedStore<S, "keyValue">>;

  /**
   * Combines the values of each window, the first one as it is.
   *
   * @example temperatures.groupByKey().windowedBy(countWindows(10)).reduce((highest, next) => Math.max(highest, next))
   */
  reduce<const S extends AddedStoreOption = never>(
    reducer: (aggregate: V & {}, value: V & {}, key: K & {}) => V,
    options?: AggregationOptions<S>,
  ): KTable<Counted<K & {}>, V & {}, "known", "known", NamedStore<S, "keyValue">>;

  /**
   * Folds the values of each window into an aggregate. The serde says its type.
   *
   * @example
   * readings.groupByKey()
   *   .windowedBy(countWindows(100, { advance: 10 }))
   *   .aggregate(() => 0, (sum, { celsius }) => sum + celsius / 100, { value: double() })
   */
  aggregate<A = never, const S extends AddedStoreOption = never>(
    init: Init<A, "aggregate(init, aggregator, ">,
    aggregator: Aggregator<K & {}, V & {}, NoInfer<A>>,
    options?: FoldOptions<A, S>,
  ): KTable<Counted<K & {}>, A, "known", "known", NamedStore<S, "keyValue">>;
}
