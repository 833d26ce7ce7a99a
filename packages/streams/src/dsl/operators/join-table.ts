import type { Serde } from "@millrace/serde";

import { operatorPlan } from "../../plan/plan-node.ts";
import { requireValue } from "../../processor/callback-result.ts";
import type { RowJoiner } from "../../processor/joined-view.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import type { TableView, ValueGetter } from "../../processor/value-getter.ts";
import type { NamedOptions, StreamNode, TableNode } from "../stream-node.ts";
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

interface TableLookup {
  readonly operator: "join" | "leftJoin";
  readonly joiner: RowJoiner;
  readonly view: TableView;
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
    if (record.hasNullValue || (record.hasNullKey && !this.#isLeft)) {
      context.dropRecord("null key or value in a join with a table");
      return;
    }
    const row = record.hasNullKey ? null : this.#rows.get(record.key);
    if (row === null && !this.#isLeft) return;
    const { joiner, operator } = this.#lookup;
    const joined = requireValue(joiner(record.value, row, record.key), operator);
    context.forward(record.withValue(joined));
  }
}
