import { operatorPlan } from "../../plan/plan-node.ts";
import type { SourceTablePlan } from "../../plan/table-plan.ts";
import { draftStore, type StoreOption } from "../store-options.ts";
import {
  requireSerde,
  type NamedOptions,
  type StreamNode,
  type TableNode,
} from "../stream-node.ts";
import { repartitionedIfNeeded } from "./repartition.ts";
import type { SerdesGiven } from "./stateless-operator.ts";
import { addTableSource } from "./table-source.ts";

const prefix = "KSTREAM-TOTABLE-";

/** `KStream.toTable`. */
export function toTable(
  input: StreamNode,
  options: NamedOptions & SerdesGiven & { readonly store?: StoreOption } = {},
): TableNode {
  const { recorder } = input;
  const keySerde = requireSerde(options.key ?? input.keySerde, "key", "toTable");
  const valueSerde = requireSerde(options.value ?? input.valueSerde, "value", "toTable");
  const name = recorder.naming.nodeOr(options.name, prefix);
  const store = draftStore(options.store, prefix, recorder.naming);
  const isNamedByUser = options.name !== undefined;
  const above = repartitionedIfNeeded(input, { prefix: name, isNamedByUser, keySerde, valueSerde });
  const table: SourceTablePlan = { kind: "source", store };
  const plan = operatorPlan({
    name,
    lower: (topology, parents, tables) =>
      addTableSource(topology, tables, { name, parents, table, keySerde, valueSerde }),
  });
  recorder.add([above.plan], plan);
  const storeName = store.isNamedByUser ? store.name : undefined;
  return { recorder, plan, keySerde, valueSerde, storeName, table, sources: above.sources };
}
