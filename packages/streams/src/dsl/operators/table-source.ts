import type { Serde } from "@millrace/serde";

import { TopologyError } from "../../error/topology-error.ts";
import type { TableDemands } from "../../plan/table-demands.ts";
import type { SourceTablePlan } from "../../plan/table-plan.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import type { TopologyBuilder } from "../../topology/topology-builder.ts";
import { expiringTable } from "../table-expiry.ts";
import { TableUpdates, type TableUpdatesOptions } from "../table-updates.ts";

export interface TableSourceNode {
  readonly name: string;
  readonly parents: readonly string[];
  readonly table: SourceTablePlan;
  readonly keySerde: Serde<unknown>;
  /** Undefined: lost; then the table cannot be kept. */
  readonly valueSerde: Serde<unknown> | undefined;
}

/** Adds the node that takes records for changes of a table, with its store where the table is kept. */
export function addTableSource(
  topology: TopologyBuilder,
  tables: TableDemands,
  { name, parents, table, keySerde, valueSerde }: TableSourceNode,
): void {
  const store = tables.storeOf(table);
  const kept = store && {
    store: store.name,
    keySerde,
    valueSerde,
    sendsOldValues: tables.sendsOldValues(table),
  };
  const plain = (): Processor => new TableSourceProcessor(kept);
  if (store === undefined || kept === undefined) {
    topology.addProcessor({ name, supplier: plain, parents });
    return;
  }
  const { supplier, stores } = expiringTable(store, kept, topology.storeDefaults.engine, plain);
  topology.addProcessor({ name, supplier, parents });
  if (valueSerde === undefined)
    throw new TopologyError(
      "MISSING_SERDE",
      `the table of ${name} must be kept, since an operator below looks values up in it, and the serde of its values is ` +
        "not known; give { value: json(schema) }, or the like, where it is made",
    );
  const serdes = { key: keySerde, value: valueSerde };
  const specification = store.specify(serdes, topology.storeDefaults);
  for (const one of [specification, ...stores]) topology.addStore(one, [name]);
}

/** Makes the processors of a table that is kept. */
export function tableSourceSupplier(kept: TableUpdatesOptions): () => Processor {
  return () => new TableSourceProcessor(kept);
}

/** Takes each record for the new value of its key (Kafka: `KTableSource`). */
class TableSourceProcessor implements Processor {
  readonly forwardsNewRecords = true;
  readonly #kept: TableUpdatesOptions | undefined;
  #context: ProcessorContext | undefined;
  #updates: TableUpdates<unknown, unknown> | undefined;

  /** @param kept undefined: the table has no store */
  constructor(kept: TableUpdatesOptions | undefined) {
    this.#kept = kept;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    if (this.#kept !== undefined) this.#updates = new TableUpdates(context, this.#kept);
  }

  process(record: StreamRecord): void {
    if (record.hasNullKey) this.#context?.dropRecord("null key in a table");
    else if (this.#updates === undefined) this.#context?.forward(asLatest(record));
    else this.#updates.writeValueOf(record, this.#updates.read(record));
  }
}

/** What comes out of a versioned table as a stream, and becomes a table again, has no versions any more. */
function asLatest(record: StreamRecord): StreamRecord {
  if (record.isLatest) return record;
  const { value: newValue, oldValue, timestamp } = record;
  return record.withChange({ newValue, oldValue, timestamp });
}
