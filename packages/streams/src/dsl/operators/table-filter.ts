import { requireSynchronous } from "../../processor/callback-result.ts";
import type { TableNode } from "../stream-node.ts";
import { derivedTable, type DerivedTableOptions } from "./derived-table.ts";

/** Decides by value and key whether a row stays: what is truthy holds. A type guard narrows the table's type. */
export type TablePredicate<K, V> = (value: V, key: K) => unknown;

/** `KTable.filter`, `KTable.filterNot`. */
export function filterTable(
  input: TableNode,
  operator: "filter" | "filterNot",
  predicate: TablePredicate<unknown, unknown>,
  options: DerivedTableOptions = {},
): TableNode {
  const wanted = operator === "filter";
  const compute = (key: unknown, value: unknown): unknown =>
    Boolean(requireSynchronous(predicate(value, key), operator)) === wanted ? value : null;
  return derivedTable(
    input,
    {
      prefix: "KTABLE-FILTER-",
      compute,
      skipsAbsent: true,
      // Where the table above is kept anyway, old values tell which deletions would be of nothing.
      demand: (tables, parent, self) => {
        if (tables.askOldValues(parent, false)) tables.askOldValues(self, false);
      },
      valueSerde: input.valueSerde,
    },
    options,
  );
}
