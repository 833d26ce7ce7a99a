import type { Serde } from "@millrace/serde";

import { operatorPlan } from "../../plan/plan-node.ts";
import type { DerivedTablePlan } from "../../plan/table-plan.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import { draftStore } from "../store-options.ts";
import { requireSerde, type TableNode } from "../stream-node.ts";
import { TableUpdates, type TableUpdatesOptions } from "../table-updates.ts";
import {
  connectedStores,
  connectStores,
  storeNameOf,
  type TableOfHandle,
} from "./connected-stores.ts";
import type { DerivedTableOptions } from "./derived-table.ts";
import {
  transformedView,
  ValueTransformer,
  type DefinedTransformer,
  type TransformerParts,
} from "./value-transformer.ts";

/** A definition of the user's, without its types. */
export interface UntypedTransformer extends DefinedTransformer {
  readonly stores?: Readonly<Record<string, unknown>>;
}

interface TransformOptions extends DerivedTableOptions {
  readonly value?: Serde<unknown>;
  readonly tableOf: TableOfHandle;
}

/** `KTable.transformValues`. */
export function transformTableValues(
  input: TableNode,
  definition: UntypedTransformer,
  { value, tableOf, ...options }: TransformOptions,
): TableNode {
  const { recorder, keySerde } = input;
  const prefix = "KTABLE-TRANSFORMVALUES-";
  const valueSerde =
    options.store === undefined ? value : requireSerde(value, "value", "transformValues");
  const stores = connectedStores("transformValues", { stores: definition.stores, input, tableOf });
  const parts: TransformerParts = { definition, stores };
  const isNamed = typeof options.store === "string" || options.store?.name !== undefined;
  // Unlike other operators of tables, it burns no index for a store without a name.
  const store = isNamed ? draftStore(options.store, prefix, recorder.naming) : undefined;
  const name = recorder.naming.nodeOr(options.name, prefix);
  const ownStores = stores.map(storeNameOf);
  const table: DerivedTablePlan = {
    kind: "derived",
    parent: input.table,
    store,
    isKeptByUser: options.store !== undefined,
    viewOf: (parent) => transformedView(parent, parts, ownStores),
  };
  const plan = operatorPlan({
    name,
    lower: (topology, parents, tables) => {
      const sendsOldValues = tables.sendsOldValues(table);
      const kept = store && { store: store.name, keySerde, sendsOldValues };
      const supplier = (): Processor => new TransformValuesProcessor(parts, sendsOldValues, kept);
      topology.addProcessor({ name, supplier, parents });
      connectStores(topology, name, stores);
      if (store === undefined || keySerde === undefined || valueSerde === undefined) return;
      const serdes = { key: keySerde, value: valueSerde };
      topology.addStore(store.specify(serdes, topology.storeDefaults), [name]);
    },
  });
  recorder.add([input.plan], plan);
  return { ...input, plan, valueSerde, table, storeName: store?.name };
}

/** Kafka: `KTableTransformValues`. */
class TransformValuesProcessor implements Processor {
  readonly forwardsNewRecords = true;
  readonly #parts: TransformerParts;
  readonly #sendsOldValues: boolean;
  readonly #kept: TableUpdatesOptions | undefined;
  #context: ProcessorContext | undefined;
  #transformer: ValueTransformer | undefined;
  #updates: TableUpdates<unknown, unknown> | undefined;

  constructor(
    parts: TransformerParts,
    sendsOldValues: boolean,
    kept: TableUpdatesOptions | undefined,
  ) {
    this.#parts = parts;
    this.#sendsOldValues = sendsOldValues;
    this.#kept = kept;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#transformer = new ValueTransformer(this.#parts, context);
    if (this.#kept !== undefined) this.#updates = new TableUpdates(context, this.#kept);
  }

  process(record: StreamRecord): void {
    const context = this.#context;
    const transformer = this.#transformer;
    if (context === undefined || transformer === undefined) return;
    const { key, timestamp, headers, isLatest } = record;
    const row = { timestamp, headers, metadata: context.recordMetadata };
    const newValue = transformer.transform(key, record.value ?? null, row);
    if (this.#updates !== undefined) {
      const old = this.#sendsOldValues ? this.#updates.read(record) : null;
      this.#updates.put(record, newValue, old, timestamp);
      return;
    }
    const oldValue = this.#sendsOldValues
      ? transformer.transform(key, record.oldValue ?? null, row)
      : undefined;
    context.forward(record.withChange({ newValue, oldValue, timestamp, isLatest }));
  }

  close(): void {
    this.#transformer?.close();
  }
}
