import type { Serde } from "@millrace/serde";

import { operatorPlan } from "../../plan/plan-node.ts";
import { requireValue } from "../../processor/callback-result.ts";
import type { RowJoiner } from "../../processor/joined-view.ts";
import { globalStoreView, type TableView, type ValueGetter } from "../../processor/value-getter.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import type { GlobalTableNode, NamedOptions, StreamNode, TableNode } from "../stream-node.ts";
import { repartitionedForJoin } from "./repartition.ts";

export type StreamJoinNodeOptions = NamedOptions & {
  readonly key?: Serde<unknown>;
  readonly left?: Serde<unknown>;
  /** Of the result. */
  readonly value?: Serde<unknown>;
};

/** `KStream.join` and `leftJoin` with a table. */
export function joinWithTable(
  { stream, table }: { readonly stream: StreamNode; readonly table: TableNode },
  operator: "join" | "leftJoin",
  joiner: RowJoiner,
  options: StreamJoinNodeOptions = {},
): StreamNode {
  const { recorder } = stream;
  const isLeft = operator === "leftJoin";
  const input = repartitionedForJoin(stream, operator, options);
  const prefix = isLeft ? "KSTREAM-LEFTJOIN-" : "KSTREAM-JOIN-";
  const name = recorder.naming.nodeOr(options.name, prefix);
  const sources = [...new Set([...input.sources, ...table.sources])];
  const plan = operatorPlan({
    name,
    keepsNullKeys: isLeft,
    demand: (tables) => tables.view(table.table),
    lower: (topology, parents, tables) => {
      const view = tables.view(table.table);
      const supplier = (): Processor => new TableLookupProcessor({ operator, joiner, view });
      topology.addProcessor({ name, supplier, parents });
      for (const used of view.storeNames) topology.connectStore(name, used);
      topology.copartition(sources);
    },
  });
  recorder.add([input.plan], plan);
  const keySerde = options.key ?? stream.keySerde;
  return { recorder, plan, keySerde, valueSerde: options.value, needsRepartition: false, sources };
}

export type GlobalJoinNodeOptions = NamedOptions & {
  readonly keySelector?: (value: unknown, key: unknown) => unknown;
  /** Serde of the result. */
  readonly value?: Serde<unknown>;
};

/** `KStream.join` and `leftJoin` with a global table: whole in each process, so that keys may be anywhere. */
export function joinWithGlobalTable(
  { stream, table }: { readonly stream: StreamNode; readonly table: GlobalTableNode },
  operator: "join" | "leftJoin",
  joiner: RowJoiner,
  options: GlobalJoinNodeOptions = {},
): StreamNode {
  const { recorder } = stream;
  const { keySelector } = options;
  const view = globalStoreView(table.store);
  const name = recorder.naming.nodeOr(options.name, "KSTREAM-LEFTJOIN-"); // of an inner one too, as in Kafka
  const supplier = (): Processor =>
    new TableLookupProcessor({ operator, joiner, view, keySelector });
  const plan = operatorPlan({
    name,
    keepsNullKeys: operator === "leftJoin",
    lower: (topology, parents) => topology.addProcessor({ name, supplier, parents }),
  });
  recorder.add([stream.plan], plan);
  return { ...stream, plan, valueSerde: options.value };
}

interface TableLookup {
  readonly operator: "join" | "leftJoin";
  readonly joiner: RowJoiner;
  readonly view: TableView;
  /** The table's key of a record; undefined: the record's own. */
  readonly keySelector?: ((value: unknown, key: unknown) => unknown) | undefined;
}

/** Joins each record with the row that the table has now (Kafka: `KStreamKTableJoinProcessor`). */
class TableLookupProcessor implements Processor {
  readonly #lookup: TableLookup;
  readonly #isLeft: boolean;
  #context: ProcessorContext | undefined;
  #rows: ValueGetter | undefined;

  constructor(lookup: TableLookup) {
    this.#lookup = lookup;
    this.#isLeft = lookup.operator === "leftJoin";
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#rows = this.#lookup.view.open(context);
  }

  process(record: StreamRecord): void {
    const context = this.#context;
    if (context === undefined || this.#rows === undefined) return;
    const key = record.hasNullValue ? null : this.#keyOf(record);
    if (record.hasNullValue || (key === null && !this.#isLeft)) {
      context.dropRecord("null key or value in a join with a table");
      return;
    }
    const row = key === null ? null : this.#rows.get(key);
    if (row === null && !this.#isLeft) return;
    const { joiner, operator } = this.#lookup;
    const joined = requireValue(joiner(record.value, row, record.key), operator);
    context.forward(record.withValue(joined));
  }

  #keyOf(record: StreamRecord): unknown {
    const { keySelector, operator } = this.#lookup;
    if (keySelector === undefined) return record.hasNullKey ? null : record.key;
    return requireValue(keySelector(record.value, record.key), `${operator}'s keySelector`);
  }
}
