import type { Serde } from "@millrace/serde";

import { KTable, type AsStream } from "./k-table.ts";
import {
  aggregate,
  count,
  Grouping,
  reduce,
  type AggregationOptions,
  type Aggregator,
} from "./operators/aggregate.ts";
import type { GroupedNode } from "./stream-node.ts";

type Loose = (aggregate: unknown, value: unknown, key: unknown) => never;

/**
 * Records grouped by key, to be aggregated (Kafka: `KGroupedStream`). Records with a null key or value are
 * dropped and counted by every aggregation.
 *
 * @example orders.groupBy((order) => order.customer, { key: string() }).count()
 */
export class KGroupedStream<K, V> {
  readonly #grouping: Grouping;
  /** Only in types: what is grouped. */
  declare readonly carries: { readonly key: K; readonly value: V };

  readonly #asStream: AsStream;

  /** `asStream` is for the tables that it makes. */
  constructor(node: GroupedNode, asStream: AsStream) {
    this.#grouping = new Grouping(node);
    this.#asStream = asStream;
  }

  /**
   * Counts the records of each key (Kafka: `KGroupedStream.count`): a `number`, eight bytes on the wire.
   *
   * @example orders.groupByKey().count({ store: "orders-per-customer" })
   */
  count(options?: AggregationOptions): KTable<K & {}, number, "known", "known"> {
    return new KTable(count(this.#grouping, options), this.#asStream);
  }

  /**
   * Combines the values of each key, the first one as it is (Kafka: `KGroupedStream.reduce`). The reducer may
   * change its first argument and give it back.
   *
   * @example temperatures.groupByKey().reduce((highest, next) => Math.max(highest, next))
   */
  reduce(
    reducer: (aggregate: V & {}, value: V & {}, key: K & {}) => V,
    options?: AggregationOptions,
  ): KTable<K & {}, V, "known", "known"> {
    return new KTable(reduce(this.#grouping, reducer as Loose, options), this.#asStream);
  }

  /**
   * Folds the values of each key into an aggregate (Kafka: `KGroupedStream.aggregate`). The serde says the type:
   * with `optional(…)` the aggregator may give null, which deletes the key. It may change the aggregate that it is
   * given, and give it back.
   *
   * @example
   * grouped.aggregate(() => 0, (sum, order) => sum + order.total, { value: double() })
   */
  aggregate<A>(
    init: () => NoInfer<A>,
    aggregator: Aggregator<K & {}, V & {}, NoInfer<A>>,
    options: AggregationOptions & { readonly value: Serde<A> },
  ): KTable<K & {}, A, "known", "known"> {
    const fold = { init, aggregator: aggregator as Loose };
    return new KTable(aggregate(this.#grouping, fold, options), this.#asStream);
  }
}
