import type { Windowed } from "@millrace/model";

import type { Merger } from "../fold.ts";
import type { StoreOption } from "../store-options.ts";
import type { SessionWindows } from "../windows/session-windows.ts";
import type { KTable } from "./k-table.ts";
import type { AggregationOptions, NamedStore } from "./table-store.ts";

export type CogroupedWindowedBy<W, K, A> = W extends SessionWindows
  ? SessionWindowedCogroupedKStream<K, A>
  : TimeWindowedCogroupedKStream<K, A>;

/** Cogrouped streams in time windows or sliding ones (Kafka: `TimeWindowedCogroupedKStream`). */
export interface TimeWindowedCogroupedKStream<out K, in out A> {
  readonly kind: "timeWindowedCogroupedStream";
  readonly carries: { readonly key: K; readonly value: A };

  /**
   * The table of keys in windows (Kafka: `TimeWindowedCogroupedKStream.aggregate`).
   *
   * @example carts.windowedBy(tumbling("1h")).aggregate(() => ({ items: 0, paid: 0 }))
   */
  aggregate<const S extends StoreOption = never>(
    init: () => A,
    options?: AggregationOptions<S>,
  ): KTable<Windowed<K & {}>, A, "known", "known", NamedStore<S, "window">>;
}

/** Cogrouped streams in sessions (Kafka: `SessionWindowedCogroupedKStream`). */
export interface SessionWindowedCogroupedKStream<out K, in out A> {
  readonly kind: "sessionWindowedCogroupedStream";
  readonly carries: { readonly key: K; readonly value: A };

  /**
   * The table of keys in sessions, with null where sessions were merged into another (Kafka:
   * `SessionWindowedCogroupedKStream.aggregate`).
   *
   * @example carts.windowedBy(session("30m")).aggregate(() => 0, (left, right) => left + right)
   */
  aggregate<const S extends StoreOption = never>(
    init: () => A,
    merger: Merger<K & {}, A>,
    options?: AggregationOptions<S>,
  ): KTable<Windowed<K & {}>, A | null, "known", "known", NamedStore<S, "session">>;
}
