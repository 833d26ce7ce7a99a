import type { StateStore, StoreSpecification } from "@millrace/state";

import type { Topology } from "../topology/topology.ts";
import { lowerPlan, type PlanOptions } from "../plan/lower-plan.ts";
import { PlanRecorder } from "../plan/plan.ts";
import { checked } from "./operator-options.ts";
import { addStateStore } from "./operators/add-state-store.ts";
import { addGlobalStore } from "./operators/global-store.ts";
import { globalTable, type GlobalTableOptions } from "./operators/global-table.ts";
import { stream, type SourceOptions } from "./operators/stream.ts";
import { table, type TableOptions } from "./operators/table.ts";
import { globalTableOf } from "./planned-global-table.ts";
import { streamOf, tableOf } from "./planned-streams.ts";
import type { StoreOption } from "./store-options.ts";
import { byName, type Topic } from "./topic.ts";
import type {
  GlobalKTable,
  GlobalStoreDefinition,
  StoreKey,
  StoreValue,
} from "./types/global-table.ts";
import type { KStream } from "./types/k-stream.ts";
import type { KTable } from "./types/k-table.ts";
import type { NamedStore } from "./types/table-store.ts";

type AnySource = SourceOptions<unknown, unknown>;

/**
 * Where a program begins: reads topics, and builds the topology (Kafka: `StreamsBuilder`).
 *
 * @example
 * const builder = new StreamsBuilder();
 * builder
 *   .stream("lines", { value: string() })
 *   .flatMapValues((line) => line.toLowerCase().split(/\W+/))
 *   .groupBy((word) => word, { key: string(), value: string() })
 *   .count({ store: "counts" })
 *   .toStream()
 *   .to("counts");
 * const topology = builder.build();
 */
export class StreamsBuilder {
  readonly #recorder = new PlanRecorder();

  /**
   * Reads a topic, several, or all that a pattern matches as a whole (Kafka: `StreamsBuilder.stream`). Records
   * with a null key or value are dropped and counted unless the serde is `optional`. Without serdes, keys and
   * values are bytes or null. Topics that are named must exist when the application starts; those that match a pattern
   * are taken up when they come. The handle of a topic brings its serdes.
   *
   * @example builder.stream("orders", { key: string(), value: json(Order) })
   */
  stream<K = Uint8Array | null, V = Uint8Array | null>(
    topics: string | readonly string[] | RegExp | Topic<K, V> | readonly Topic<K, V>[],
    options?: SourceOptions<K, V>,
  ): KStream<K, V, "known", "known"> {
    const [names, given] = byName<string | readonly string[] | RegExp, AnySource>(topics, options);
    return streamOf(stream(this.#recorder, names, checked("stream", given, names)));
  }

  /**
   * Reads a topic as a table: the last value of each key, null deletes (Kafka: `StreamsBuilder.table`). Records
   * with a null key are dropped and counted.
   *
   * @example builder.table("customers", { key: string(), value: json(Customer), store: "customers" })
   */
  table<K = Uint8Array, V = Uint8Array, const S extends StoreOption = never>(
    topic: string | Topic<K, V>,
    options?: TableOptions<K, V, S>,
  ): KTable<K & {}, V | null, "known", "known", NamedStore<S, "keyValue">> {
    const [name, given] = byName<string, TableOptions<unknown, unknown>>(topic, options);
    return tableOf(table(this.#recorder, name, checked("table", given, name)));
  }

  /**
   * Reads a topic as a table that every process has whole, whatever its partitions (Kafka: `StreamsBuilder.globalTable`):
   * streams join it by any key, without a repartition, and every processor can read its store. It is loaded before the
   * first record is processed; then it follows its topic, in no order with the streams. Records with a null key are
   * dropped and counted.
   *
   * @example builder.globalTable("products", { key: int64(), value: json(Product), store: "products" })
   */
  globalTable<K = Uint8Array, V = Uint8Array, const S extends StoreOption = never>(
    topic: string | Topic<K, V>,
    options?: GlobalTableOptions<K, V, S>,
  ): GlobalKTable<K & {}, V | null> {
    const [name, given] = byName<string, GlobalTableOptions<unknown, unknown>>(topic, options);
    return globalTableOf(globalTable(this.#recorder, name, checked("globalTable", given, name)));
  }

  /**
   * Adds a store that every process has whole, fed with all of a topic by a function that puts each record where it
   * belongs (Kafka: `StreamsBuilder.addGlobalStore`). Every processor can read it; that function alone writes it.
   *
   * @example
   * builder.addGlobalStore(blocked, "blocked", {
   *   process: (record, { store }) => store.put(record.key, record.value),
   * });
   */
  addGlobalStore<Store extends StateStore, K = StoreKey<Store>, V = StoreValue<Store>, R = void>(
    specification: StoreSpecification<Store>,
    topic: string | Topic<K, V>,
    definition: GlobalStoreDefinition<K, V, Store, R>,
  ): void {
    const [name, given] = byName<string, Parameters<typeof addGlobalStore>[2]>(topic, definition);
    const place = { specification, topic: name };
    const options = checked("addGlobalStore", given, specification, name);
    if (options !== undefined) addGlobalStore(this.#recorder, place, options);
  }

  /**
   * Adds a store that no processor lists (Kafka: `StreamsBuilder.addStateStore`): those of `process` come along with it.
   * Connect it to processors of the topology that is built.
   *
   * @throws TopologyError
   */
  addStateStore(specification: StoreSpecification): void {
    addStateStore(this.#recorder, specification);
  }

  /**
   * Checks the program and gives the topology. Building twice gives two equal ones.
   *
   * @throws TopologyError for a program that cannot be
   */
  build(options?: PlanOptions): Topology {
    return lowerPlan(this.#recorder.plan(), checked("build", options));
  }
}
