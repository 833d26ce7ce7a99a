import type { ArrayNode, SchemaNode } from "../schema/schema-node.ts";
import {
  coveredFound,
  othersOf,
  removedFound,
  restFound,
  unevaluatedFound,
} from "./compare-rest.ts";
import { found, limitFound, under, type Comparing, type Found } from "./found.ts";

export function compareArrays(
  comparing: Comparing,
  original: ArrayNode,
  update: ArrayNode,
): readonly Found[] {
  return [
    ...under("items", comparing.compare(original.items, update.items)),
    ...comparePrefixes(comparing, original, update),
    ...under("additionalItems", restFound(comparing, "ITEMS", original, update)),
    ...under("unevaluatedItems", unevaluatedFound(comparing, "ITEMS", original, update)),
    ...limitFound("maxItems", "MAX_ITEMS", original.maxItems, update.maxItems),
    ...limitFound("minItems", "MIN_ITEMS", original.minItems, update.minItems),
    ...(original.isUnique === update.isUnique
      ? []
      : found(original.isUnique ? "UNIQUE_ITEMS_REMOVED" : "UNIQUE_ITEMS_ADDED", "uniqueItems")),
    ...limitFound("maxContains", "MAX_CONTAINS", original.maxContains, update.maxContains),
    ...limitFound("minContains", "MIN_CONTAINS", original.minContains, update.minContains),
  ];
}

function comparePrefixes(
  comparing: Comparing,
  original: ArrayNode,
  update: ArrayNode,
): readonly Found[] {
  const count = Math.max(original.prefixItems.length, update.prefixItems.length);
  return Array.from({ length: count }, (_, i) => {
    const was: SchemaNode | undefined = original.prefixItems[i];
    const is: SchemaNode | undefined = update.prefixItems[i];
    const inner =
      is === undefined
        ? removedFound(comparing, "ITEM", was, othersOf(update))
        : was === undefined
          ? added(comparing, original, is)
          : comparing.compare(was, is);
    return under(`items/${i}`, inner);
  }).flat();
}

function added(comparing: Comparing, original: ArrayNode, is: SchemaNode): readonly Found[] {
  const { isOpen, schema } = othersOf(original);
  if (schema !== undefined) return coveredFound(comparing, "ITEM", schema, is);
  if (!isOpen) return found("ITEM_ADDED_TO_CLOSED_CONTENT_MODEL");
  return found(
    is.kind === "any"
      ? "ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL"
      : "ITEM_ADDED_TO_OPEN_CONTENT_MODEL",
  );
}
