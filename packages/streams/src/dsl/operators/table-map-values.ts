import type { Serde } from "@millrace/serde";

import { requireValue } from "../../processor/callback-result.ts";
import { requireSerde, type TableNode } from "../stream-node.ts";
import { derivedTable, type DerivedTableOptions } from "./derived-table.ts";

export type TableValueMapper<K, V, V2> = (value: V, key: K) => V2;

/** `KTable.mapValues`. */
export function mapTableValues(
  input: TableNode,
  mapper: TableValueMapper<unknown, unknown, unknown>,
  options: DerivedTableOptions & { readonly value?: Serde<unknown> } = {},
): TableNode {
  const valueSerde =
    options.store === undefined ? options.value : requireSerde(options.value, "value", "mapValues");
  const compute = (key: unknown, value: unknown): unknown =>
    requireValue(mapper(value, key), "mapValues");
  return derivedTable(
    input,
    { prefix: "KTABLE-MAPVALUES-", compute, skipsAbsent: false, valueSerde },
    options,
  );
}
