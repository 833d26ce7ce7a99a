import type { AdderAndSubtractor } from "../operators/aggregate-table.ts";
import type { StoreOption } from "../store-options.ts";
import type { Score } from "../operators/top-n/score.ts";
import type { KTable } from "./k-table.ts";
import type { AggregationOptions, Expiring, FoldOptions, Init, NamedStore } from "./table-store.ts";

/**
 * The rows of a table grouped by another key, to be aggregated (Kafka: `KGroupedTable`). When a row changes, its old
 * value is taken out of the aggregate and the new one put in, perhaps under another key.
 *
 * @example customers.groupBy((customer, id) => ({ key: customer.city, value: id }), { key: string(), value: string() })
 */
export interface KGroupedTable<K, V> {
  readonly kind: "groupedTable";
  readonly carries: { readonly key: K; readonly value: V };

  /**
   * Counts the rows of each key (Kafka: `KGroupedTable.count`).
   *
   * @example customersByCity.count({ store: "customers-per-city" })
   */
  count<const S extends StoreOption = never>(
    options?: AggregationOptions<S>,
  ): KTable<K & {}, number, "known", "known", NamedStore<S, "keyValue">>;

  /**
   * Combines the values of each key, the first one as it is (Kafka: `KGroupedTable.reduce`).
   *
   * @example totalsByCity.reduce({ adder: (sum, total) => sum + total, subtractor: (sum, total) => sum - total })
   */
  reduce<const S extends StoreOption = never>(
    reducers: AdderAndSubtractor<K & {}, V & {}, V & {}>,
    options?: AggregationOptions<S>,
  ): KTable<K & {}, V & {}, "known", "known", NamedStore<S, "keyValue">>;

  /**
   * Keeps the n values of each key with the greatest score, greatest first. No counterpart in Kafka Streams. A row that changes
   * or goes makes room for the next one: all rows are kept, sorted, beside the table. The score is a
   * number, or several, whose first difference decides; of equal ones the bytes of the values decide. With `ttl` in the
   * store's options a group that was not written for so long goes, with all that is kept of it.
   *
   * @example perPage.groupBy((n, { key, window }) => ({ key: window.start, value: { key, n } }), serdes).topN(10, ({ n }) => n)
   */
  topN<const S extends StoreOption = never>(
    n: number,
    by: (value: V & {}, key: K & {}) => Score,
    options?: AggregationOptions<S>,
  ): KTable<K & {}, Expiring<S, readonly (V & {})[]>, "known", "known", NamedStore<S, "keyValue">>;

  /**
   * Folds the values of each key into an aggregate (Kafka: `KGroupedTable.aggregate`). The serde says the type.
   *
   * @example
   * ordersByCity.aggregate(
   *   () => 0,
   *   { adder: (sum, order) => sum + order.total, subtractor: (sum, order) => sum - order.total },
   *   { value: double() },
   * )
   */
  aggregate<A = never, const S extends StoreOption = never>(
    init: Init<A, "aggregate(init, { adder, subtractor }, ">,
    aggregators: AdderAndSubtractor<K & {}, V & {}, NoInfer<A>>,
    options?: FoldOptions<A, S>,
  ): KTable<K & {}, A, "known", "known", NamedStore<S, "keyValue">>;
}
