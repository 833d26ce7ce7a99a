import type { Serde } from "@millrace/serde";

import { operatorPlan } from "../../plan/plan-node.ts";
import type { TableDemands } from "../../plan/table-demands.ts";
import { isVersioned, type DerivedTablePlan, type TablePlan } from "../../plan/table-plan.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import { derivedView } from "../../processor/value-getter.ts";
import { draftNamedStore, type StoreOption } from "../store-options.ts";
import type { NamedOptions, TableNode } from "../stream-node.ts";
import { TableUpdates, type TableUpdatesOptions } from "../table-updates.ts";

export type DerivedTableOptions = NamedOptions & { readonly store?: StoreOption };

export interface DerivedTable {
  /** Of the generated name: Kafka's, such as `KTABLE-FILTER-`. */
  readonly prefix: string;
  /** The row of the result, or null; of a row that is there. */
  readonly compute: (key: unknown, value: unknown) => unknown;
  /** True: where there was no row and is none, nothing is forwarded, if that can be known. */
  readonly skipsAbsent: boolean;
  /** What it asks of the table above by itself. */
  readonly demand?: (tables: TableDemands, parent: TablePlan, self: TablePlan) => void;
  readonly valueSerde: Serde<unknown> | undefined;
}

/** Adds a table that is computed from another one, row by row, kept where the user named its store. */
export function derivedTable(
  input: TableNode,
  derived: DerivedTable,
  options: DerivedTableOptions,
): TableNode {
  const { recorder, keySerde } = input;
  const { valueSerde } = derived;
  const store = draftNamedStore(options.store, derived.prefix, recorder.naming);
  const name = recorder.naming.nodeOr(options.name, derived.prefix);
  const table: DerivedTablePlan = {
    kind: "derived",
    parent: input.table,
    store,
    isKeptByUser: options.store !== undefined,
    viewOf: (parent) => derivedView(parent, derived.compute),
  };
  const plan = operatorPlan({
    name,
    demand: (tables) => derived.demand?.(tables, input.table, table),
    lower: (topology, parents, tables) => {
      const sendsOldValues = tables.sendsOldValues(table);
      const kept = store && { store: store.name, keySerde, sendsOldValues };
      // Of versions that are out of order, the one before is not what their result replaces.
      const skipsAbsent = derived.skipsAbsent && !isVersioned(input.table);
      const how = { ...derived, skipsAbsent };
      const supplier = (): Processor => new DerivedTableProcessor(how, sendsOldValues, kept);
      topology.addProcessor({ name, supplier, parents });
      if (store === undefined || keySerde === undefined || valueSerde === undefined) return;
      const serdes = { key: keySerde, value: valueSerde };
      topology.addStore(store.specify(serdes, topology.storeDefaults), [name]);
    },
  });
  recorder.add([input.plan], plan);
  return { ...input, plan, valueSerde, table, storeName: store?.name };
}

/** Kafka: `KTableFilter`, `KTableMapValues`. */
class DerivedTableProcessor implements Processor {
  readonly forwardsNewRecords = true;
  readonly #derived: DerivedTable;
  readonly #sendsOldValues: boolean;
  readonly #kept: TableUpdatesOptions | undefined;
  #context: ProcessorContext | undefined;
  #updates: TableUpdates<unknown, unknown> | undefined;

  constructor(
    derived: DerivedTable,
    sendsOldValues: boolean,
    kept: TableUpdatesOptions | undefined,
  ) {
    this.#derived = derived;
    this.#sendsOldValues = sendsOldValues;
    this.#kept = kept;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    if (this.#kept !== undefined) this.#updates = new TableUpdates(context, this.#kept);
  }

  process(record: StreamRecord): void {
    const newValue = this.#compute(record.key, record.value);
    const updates = this.#updates;
    const old = this.#oldOf(record);
    const isAbsent = this.#sendsOldValues && newValue === null && (old ?? null) === null;
    if (isAbsent && this.#derived.skipsAbsent) return;
    if (updates !== undefined) updates.put(record, newValue, old ?? null, record.timestamp);
    else {
      const { timestamp, isLatest } = record;
      this.#context?.forward(record.withChange({ newValue, oldValue: old, timestamp, isLatest }));
    }
  }

  #oldOf(record: StreamRecord): unknown {
    if (!this.#sendsOldValues) return undefined;
    return this.#updates === undefined
      ? this.#compute(record.key, record.oldValue)
      : this.#updates.read(record);
  }

  #compute(key: unknown, value: unknown): unknown {
    return value === null || value === undefined ? null : this.#derived.compute(key, value);
  }
}
