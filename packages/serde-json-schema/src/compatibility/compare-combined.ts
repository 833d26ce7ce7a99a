import { printJson } from "../json/print-json.ts";
import type { CombinedNode, SchemaNode } from "../schema/schema-node.ts";
import { found, under, type Comparing, type Found } from "./found.ts";

/** Each part of the smaller side has to have a part of the other, one for one, that it can be read as. */
export function compareCombined(
  comparing: Comparing,
  original: CombinedNode,
  update: CombinedNode,
): readonly Found[] {
  const criteria = compareCriteria(original, update);
  if (criteria === "COMBINED_TYPE_CHANGED") return found(criteria);
  const were = withoutRepeats(original.parts);
  const are = withoutRepeats(update.parts);
  const candidates = were.map((was, i) =>
    are.map((is) => {
      const inner = comparing.compare(was, is);
      return comparing.allows(inner) ? under(`${original.criterion}/${i}`, inner) : undefined;
    }),
  );
  const matched = matching(candidates, are.length);
  return [
    ...(criteria === undefined ? [] : found(criteria)),
    ...compareSizes(original, update, were.length, are.length),
    ...matched.flat(),
    ...(matched.length < Math.min(were.length, are.length)
      ? found("COMBINED_TYPE_SUBSCHEMAS_CHANGED")
      : []),
  ];
}

function compareCriteria(
  original: CombinedNode,
  update: CombinedNode,
): "COMBINED_TYPE_EXTENDED" | "COMBINED_TYPE_CHANGED" | undefined {
  if (original.criterion === update.criterion) return undefined;
  const wasSingle = original.parts.length === 1;
  const isSingle = update.parts.length === 1;
  const isExtended =
    update.criterion === "anyOf" ||
    (wasSingle && isSingle) ||
    (wasSingle && update.criterion === "oneOf") ||
    (isSingle && original.criterion === "allOf");
  return isExtended ? "COMBINED_TYPE_EXTENDED" : "COMBINED_TYPE_CHANGED";
}

function compareSizes(
  original: CombinedNode,
  update: CombinedNode,
  were: number,
  are: number,
): readonly Found[] {
  if (were < are)
    return found(update.criterion === "allOf" ? "PRODUCT_TYPE_EXTENDED" : "SUM_TYPE_EXTENDED");
  if (were > are)
    return found(original.criterion === "allOf" ? "PRODUCT_TYPE_NARROWED" : "SUM_TYPE_NARROWED");
  return [];
}

function withoutRepeats(parts: readonly SchemaNode[]): readonly SchemaNode[] {
  return [...new Map(parts.map((part) => [identityOf(part), part])).values()];
}

function identityOf(node: SchemaNode): string {
  const kind = node.kind === "number" && node.isInteger ? "integer" : node.kind;
  return `${kind} ${printJson(node.source, "sorted")}`;
}

/** As many pairs as there can be, each side in at most one; what was found within each. */
function matching<T>(
  candidates: readonly (readonly (T | undefined)[])[],
  columns: number,
): readonly T[] {
  const rowOf = Array.from({ length: columns }, (): number | undefined => undefined);
  const place = (row: number, tried: Set<number>): boolean => {
    for (let column = 0; column < columns; column++) {
      if (candidates[row][column] === undefined || tried.has(column)) continue;
      tried.add(column);
      const holder = rowOf[column];
      if (holder !== undefined && !place(holder, tried)) continue;
      rowOf[column] = row;
      return true;
    }
    return false;
  };
  for (let row = 0; row < candidates.length; row++) place(row, new Set());
  return rowOf.flatMap((row, column) => {
    const pair = row === undefined ? undefined : candidates[row][column];
    return pair === undefined ? [] : [pair];
  });
}
