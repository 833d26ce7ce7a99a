import type { JsonValue } from "../json/json-value.ts";
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
  const were = distinctParts(original);
  const are = distinctParts(update);
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

/** A schema is compared with many others: what it consists of is looked at once. */
const partsByNode = new WeakMap<CombinedNode, readonly SchemaNode[]>();

function distinctParts(node: CombinedNode): readonly SchemaNode[] {
  const known = partsByNode.get(node) ?? withoutRepeats(node.parts);
  partsByNode.set(node, known);
  return known;
}

/** Parts of a list of types stand in one object, which is printed once. */
function withoutRepeats(parts: readonly SchemaNode[]): readonly SchemaNode[] {
  const texts = new Map<string, number>();
  const sources = new Map<JsonValue, number>();
  const numberOf = (source: JsonValue): number => {
    const known = sources.get(source);
    if (known !== undefined) return known;
    const text = printJson(source, "sorted");
    const number = texts.get(text) ?? texts.size;
    texts.set(text, number);
    sources.set(source, number);
    return number;
  };
  const distinct = new Map(parts.map((part) => [`${kindOf(part)} ${numberOf(part.source)}`, part]));
  return [...distinct.values()];
}

function kindOf(node: SchemaNode): string {
  return node.kind === "number" && node.isInteger ? "integer" : node.kind;
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
