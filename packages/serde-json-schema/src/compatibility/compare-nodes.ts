import { decimalOf, isEqual, isMultiple } from "../json/decimal.ts";
import { identityOf, isSameJson } from "../json/same-json.ts";
import type {
  CombinedNode,
  EnumNode,
  NumberNode,
  SchemaNode,
  StringNode,
} from "../schema/schema-node.ts";
import { compareArrays } from "./compare-arrays.ts";
import { compareCombined } from "./compare-combined.ts";
import { compareObjects } from "./compare-objects.ts";
import { found, limitFound, under, type Comparing, type Found } from "./found.ts";

/** Compares two schemas, neither a reference. */
export function compareNodes(
  comparing: Comparing,
  original: SchemaNode,
  update: SchemaNode,
): readonly Found[] {
  const eased = compareWithPart(comparing, original, update);
  if (eased !== undefined) return eased;
  if (original.kind !== update.kind) {
    const isWidened = original.kind === "never" || update.kind === "any";
    const isBytes = original.isConnectBytes && update.isConnectBytes;
    return isWidened || isBytes ? [] : found("TYPE_CHANGED");
  }
  return [...compareAnnotations(original, update), ...compareKind(comparing, original, update)];
}

/** One schema against several: it may be one of them. Undefined: it is not, or neither is one of several. */
function compareWithPart(
  comparing: Comparing,
  original: SchemaNode,
  update: SchemaNode,
): readonly Found[] | undefined {
  if (original.kind !== "combined" && update.kind === "combined")
    return firstAllowed(comparing, update, "SUM_TYPE_EXTENDED", (part) =>
      comparing.compare(original, part),
    );
  if (original.kind === "combined" && update.kind !== "combined")
    return firstAllowed(comparing, original, "PRODUCT_TYPE_NARROWED", (part) =>
      comparing.compare(part, update),
    );
  return undefined;
}

function firstAllowed(
  comparing: Comparing,
  { parts, criterion }: CombinedNode,
  kind: "SUM_TYPE_EXTENDED" | "PRODUCT_TYPE_NARROWED",
  compare: (part: SchemaNode) => readonly Found[],
): readonly Found[] | undefined {
  const isSingle = parts.length === 1;
  if (!isSingle && (criterion === "allOf") !== (kind === "PRODUCT_TYPE_NARROWED")) return undefined;
  for (const part of parts) {
    const inner = compare(part);
    if (comparing.allows(inner)) return isSingle ? inner : [...inner, ...found(kind)];
  }
  return undefined;
}

function compareAnnotations(original: SchemaNode, update: SchemaNode): readonly Found[] {
  return [
    ...(original.id === update.id ? [] : found("ID_CHANGED")),
    ...(original.title === update.title ? [] : found("TITLE_CHANGED")),
    ...(original.description === update.description ? [] : found("DESCRIPTION_CHANGED")),
    ...(isSameJson(original.default, update.default) ? [] : found("DEFAULT_CHANGED")),
  ];
}

function compareKind(
  comparing: Comparing,
  original: SchemaNode,
  update: SchemaNode,
): readonly Found[] {
  if (original.kind === "string" && update.kind === "string")
    return compareStrings(original, update);
  if (original.kind === "number" && update.kind === "number")
    return compareNumbers(original, update);
  if (original.kind === "object" && update.kind === "object")
    return compareObjects(comparing, original, update);
  if (original.kind === "array" && update.kind === "array")
    return compareArrays(comparing, original, update);
  if (original.kind === "combined" && update.kind === "combined")
    return compareCombined(comparing, original, update);
  if (original.kind === "enum" && update.kind === "enum") return compareEnums(original, update);
  if (original.kind === "const" && update.kind === "const")
    return isSameJson(original.value, update.value) ? [] : found("ENUM_ARRAY_CHANGED", "const");
  if (original.kind === "not" && update.kind === "not") {
    // What is excluded the other way round: less may be excluded, not more.
    const inner = comparing.compare(update.schema, original.schema);
    return found(comparing.allows(inner) ? "NOT_TYPE_NARROWED" : "NOT_TYPE_EXTENDED", "not");
  }
  return [];
}

function compareStrings(original: StringNode, update: StringNode): readonly Found[] {
  return [
    ...limitFound("maxLength", "MAX_LENGTH", original.maxLength, update.maxLength),
    ...limitFound("minLength", "MIN_LENGTH", original.minLength, update.minLength),
    ...under("pattern", comparePatterns(original.pattern, update.pattern)),
  ];
}

function comparePatterns(was: string | undefined, is: string | undefined): readonly Found[] {
  if (was === is) return [];
  if (was === undefined) return found("PATTERN_ADDED");
  return found(is === undefined ? "PATTERN_REMOVED" : "PATTERN_CHANGED");
}

function compareNumbers(original: NumberNode, update: NumberNode): readonly Found[] {
  return [
    ...limitFound("maximum", "MAXIMUM", original.maximum, update.maximum),
    ...limitFound("minimum", "MINIMUM", original.minimum, update.minimum),
    ...limitFound(
      "exclusiveMaximum",
      "EXCLUSIVE_MAXIMUM",
      original.exclusiveMaximum,
      update.exclusiveMaximum,
    ),
    ...limitFound(
      "exclusiveMinimum",
      "EXCLUSIVE_MINIMUM",
      original.exclusiveMinimum,
      update.exclusiveMinimum,
    ),
    ...under("multipleOf", compareDivisors(original.multipleOf, update.multipleOf)),
    ...(original.isInteger === update.isInteger
      ? []
      : found(original.isInteger ? "TYPE_EXTENDED" : "TYPE_NARROWED")),
  ];
}

function compareDivisors(was: string | undefined, is: string | undefined): readonly Found[] {
  if (was === undefined || is === undefined) {
    if (was === is) return [];
    return found(was === undefined ? "MULTIPLE_OF_ADDED" : "MULTIPLE_OF_REMOVED");
  }
  const [before, after] = [decimalOf(was), decimalOf(is)];
  if (isEqual(before, after)) return [];
  if (isMultiple(after, before) === true) return found("MULTIPLE_OF_EXPANDED");
  return found(isMultiple(before, after) === true ? "MULTIPLE_OF_REDUCED" : "MULTIPLE_OF_CHANGED");
}

function compareEnums({ values: were }: EnumNode, { values: are }: EnumNode): readonly Found[] {
  const [before, after] = [were, are].map((values) => new Set(values.map(identityOf)));
  const keepsAll = [...before].every((value) => after.has(value));
  const addsNone = [...after].every((value) => before.has(value));
  if (keepsAll && addsNone) return [];
  if (keepsAll) return found("ENUM_ARRAY_EXTENDED", "enum");
  return found(addsNone ? "ENUM_ARRAY_NARROWED" : "ENUM_ARRAY_CHANGED", "enum");
}
