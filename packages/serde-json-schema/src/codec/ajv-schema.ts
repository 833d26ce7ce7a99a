import {
  isArray,
  isNumber,
  isObject,
  type JsonObject,
  type JsonValue,
} from "../json/json-value.ts";
import { isMetaSchema, isModern, type Draft } from "../schema/draft.ts";
import { referenceKeyword } from "../schema/reference-keyword.ts";
import {
  openDocuments,
  type Located,
  type NamedDocument,
  type SchemaDocuments,
} from "../schema/schema-documents.ts";

/** Counts the references that are followed while a value is checked. */
export const stepKeyword = "x-step";

/** A schema as ajv takes it: one document, each of whose references names a member of `$defs`. */
export interface AjvSchema {
  readonly draft: Draft;
  readonly schema: object | boolean;
  /** Whether it speaks of members that every object of JavaScript inherits, such as `constructor`. */
  readonly namesInherited: boolean;
}

/**
 * Makes one document of a schema and all that it refers to, so that ajv has no ids to keep apart: two versions of a
 * schema have the same. Keywords that the draft does not know fall away.
 */
export function toAjvSchema(json: JsonValue, named: readonly NamedDocument[]): AjvSchema {
  const { draft, documents, root } = openDocuments(json, named);
  const bundle = new Bundle(draft, documents, root);
  return { draft, schema: bundle.schema(), namesInherited: bundle.namesInherited };
}

type Plain = Record<string, unknown>;

class Bundle {
  namesInherited = false;
  readonly #draft: Draft;
  readonly #documents: SchemaDocuments;
  readonly #root: Located;
  /** What each schema that is referred to is called. */
  readonly #names = new Map<JsonValue, string>();
  readonly #pending: Located[] = [];

  constructor(draft: Draft, documents: SchemaDocuments, root: Located) {
    this.#draft = draft;
    this.#documents = documents;
    this.#root = root;
  }

  schema(): object | boolean {
    this.#names.set(this.#root.json, "#");
    const root = this.#convert(this.#root);
    if (typeof root === "boolean") return root;
    const definitions: Plain = {};
    for (let i = 0; i < this.#pending.length; i++)
      definitions[`d${i}`] = this.#convert(this.#pending[i]);
    return { ...root, $defs: definitions };
  }

  #convert(located: Located): Plain | boolean {
    const { json } = located;
    if (!isObject(json)) return json !== false;
    // ajv wants one value at least.
    const values = json.get("enum");
    if (isArray(values) && values.length === 0) return false;
    const reference = this.#reference(located, json);
    if (reference !== undefined && !isModern(this.#draft)) return reference;
    const converted: Plain = { ...reference };
    for (const [name, value] of json) this.#keyword(located, name, value, converted);
    return inParts(this.#draft === "4" ? withLimits(converted) : converted);
  }

  #reference(located: Located, json: JsonObject): Plain | undefined {
    const keyword = referenceKeyword(json, this.#draft);
    if (keyword === undefined) return undefined;
    const ref = json.get(keyword) as string;
    const target = this.#documents.find(ref, located);
    // That it is found, or is the schema of schemas, was seen when the schema was read.
    if (target === undefined || isMetaSchema(ref)) return {};
    return { $ref: this.#nameOf(target), [stepKeyword]: true };
  }

  #nameOf(target: Located): string {
    const known = this.#names.get(target.json);
    // Booleans are no objects that could be told apart; what is equal may share a name.
    if (known !== undefined) return known;
    const name = `#/$defs/d${this.#pending.length}`;
    this.#pending.push(target);
    this.#names.set(target.json, name);
    return name;
  }

  #keyword(located: Located, name: string, value: JsonValue, into: Plain): void {
    const child = (json: JsonValue, keys: string): Plain | boolean =>
      this.#convert(this.#documents.child(located, json, keys));
    const isIgnored = isModern(this.#draft) ? ignoredSince2019 : ignoredBefore2019;
    if (isIgnored.has(name)) return;
    if (name === "items" && isArray(value))
      into[name] = value.map((item, i) => child(item, `items/${i}`));
    else if (ofSchema.has(name)) into[name] = child(value, name);
    else if (ofSchemas.has(name) && isArray(value))
      into[name] = value.map((item, i) => child(item, `${name}/${i}`));
    else if (ofNames.has(name) && isObject(value)) {
      this.#note([...value.keys()]);
      into[name] = membersOf(value, (member, key) =>
        isArray(member) ? plain(member) : child(member, `${name}/${key}`),
      );
    } else if (ofValues.has(name)) {
      if (name === "required") this.#note(value as readonly string[]);
      into[name] = plain(value);
    }
  }

  #note(names: readonly string[]): void {
    this.namesInherited ||= names.some((name) => name in Object.prototype);
  }
}

/** ajv puts the check of each property into that of the one before: V8 refuses thousands of braces. */
const propertiesMax = 100;

/** The same with properties in groups: they stay known by name, and are checked group by group. */
function inParts(schema: Plain): Plain {
  const properties = Object.entries((schema["properties"] ?? {}) as Plain);
  if (properties.length <= propertiesMax) return schema;
  const groups = Array.from({ length: Math.ceil(properties.length / propertiesMax) }, (_, i) => ({
    properties: Object.fromEntries(properties.slice(i * propertiesMax, (i + 1) * propertiesMax)),
  }));
  return {
    ...schema,
    properties: Object.fromEntries(properties.map(([name]) => [name, true])),
    allOf: [...((schema["allOf"] ?? []) as readonly unknown[]), ...groups],
  };
}

/** In draft 4 whether a limit is exclusive is said beside it. */
function withLimits(schema: Plain): Plain {
  const converted = { ...schema };
  for (const [exclusive, limit] of [
    ["exclusiveMinimum", "minimum"],
    ["exclusiveMaximum", "maximum"],
  ]) {
    if (typeof schema[exclusive] !== "boolean") continue;
    if (schema[exclusive] === true) converted[exclusive] = schema[limit];
    else delete converted[exclusive];
  }
  return converted;
}

function plain(value: JsonValue): unknown {
  if (isNumber(value)) return Number(value.digits);
  if (isArray(value)) return value.map(plain);
  return isObject(value) ? membersOf(value, plain) : value;
}

/** A member may be called `__proto__`. */
function membersOf(
  object: JsonObject,
  convert: (value: JsonValue, key: string) => unknown,
): Record<string, unknown> {
  return Object.fromEntries([...object].map(([key, value]) => [key, convert(value, key)]));
}

const ofSchema: ReadonlySet<string> = new Set([
  "not",
  "if",
  "then",
  "else",
  "items",
  "contains",
  "propertyNames",
  "additionalProperties",
  "additionalItems",
  "unevaluatedItems",
  "unevaluatedProperties",
]);

const ofSchemas: ReadonlySet<string> = new Set(["allOf", "anyOf", "oneOf", "prefixItems"]);

/** By a name: of schemas, or of lists of names. */
const ofNames: ReadonlySet<string> = new Set([
  "properties",
  "patternProperties",
  "dependencies",
  "dependentSchemas",
  "dependentRequired",
]);

const ofValues: ReadonlySet<string> = new Set([
  "type",
  "enum",
  "const",
  "required",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "pattern",
  "format",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minContains",
  "maxContains",
  "minProperties",
  "maxProperties",
]);

const ignoredSince2019: ReadonlySet<string> = new Set(["dependencies"]);

const ignoredBefore2019: ReadonlySet<string> = new Set([
  "prefixItems",
  "dependentSchemas",
  "dependentRequired",
  "unevaluatedItems",
  "unevaluatedProperties",
  "minContains",
  "maxContains",
]);
