import { isArray, type JsonValue } from "../json/json-value.ts";
import { isPattern } from "../patterns/pattern.ts";
import { isModern, type Draft } from "./draft.ts";
import type { Keywords } from "./keywords.ts";
import type { Located } from "./schema-documents.ts";
import type {
  Annotated,
  ArrayNode,
  NumberNode,
  ObjectNode,
  SchemaNode,
  StringNode,
} from "./schema-node.ts";

/** Reads the schemas within a schema. */
export interface ReadContext {
  readonly draft: Draft;
  child(parent: Located, json: JsonValue, keys: string): SchemaNode;
}

interface At {
  readonly context: ReadContext;
  readonly located: Located;
  readonly keywords: Keywords;
}

export function stringNode(keywords: Keywords, bare: Annotated): StringNode {
  keywords.string("format");
  const pattern = keywords.string("pattern");
  if (pattern !== undefined && !isPattern(pattern))
    throw keywords.wrong("pattern", "a regular expression");
  return {
    ...bare,
    kind: "string",
    ...defined("minLength", keywords.integer("minLength")),
    ...defined("maxLength", keywords.integer("maxLength")),
    ...defined("pattern", pattern),
  };
}

export function numberNode(keywords: Keywords, bare: Annotated, isInteger: boolean): NumberNode {
  const multipleOf = keywords.digits("multipleOf");
  if (multipleOf !== undefined && Number(multipleOf) === 0)
    throw keywords.wrong("multipleOf", "a number other than 0");
  return {
    ...bare,
    kind: "number",
    isInteger,
    ...defined("minimum", keywords.number("minimum")),
    ...defined("maximum", keywords.number("maximum")),
    ...defined("exclusiveMinimum", limit(keywords, "exclusiveMinimum")),
    ...defined("exclusiveMaximum", limit(keywords, "exclusiveMaximum")),
    ...defined("multipleOf", multipleOf),
  };
}

/** In draft 4 it says of the inclusive limit whether it is meant so: nothing compares that. */
function limit(keywords: Keywords, name: string): number | undefined {
  return typeof keywords.any(name) === "boolean" ? undefined : keywords.number(name);
}

export function objectNode(at: At, bare: Annotated): ObjectNode {
  const { keywords } = at;
  // Those of names alone are compared; a schema of the names is read to be checked.
  child(at, "propertyNames");
  return {
    ...bare,
    kind: "object",
    properties: children(at, "properties"),
    patternProperties: patterns(at),
    required: new Set(keywords.strings("required")),
    ...defined("additional", rest(at, "additionalProperties")),
    ...defined("unevaluated", unevaluated(at, "unevaluatedProperties")),
    ...dependencies(at),
    ...defined("minProperties", keywords.integer("minProperties")),
    ...defined("maxProperties", keywords.integer("maxProperties")),
  };
}

export function arrayNode(at: At, bare: Annotated): ArrayNode {
  const { keywords } = at;
  const contains = child(at, "contains");
  const counts = contains !== undefined && isModern(at.context.draft);
  return {
    ...bare,
    kind: "array",
    ...itemsOf(at),
    ...defined("unevaluated", unevaluated(at, "unevaluatedItems")),
    ...defined("minItems", keywords.integer("minItems")),
    ...defined("maxItems", keywords.integer("maxItems")),
    ...defined("minContains", counts ? (keywords.integer("minContains") ?? 1) : undefined),
    ...defined("maxContains", counts ? keywords.integer("maxContains") : undefined),
    isUnique: keywords.boolean("uniqueItems") ?? false,
  };
}

/** A list of schemas stands under `items` until 2019-09, and under `prefixItems` since. */
function itemsOf(at: At): Pick<ArrayNode, "items" | "prefixItems" | "additional"> {
  const { draft } = at.context;
  if (draft !== "2020-12" && isArray(at.keywords.any("items")))
    return {
      prefixItems: list(at, "items"),
      ...defined("additional", rest(at, "additionalItems")),
    };
  if (!isModern(draft)) {
    const items = child(at, "items");
    const additional = rest(at, "additionalItems");
    const isIdle = items !== undefined && additional === false;
    return {
      prefixItems: [],
      ...defined("items", items),
      ...defined("additional", isIdle ? undefined : additional),
    };
  }
  const prefixItems = list(at, "prefixItems");
  const others = rest(at, "items");
  return prefixItems.length > 0 || others === false
    ? { prefixItems, ...defined("additional", others) }
    : { prefixItems, ...defined("items", others) };
}

function dependencies(at: At): Pick<ObjectNode, "dependentRequired" | "dependentSchemas"> {
  if (isModern(at.context.draft)) {
    const lists = [...(at.keywords.object("dependentRequired") ?? [])];
    return {
      dependentRequired: new Map(
        lists.map(([name, value]) => [name, names(at, `dependentRequired/${name}`, value)]),
      ),
      dependentSchemas: children(at, "dependentSchemas"),
    };
  }
  const dependentRequired = new Map<string, ReadonlySet<string>>();
  const dependentSchemas = new Map<string, SchemaNode>();
  for (const [name, value] of at.keywords.object("dependencies") ?? []) {
    const keys = `dependencies/${name}`;
    if (isArray(value)) dependentRequired.set(name, names(at, keys, value));
    else dependentSchemas.set(name, at.context.child(at.located, value, keys));
  }
  return { dependentRequired, dependentSchemas };
}

function names(at: At, keys: string, value: JsonValue): ReadonlySet<string> {
  const all = isArray(value) ? value : [value];
  if (isArray(value) && all.every((name) => typeof name === "string")) return new Set(all);
  throw at.keywords.wrong(keys, "an array of strings");
}

/** What holds for the rest: nothing where it is not limited. */
function rest(at: At, name: string): false | SchemaNode | undefined {
  const value = at.keywords.any(name);
  if (value === true || value === false) return value ? undefined : value;
  return child(at, name);
}

function unevaluated(at: At, name: string): SchemaNode | undefined {
  return isModern(at.context.draft) ? child(at, name) : undefined;
}

function child({ context, located, keywords }: At, name: string): SchemaNode | undefined {
  const json = keywords.any(name);
  return json === undefined ? undefined : context.child(located, json, name);
}

function children(at: At, name: string): ReadonlyMap<string, SchemaNode> {
  const members = [...(at.keywords.object(name) ?? [])];
  return new Map(
    members.map(([key, json]) => [key, at.context.child(at.located, json, `${name}/${key}`)]),
  );
}

function patterns(at: At): ReadonlyMap<string, SchemaNode> {
  const nodes = children(at, "patternProperties");
  const wrong = [...nodes.keys()].find((pattern) => !isPattern(pattern));
  if (wrong === undefined) return nodes;
  throw at.keywords.wrong(`patternProperties/${wrong}`, "named by a regular expression");
}

function list(at: At, name: string): readonly SchemaNode[] {
  const items = at.keywords.array(name) ?? [];
  return items.map((json, i) => at.context.child(at.located, json, `${name}/${i}`));
}

/** A member, if there is one: none of them is undefined. */
function defined<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [N in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [N in Name]?: Value });
}
