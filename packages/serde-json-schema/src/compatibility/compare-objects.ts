import { Pattern } from "../patterns/pattern.ts";
import type { ObjectNode, SchemaNode } from "../schema/schema-node.ts";
import {
  coveredFound,
  othersOf,
  removedFound,
  restFound,
  unevaluatedFound,
  type Others,
} from "./compare-rest.ts";
import { found, limitFound, under, type Comparing, type Found } from "./found.ts";

export function compareObjects(
  comparing: Comparing,
  original: ObjectNode,
  update: ObjectNode,
): readonly Found[] {
  return [
    ...under("required", compareRequired(original, update)),
    ...under("properties", compareProperties(comparing, original, update)),
    ...under("dependencies", compareDependencies(comparing, original, update)),
    ...under("additionalProperties", restFound(comparing, "PROPERTIES", original, update)),
    ...under("unevaluatedProperties", unevaluatedFound(comparing, "PROPERTIES", original, update)),
    ...limitFound("maxProperties", "MAX_PROPERTIES", original.maxProperties, update.maxProperties),
    ...limitFound("minProperties", "MIN_PROPERTIES", original.minProperties, update.minProperties),
  ];
}

/** Only of properties that both know; one that is required without being described is not seen. */
function compareRequired(original: ObjectNode, update: ObjectNode): readonly Found[] {
  return [...original.properties.keys()].flatMap((name) => {
    const schema = update.properties.get(name);
    const was = original.required.has(name);
    const is = update.required.has(name);
    if (schema === undefined || was === is) return [];
    if (was) return found("REQUIRED_ATTRIBUTE_REMOVED", name);
    return found(
      hasDefault(schema) ? "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED" : "REQUIRED_ATTRIBUTE_ADDED",
      name,
    );
  });
}

function compareProperties(
  comparing: Comparing,
  original: ObjectNode,
  update: ObjectNode,
): readonly Found[] {
  const names = new Set([...original.properties.keys(), ...update.properties.keys()]);
  return [...names].flatMap((name) => {
    const was = original.properties.get(name);
    const is = update.properties.get(name);
    if (was !== undefined && is !== undefined) return under(name, comparing.compare(was, is));
    if (was !== undefined) {
      const others = othersNamed(comparing, update, name);
      return under(name, removedFound(comparing, "PROPERTY", was, others));
    }
    if (is === undefined) return [];
    const others = othersNamed(comparing, original, name);
    return under(name, added(comparing, others, is, update.required.has(name)));
  });
}

/** Where others were allowed, somebody may have written the property with another type. */
function added(
  comparing: Comparing,
  { isOpen, schema }: Others,
  is: SchemaNode,
  isRequired: boolean,
): readonly Found[] {
  if (isOpen) {
    if (is.kind === "any") return found("PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL");
    if (!isRequired) return found("OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL");
    return found(
      hasDefault(is)
        ? "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL"
        : "REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
    );
  }
  const covered = schema === undefined ? [] : coveredFound(comparing, "PROPERTY", schema, is);
  if (!isRequired) return [...covered, ...found("OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL")];
  return [
    ...covered,
    ...found(
      hasDefault(is)
        ? "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL"
        : "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
    ),
  ];
}

function compareDependencies(
  comparing: Comparing,
  original: ObjectNode,
  update: ObjectNode,
): readonly Found[] {
  const names = new Set([...original.dependentRequired.keys(), ...update.dependentRequired.keys()]);
  const lists = [...names].flatMap((name) =>
    under(
      name,
      compareNames(original.dependentRequired.get(name), update.dependentRequired.get(name)),
    ),
  );
  const keys = new Set([...original.dependentSchemas.keys(), ...update.dependentSchemas.keys()]);
  const schemas = [...keys].flatMap((name) => {
    const was = original.dependentSchemas.get(name);
    const is = update.dependentSchemas.get(name);
    if (is === undefined) return found("DEPENDENCY_SCHEMA_REMOVED", name);
    if (was === undefined) return found("DEPENDENCY_SCHEMA_ADDED", name);
    return under(name, comparing.compare(was, is));
  });
  return [...lists, ...schemas];
}

function compareNames(
  was: ReadonlySet<string> | undefined,
  is: ReadonlySet<string> | undefined,
): readonly Found[] {
  if (is === undefined) return found("DEPENDENCY_ARRAY_REMOVED");
  if (was === undefined) return found("DEPENDENCY_ARRAY_ADDED");
  const keepsAll = [...was].every((name) => is.has(name));
  const addsNone = [...is].every((name) => was.has(name));
  if (keepsAll && addsNone) return [];
  if (keepsAll) return found("DEPENDENCY_ARRAY_EXTENDED");
  return found(addsNone ? "DEPENDENCY_ARRAY_NARROWED" : "DEPENDENCY_ARRAY_CHANGED");
}

/** A pattern speaks before what is said of all others; once there is one, the object is not open. */
function othersNamed(comparing: Comparing, node: ObjectNode, name: string): Others {
  for (const { pattern, schema } of patternsOf(node)) {
    comparing.count();
    if (matches(pattern, name)) return { isOpen: false, schema };
  }
  const others = othersOf(node);
  return node.patternProperties.size > 0 ? { ...others, isOpen: false } : others;
}

interface PatternSchema {
  /** Undefined: one that cannot be matched within a bound. */
  readonly pattern: Pattern | undefined;
  readonly schema: SchemaNode;
}

/** Each is made ready once, however many names it meets. */
const patternsByNode = new WeakMap<ObjectNode, readonly PatternSchema[]>();

function patternsOf(node: ObjectNode): readonly PatternSchema[] {
  const known =
    patternsByNode.get(node) ??
    [...node.patternProperties].map(([source, schema]) => ({ pattern: patternOf(source), schema }));
  patternsByNode.set(node, known);
  return known;
}

function patternOf(source: string): Pattern | undefined {
  try {
    return new Pattern(source);
  } catch {
    return undefined;
  }
}

/** What cannot be matched within a bound covers nothing: the stricter answer. */
function matches(pattern: Pattern | undefined, name: string): boolean {
  try {
    return pattern?.test(name) === true;
  } catch {
    return false;
  }
}

/** What a reference says of itself does not count. */
function hasDefault(schema: SchemaNode): boolean {
  return schema.kind !== "reference" && schema.default !== undefined;
}
