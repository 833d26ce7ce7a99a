import type { Windowed } from "@millrace/model";

import type { Aggregator } from "../fold.ts";
import type { StoreOption } from "../store-options.ts";
import type { TimeWindows } from "../windows/time-windows.ts";
import type { EmitStrategy } from "../windows/window-aggregate.ts";
import type { KTable } from "./k-table.ts";
import type { AggregationOptions, FoldOptions, Init, NamedStore } from "./table-store.ts";

/** All kinds of windows. */
export type AnyWindows = TimeWindows;

/** The windows, or the advice which to give. */
export type WindowsCheck<W> = W extends AnyWindows
  ? W
  : "windowedBy takes tumbling('1m'), hopping('5m', { advance: '1m' }) or unlimited()";

export type WindowedBy<W, K, V> = W extends TimeWindows ? TimeWindowedKStream<K, V> : never;

/**
 * A grouped stream in time windows (Kafka: `TimeWindowedKStream`). A record is in every window that its time is in; one
 * that comes after the grace of a window is left out of it and counted.
 *
 * @example orders.groupByKey().windowedBy(tumbling("1m")).count({ store: "orders-per-minute" })
 */
export interface TimeWindowedKStream<out K, out V> {
  readonly kind: "timeWindowedStream";
  readonly carries: { readonly key: K; readonly value: V };

  /**
   * When results leave (Kafka: `emitStrategy`): with each update, or once, when the window has closed.
   *
   * @example orders.groupByKey().windowedBy(tumbling("1m")).emitStrategy("onWindowClose").count()
   */
  emitStrategy(strategy: EmitStrategy): TimeWindowedKStream<K, V>;

  /**
   * Counts the records of each key and window (Kafka: `TimeWindowedKStream.count`).
   *
   * @example clicks.groupByKey().windowedBy(hopping("5m", { advance: "1m" })).count()
   */
  count<const S extends StoreOption = never>(
    options?: AggregationOptions<S>,
  ): KTable<Windowed<K & {}>, number, "known", "known", NamedStore<S, "window">>;

  /**
   * Combines the values of each key and window, the first one as it is (Kafka: `TimeWindowedKStream.reduce`).
   *
   * @example temperatures.groupByKey().windowedBy(tumbling("1h")).reduce((highest, next) => Math.max(highest, next))
   */
  reduce<const S extends StoreOption = never>(
    reducer: (aggregate: V & {}, value: V & {}, key: K & {}) => V,
    options?: AggregationOptions<S>,
  ): KTable<Windowed<K & {}>, V, "known", "known", NamedStore<S, "window">>;

  /**
   * Folds the values of each key and window into an aggregate (Kafka: `TimeWindowedKStream.aggregate`).
   *
   * @example windowed.aggregate(() => 0, (sum, order) => sum + order.total, { value: double() })
   */
  aggregate<A = never, const S extends StoreOption = never>(
    init: Init<A, "aggregate(init, aggregator, ">,
    aggregator: Aggregator<K & {}, V & {}, NoInfer<A>>,
    options?: FoldOptions<A, S>,
  ): KTable<Windowed<K & {}>, A, "known", "known", NamedStore<S, "window">>;
}
