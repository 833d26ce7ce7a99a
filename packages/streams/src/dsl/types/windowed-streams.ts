import type { Windowed } from "@millrace/model";

import type { Aggregator, AggregatorAndMerger } from "../fold.ts";
import type { StoreOption } from "../store-options.ts";
import type { SessionWindows } from "../windows/session-windows.ts";
import type { AnyWindows } from "../windows/windowing.ts";
import type { EmitStrategy } from "../windows/windowed-by.ts";
import type { Score } from "../operators/top-n/score.ts";
import type { CountWindows } from "../windows/count-windows.ts";
import type { CountWindowedKStream } from "./count-windowed-stream.ts";
import type { KTable } from "./k-table.ts";
import type { AggregationOptions, FoldOptions, Init, NamedStore } from "./table-store.ts";

/** The windows, or the advice which to give. */
export type WindowsCheck<W> = W extends AnyWindows
  ? W
  : "windowedBy takes tumbling('1m'), hopping('5m', { advance: '1m' }), sliding('10m'), session('30m'), unlimited(), calendar('day', { timeZone: 'Europe/Berlin' }) or customWindows({ size, windowsFor })";

/** As `WindowsCheck`, of a grouped stream, which has windows that records fill too. */
export type GroupedWindowsCheck<W> = W extends AnyWindows | CountWindows
  ? W
  : "windowedBy takes tumbling('1m'), hopping('5m', { advance: '1m' }), sliding('10m'), session('30m'), unlimited(), calendar('day', { timeZone: 'Europe/Berlin' }), customWindows({ size, windowsFor }) or countWindows(100)";

export type WindowedBy<W, K, V> = W extends SessionWindows
  ? SessionWindowedKStream<K, V>
  : W extends CountWindows
    ? CountWindowedKStream<K, V>
    : TimeWindowedKStream<K, V>;

/**
 * A grouped stream in time windows or sliding ones (Kafka: `TimeWindowedKStream`). A record is in every window that its time is in; one
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

  /**
   * Keeps the n values of each key and window with the greatest score, greatest first. No counterpart in Kafka Streams. The score is a
   * number, or several, whose first difference decides; of equal ones those that came first stay.
   *
   * @example readings.groupByKey().windowedBy(tumbling("1h")).topN(3, (reading) => reading.celsius)
   */
  topN<const S extends StoreOption = never>(
    n: number,
    by: (value: V & {}, key: K & {}) => Score,
    options?: AggregationOptions<S>,
  ): KTable<Windowed<K & {}>, readonly (V & {})[], "known", "known", NamedStore<S, "window">>;
}

/**
 * A grouped stream in sessions (Kafka: `SessionWindowedKStream`). A record that joins sessions makes them one: the table
 * deletes those that it merged, and so holds null (`Gone`), unless results come once, when their session has closed.
 *
 * @example clicks.groupByKey().windowedBy(session("30m")).count({ store: "visits" })
 */
export interface SessionWindowedKStream<out K, out V, out Gone extends null = null> {
  readonly kind: "sessionWindowedStream";
  readonly carries: { readonly key: K; readonly value: V; readonly gone: Gone };

  /**
   * When results leave (Kafka: `emitStrategy`): with each update, or once, when the session has closed.
   *
   * @example clicks.groupByKey().windowedBy(session("30m")).emitStrategy("onWindowClose").count()
   */
  emitStrategy<const E extends EmitStrategy>(
    strategy: E,
  ): SessionWindowedKStream<K, V, E extends "onWindowClose" ? never : null>;

  /**
   * Counts the records of each key and session (Kafka: `SessionWindowedKStream.count`).
   *
   * @example clicks.groupByKey().windowedBy(session("30m", { grace: "1m" })).count()
   */
  count<const S extends StoreOption = never>(
    options?: AggregationOptions<S>,
  ): KTable<Windowed<K & {}>, number | Gone, "known", "known", NamedStore<S, "session">>;

  /**
   * Combines the values of each key and session, the first one as it is (Kafka: `SessionWindowedKStream.reduce`). What
   * sessions had combined is combined where they become one.
   *
   * @example bids.groupByKey().windowedBy(session("10m")).reduce((highest, bid) => Math.max(highest, bid))
   */
  reduce<const S extends StoreOption = never>(
    reducer: (aggregate: V & {}, value: V & {}, key: K & {}) => V,
    options?: AggregationOptions<S>,
  ): KTable<Windowed<K & {}>, V | Gone, "known", "known", NamedStore<S, "session">>;

  /**
   * Folds the values of each key and session into an aggregate (Kafka: `SessionWindowedKStream.aggregate`).
   *
   * @example
   * sessions.aggregate(
   *   () => 0,
   *   { aggregator: (sum, click) => sum + click.weight, merger: (left, right) => left + right },
   *   { value: double() },
   * )
   */
  aggregate<A = never, const S extends StoreOption = never>(
    init: Init<A, "aggregate(init, { aggregator, merger }, ">,
    callbacks: AggregatorAndMerger<K & {}, V & {}, NoInfer<A>>,
    options?: FoldOptions<A, S>,
  ): KTable<Windowed<K & {}>, A | Gone, "known", "known", NamedStore<S, "session">>;
}
