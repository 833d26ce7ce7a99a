import type { Serde } from "@millrace/serde";

import type { PlanRecorder } from "../../plan/plan.ts";
import type { TableSourcePlan } from "../../plan/plan-node.ts";
import type { TableDemands } from "../../plan/table-demands.ts";
import type { SourceTablePlan } from "../../plan/table-plan.ts";
import { rawSerde } from "../../topology/raw-serde.ts";
import type { TopologyBuilder } from "../../topology/topology-builder.ts";
import { draftStore, type StoreOption } from "../store-options.ts";
import type { TableNode } from "../stream-node.ts";
import { addTableSource } from "./table-source.ts";
import type { SourceOptions } from "./stream.ts";

export interface TableOptions<K, V, S = StoreOption> extends SourceOptions<K, V> {
  /** With a name, the table is kept and can be queried; else only where an operator needs it. */
  readonly store?: S | StoreOption;
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
  const table: SourceTablePlan = { kind: "source", store };
  const plan = tableSourcePlan(
    { topic, source, name, table, keySerde, valueSerde, options },
    { reusesTopic: false },
  );
  recorder.addSource(plan);
  const storeName = store.isNamedByUser ? store.name : undefined;
  return { recorder, plan, keySerde, valueSerde, storeName, table, sources: [source] };
}

interface TableSource {
  readonly topic: string;
  readonly source: string;
  readonly name: string;
  readonly table: SourceTablePlan;
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
  readonly options: TableOptions<unknown, unknown>;
}

function tableSourcePlan(
  source: TableSource,
  { reusesTopic }: { readonly reusesTopic: boolean },
): TableSourcePlan {
  return Object.freeze({
    kind: "tableSource",
    name: source.name,
    reusingSourceTopic: () => tableSourcePlan(source, { reusesTopic: true }),
    lower: (topology: TopologyBuilder, _parents: readonly string[], tables: TableDemands) => {
      lowerTopic(source, topology);
      addTableSource(topology, tables, { ...source, parents: [source.source] });
      const store = tables.storeOf(source.table);
      // The topic has no tombstones for what has expired.
      const isLikeTopic = store !== undefined && store.expiry === undefined;
      if (isLikeTopic && reusesTopic) topology.useAsChangelog(store.name, source.topic);
    },
  });
}

function lowerTopic(
  { keySerde, valueSerde, source, topic, options }: TableSource,
  topology: TopologyBuilder,
): void {
  topology.addSource({
    name: source,
    topics: [topic],
    pattern: undefined,
    keySerde,
    valueSerde,
    timestampExtractor: options.timestampExtractor,
    dropsNulls: false,
    offsetReset: options.offsetReset,
  });
}
