import type { Serde } from "@millrace/serde";

import type { PlanRecorder } from "../../plan/plan.ts";
import type { TableSourcePlan } from "../../plan/plan-node.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import type { TopologyBuilder } from "../../topology/topology-builder.ts";
import { draftStore, type StoreDraft, type StoreOption } from "../store-options.ts";
import type { TableNode } from "../stream-node.ts";
import { TableUpdates } from "../table-updates.ts";
import { rawSerde, type SourceOptions } from "./stream.ts";

export interface TableOptions<K, V> extends SourceOptions<K, V> {
  /** With a name, the table is kept and can be queried; else only where an operator needs it. */
  readonly store?: StoreOption;
}

/**
 * Reads a topic as a table: the last value of each key (Kafka: `StreamsBuilder.table`). A null value deletes its
 * key; a null key is dropped and counted.
 *
 * @example builder.table("customers", { key: string(), value: json(Customer), store: "customers" })
 */
export function table(
  recorder: PlanRecorder,
  topic: string,
  options: TableOptions<unknown, unknown> = {},
): TableNode {
  const { naming } = recorder;
  const store = draftStore(options.store, `${topic}-`, naming);
  const source = naming.nodeOr(options.name, "KSTREAM-SOURCE-", "-source");
  const name = naming.nodeOr(options.name, "KTABLE-SOURCE-");
  const keySerde: Serde<unknown> = options.key ?? rawSerde;
  const valueSerde: Serde<unknown> = options.value ?? rawSerde;
  const plan = tableSourcePlan(
    { topic, source, name, store, keySerde, valueSerde, options },
    { reusesTopic: false },
  );
  recorder.addSource(plan);
  const storeName = store.isNamedByUser ? store.name : undefined;
  return { recorder, plan, keySerde, valueSerde, storeName };
}

interface TableSource {
  readonly topic: string;
  readonly source: string;
  readonly name: string;
  readonly store: StoreDraft;
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
  readonly options: TableOptions<unknown, unknown>;
}

function tableSourcePlan(
  table: TableSource,
  { reusesTopic }: { readonly reusesTopic: boolean },
): TableSourcePlan {
  return Object.freeze({
    kind: "tableSource",
    name: table.name,
    reusingSourceTopic: () => tableSourcePlan(table, { reusesTopic: true }),
    lower: (topology: TopologyBuilder) => {
      lowerTable(table, topology);
      if (table.store.isNamedByUser && reusesTopic)
        topology.useAsChangelog(table.store.name, table.topic);
    },
  });
}

function lowerTable(table: TableSource, topology: TopologyBuilder): void {
  const { keySerde, valueSerde, store, name, source, options } = table;
  topology.addSource({
    name: source,
    topics: [table.topic],
    pattern: undefined,
    keySerde,
    valueSerde,
    timestampExtractor: options.timestampExtractor,
    dropsNulls: false,
    offsetReset: options.offsetReset,
  });
  const storeName = store.isNamedByUser ? store.name : undefined;
  const supplier = (): Processor => new TableSourceProcessor(storeName, keySerde);
  topology.addProcessor({ name, supplier, parents: [source] });
  if (storeName !== undefined) {
    const serdes = { key: keySerde, value: valueSerde };
    topology.addStore(store.specify(serdes, topology.storeEngine), [name]);
  }
}

class TableSourceProcessor implements Processor {
  readonly forwardsNewRecords = true;
  readonly #storeName: string | undefined;
  readonly #keySerde: Serde<unknown>;
  #context: ProcessorContext | undefined;
  #updates: TableUpdates<unknown, unknown> | undefined;

  constructor(storeName: string | undefined, keySerde: Serde<unknown>) {
    this.#storeName = storeName;
    this.#keySerde = keySerde;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    if (this.#storeName !== undefined)
      this.#updates = new TableUpdates(context, { store: this.#storeName, sendsOldValues: false });
  }

  process(record: StreamRecord): void {
    if (record.hasNullKey) {
      this.#context?.dropRecord("null key in a table");
      return;
    }
    const updates = this.#updates;
    if (updates === undefined) {
      this.#context?.forward(record);
      return;
    }
    updates.store.readForUpdate(record.key, record.keyBytesAsRead(this.#keySerde));
    updates.store.writeUpdated(record.value ?? null, record.timestamp);
    if (!updates.isCached) this.#context?.forward(record);
  }
}
