import type { ArrayNode, ObjectNode, SchemaNode } from "../schema/schema-node.ts";
import { found, type Comparing, type Found } from "./found.ts";

type Rest = Pick<ObjectNode | ArrayNode, "additional" | "unevaluated">;
type Of = "PROPERTIES" | "ITEMS";

/** `additionalProperties` and `additionalItems`: absent, false, or a schema. */
export function restFound(
  comparing: Comparing,
  of: Of,
  { additional: was }: Rest,
  { additional: is }: Rest,
): readonly Found[] {
  if ((was === false) !== (is === false))
    return found(was === false ? `ADDITIONAL_${of}_ADDED` : `ADDITIONAL_${of}_REMOVED`);
  if (was === false || is === false) return [];
  if (was === undefined && is !== undefined) return found(`ADDITIONAL_${of}_NARROWED`);
  if (was !== undefined && is === undefined) return found(`ADDITIONAL_${of}_EXTENDED`);
  return comparing.compare(was, is);
}

/** `unevaluatedProperties` and `unevaluatedItems`; absent is not the same as true here. */
export function unevaluatedFound(
  comparing: Comparing,
  of: Of,
  { unevaluated: was }: Rest,
  { unevaluated: is }: Rest,
): readonly Found[] {
  if (was === undefined && is === undefined) return [];
  if ((was?.kind === "never") !== (is?.kind === "never"))
    return found(was?.kind === "never" ? `UNEVALUATED_${of}_ADDED` : `UNEVALUATED_${of}_REMOVED`);
  if (was === undefined) return found(`UNEVALUATED_${of}_NARROWED`);
  if (is === undefined) return found(`UNEVALUATED_${of}_EXTENDED`);
  if ((was.kind === "any") !== (is.kind === "any"))
    return found(was.kind === "any" ? `UNEVALUATED_${of}_NARROWED` : `UNEVALUATED_${of}_EXTENDED`);
  return comparing.compare(was, is);
}

/** What properties or items have to be that no schema describes by name or place. */
export interface Others {
  /** Anything. */
  readonly isOpen: boolean;
  /** What this takes. Absent, and not open: there may be none. */
  readonly schema?: SchemaNode;
}

export function othersOf({ additional, unevaluated }: Rest): Others {
  if (additional === false) return { isOpen: false };
  if (additional !== undefined) return { isOpen: false, schema: additional };
  if (unevaluated === undefined || unevaluated.kind === "any") return { isOpen: true };
  return unevaluated.kind === "never" ? { isOpen: false } : { isOpen: false, schema: unevaluated };
}

/** What was described is not any more: what was written has to be taken by what is said of others. */
export function removedFound(
  comparing: Comparing,
  of: "PROPERTY" | "ITEM",
  was: SchemaNode,
  { isOpen, schema }: Others,
): readonly Found[] {
  if (isOpen) return found(`${of}_REMOVED_FROM_OPEN_CONTENT_MODEL`);
  if (schema === undefined)
    return found(
      was.kind === "never"
        ? `${of}_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL`
        : `${of}_REMOVED_FROM_CLOSED_CONTENT_MODEL`,
    );
  const inner = comparing.compare(was, schema);
  return [
    ...inner,
    ...found(
      comparing.allows(inner)
        ? `${of}_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL`
        : `${of}_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL`,
    ),
  ];
}

/** What is described was one of the others: it has to take what was allowed of them. */
export function coveredFound(
  comparing: Comparing,
  of: "PROPERTY" | "ITEM",
  others: SchemaNode,
  is: SchemaNode,
): readonly Found[] {
  const inner = comparing.compare(others, is);
  return [
    ...inner,
    ...found(
      comparing.allows(inner)
        ? `${of}_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL`
        : `${of}_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL`,
    ),
  ];
}
