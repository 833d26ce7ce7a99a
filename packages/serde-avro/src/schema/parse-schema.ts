import { messageOf } from "@millrace/model";
import {
  SchemaError,
  type ResolvedReference,
  type SchemaParseOptions,
} from "@millrace/schema-registry";

import {
  avroName,
  branchNameOf,
  isPrimitiveKind,
  type Attributes,
  type AvroField,
  type AvroName,
  type AvroSchema,
  type EnumSchema,
  type FixedSchema,
  type NamedSchema,
  type RecordSchema,
  type UnionSchema,
} from "./avro-schema.ts";
import { checkDefault } from "./check-default.ts";
import {
  isJsonArray,
  isJsonObject,
  javaDouble,
  jsonInteger,
  JsonNumber,
  parseJson,
  type Json,
  type JsonObject,
} from "./json.ts";
import { logicalTypeOf } from "./logical-type.ts";
import { printSchema } from "./print-schema.ts";

/** How deep schemas may stand in each other. */
const depthMax = 300;
const sizeMax = 2 ** 31 - 1;
const schemaAttributes = new Set(
  "doc fields items name namespace size symbols values type aliases".split(" "),
);
const enumAttributes = new Set([...schemaAttributes, "default"]);
const fieldAttributes = new Set("default doc name order type aliases".split(" "));
const namePattern = /^[\p{L}_][\p{L}\p{Nd}_]*$/u;

/** A schema under way: its parts are put in while it is built. */
type Mutable<Schema> = { -readonly [Member in keyof Schema]: Schema[Member] };

/** Where in the text something stands. */
interface Place {
  readonly path: string;
  readonly depth: number;
  readonly namespace: string | undefined;
}

/**
 * Reads the texts of schemas that share names: each may name what stands anywhere in itself or in those before it.
 *
 * Two walks for each text: the first declares every named type, so that the second finds all names.
 */
export class SchemaReader {
  /** Else defaults and namespaces are let pass, as older registries did. */
  readonly #isNew: boolean;
  readonly #named = new Map<string, Mutable<NamedSchema>>();
  #definitions = new Map<JsonObject, Mutable<NamedSchema>>();
  #checks: (() => void)[] = [];

  constructor({ isNew = true }: SchemaParseOptions = {}) {
    this.#isNew = isNew;
  }

  /** @throws SchemaError `INVALID_SCHEMA` */
  read(text: string): AvroSchema {
    this.#definitions = new Map();
    this.#checks = [];
    const json = jsonOf(text);
    const place: Place = { path: "", depth: 0, namespace: undefined };
    this.#declare(json, place);
    const schema = this.#build(json, place);
    for (const check of this.#checks) check();
    return schema;
  }

  #declare(json: Json, place: Place): void {
    if (place.depth > depthMax) throw invalid(place, `is nested deeper than ${depthMax} schemas`);
    if (isJsonArray(json)) {
      json.forEach((branch, index) => this.#declare(branch, within(place, `${index}`)));
    } else if (isJsonObject(json)) {
      const { type } = json;
      if (type === "array") this.#declare(json["items"] ?? null, within(place, "items"));
      else if (type === "map") this.#declare(json["values"] ?? null, within(place, "values"));
      else if (isNamedKind(type)) this.#declareNamed(json, place);
    }
  }

  #declareNamed(json: JsonObject, place: Place): void {
    const name = nameOf(json, place);
    const checked = this.#isNew ? name.full.split(".") : [name.short];
    if (!checked.every((part) => namePattern.test(part)))
      throw invalid(place, `has the name "${name.full}", which is none`);
    const shell = { name } as Mutable<NamedSchema>;
    this.#definitions.set(json, shell);
    const known = this.#named.get(name.full);
    if (known === undefined) this.#named.set(name.full, shell);
    else this.#checks.push(() => requireEqual(known, shell, place));
    if (!isJsonArray(json["fields"])) return;
    json["fields"].forEach((field, index) => {
      const at = { ...within(place, `fields/${index}/type`), namespace: name.namespace };
      if (isJsonObject(field)) this.#declare(field["type"] ?? null, at);
    });
  }

  #build(json: Json, place: Place): AvroSchema {
    if (typeof json === "string") return this.#find(json, place);
    if (isJsonArray(json)) return this.#union(json, place);
    if (!isJsonObject(json)) throw invalid(place, `is ${shown(json)}, which is no schema`);
    const { type } = json;
    if (typeof type !== "string") throw invalid(place, `has no "type" that is a text`);
    const attributes = attributesOf(json, schemaAttributes);
    if (isPrimitiveKind(type)) {
      return { kind: type, attributes, logical: logicalTypeOf(attributes, { kind: type }) };
    }
    if (type === "array") {
      const items = this.#build(json["items"] ?? null, within(place, "items"));
      return { kind: type, attributes, items };
    }
    if (type === "map") {
      const values = this.#build(json["values"] ?? null, within(place, "values"));
      return { kind: type, attributes, values };
    }
    return isNamedKind(type) ? this.#buildNamed(json, place) : this.#find(type, place);
  }

  #find(name: string, place: Place): AvroSchema {
    if (isPrimitiveKind(name)) return { kind: name, attributes: new Map() };
    const full = avroName(name, place.namespace).full;
    const found = this.#named.get(full);
    if (found !== undefined) return found;
    // Java finds one without a namespace as well, if all of it stands before.
    const bare = this.#named.get(name);
    if (bare?.kind !== undefined) return bare;
    throw invalid(place, `names "${full}", which is defined neither here nor in a reference`);
  }

  #union(json: readonly Json[], place: Place): UnionSchema {
    const branches = json.map((branch, index) => this.#build(branch, within(place, `${index}`)));
    const names = new Set<string>();
    for (const branch of branches) {
      const name = branchNameOf(branch);
      if (branch.kind === "union") throw invalid(place, "holds a union, which a union must not");
      if (names.has(name)) throw invalid(place, `has two branches "${name}"`);
      names.add(name);
    }
    return { kind: "union", attributes: new Map(), branches };
  }

  #buildNamed(json: JsonObject, place: Place): NamedSchema {
    const shell = this.#definitions.get(json);
    if (shell === undefined) throw invalid(place, "is a definition that was not declared");
    const aliases = textsOf(json, "aliases", place);
    const common = {
      aliases: [...new Set(aliases)].map((alias) => avroName(alias, shell.name.namespace)),
      ...docOf(json),
    };
    if (json["type"] === "enum") return fill(shell, { ...common, ...enumOf(json, place) });
    if (json["type"] === "fixed") return fill(shell, { ...common, ...fixedOf(json, place) });
    const fields = this.#fields(json, { ...place, namespace: shell.name.namespace });
    const attributes = attributesOf(json, schemaAttributes);
    const record: Omit<RecordSchema, "name"> = {
      ...common,
      kind: "record",
      isError: json["type"] === "error",
      attributes,
      fields,
    };
    return fill(shell, record);
  }

  #fields(json: JsonObject, place: Place): readonly AvroField[] {
    const fields = json["fields"];
    if (!isJsonArray(fields)) throw invalid(place, "is a record without a list of fields");
    const names = new Set<string>();
    return fields.map((given, index) => {
      const at = within(place, `fields/${index}`);
      if (!isJsonObject(given)) throw invalid(at, "is no field: it is no object");
      const field = this.#field(given, at);
      if (names.has(field.name)) throw invalid(at, `is a second field "${field.name}"`);
      names.add(field.name);
      return field;
    });
  }

  #field(json: JsonObject, place: Place): AvroField {
    const { name, type } = json;
    if (typeof name !== "string") throw invalid(place, "is a field without a name");
    if (!namePattern.test(name)) throw invalid(place, `has the name "${name}", which is none`);
    if (type === undefined) throw invalid(place, `is the field "${name}" without a type`);
    const schema = this.#build(type, within(place, "type"));
    const field: AvroField = {
      name,
      schema,
      aliases: [...new Set(textsOf(json, "aliases", place))],
      order: orderOf(json["order"], place),
      attributes: attributesOf(json, fieldAttributes),
      ...docOf(json),
      ...(json["default"] === undefined ? {} : { default: defaultOf(json["default"], schema) }),
    };
    const { default: given } = field;
    if (given !== undefined && this.#isNew) {
      this.#checks.push(() => {
        const wrong = checkDefault(schema, given);
        if (wrong !== undefined) {
          throw invalid(place, `has a default that does not fit the field "${name}": ${wrong}`);
        }
      });
    }
    return field;
  }
}

/**
 * The schema of a text, with those that it refers to.
 *
 * @throws SchemaError `INVALID_SCHEMA`, with what is wrong and where
 */
export function parseSchema(
  text: string,
  references: readonly ResolvedReference[] = [],
  options: SchemaParseOptions = {},
): ParsedText {
  const reader = new SchemaReader(options);
  const referenced = new Map<string, AvroSchema>();
  for (const reference of references) readReference(reader, reference, referenced);
  return { schema: reader.read(text), referenced: [...referenced.values()] };
}

export interface ParsedText {
  readonly schema: AvroSchema;
  /** What the references define at their top, each once. */
  readonly referenced: readonly AvroSchema[];
}

function readReference(
  reader: SchemaReader,
  reference: ResolvedReference,
  read: Map<string, AvroSchema>,
): void {
  if (read.has(reference.name)) return;
  for (const inner of reference.references) readReference(reader, inner, read);
  try {
    read.set(reference.name, reader.read(reference.schema));
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    const where = `"${reference.name}" (subject ${reference.subject}, version ${reference.version})`;
    throw new SchemaError(error.code, `in the reference ${where}: ${error.message}`);
  }
}

function jsonOf(text: string): Json {
  try {
    return parseJson(text);
  } catch (cause) {
    const why = messageOf(cause);
    throw new SchemaError("INVALID_SCHEMA", `the Avro schema is no JSON: ${why}`, { cause });
  }
}

function fill(shell: Mutable<NamedSchema>, parts: Omit<NamedSchema, "name">): NamedSchema {
  return Object.assign(shell, parts) as NamedSchema;
}

function enumOf(json: JsonObject, place: Place): Omit<EnumSchema, "name" | "aliases"> {
  const symbols = textsOf(json, "symbols", place);
  if (json["symbols"] === undefined) throw invalid(place, "is an enum without symbols");
  const wrong = symbols.find((symbol) => !namePattern.test(symbol));
  if (wrong !== undefined) throw invalid(place, `has the symbol "${wrong}", which is no name`);
  if (new Set(symbols).size < symbols.length) throw invalid(place, "has a symbol twice");
  const given = json["default"];
  if (given !== undefined && (typeof given !== "string" || !symbols.includes(given))) {
    throw invalid(place, `has the default ${shown(given)}, which is none of its symbols`);
  }
  const attributes = attributesOf(json, enumAttributes);
  return { kind: "enum", attributes, symbols, ...(given === undefined ? {} : { default: given }) };
}

function fixedOf(json: JsonObject, place: Place): Omit<FixedSchema, "name" | "aliases"> {
  const size = Number(jsonInteger(json["size"]) ?? -1);
  if (size < 0 || size > sizeMax) {
    throw invalid(place, `has the size ${shown(json["size"] ?? null)}, not 0 to ${sizeMax}`);
  }
  const attributes = attributesOf(json, schemaAttributes);
  return {
    kind: "fixed",
    attributes,
    size,
    logical: logicalTypeOf(attributes, { kind: "fixed", size }),
  };
}

/** Java takes a number for a float or double as text; what it stands for is printed. */
function defaultOf(given: Json, schema: AvroSchema): Json {
  const isReal = schema.kind === "float" || schema.kind === "double";
  if (!isReal || typeof given !== "string" || !/^[-+]?[\d.]/.test(given)) return given;
  const value = Number(given);
  return Number.isNaN(value) ? given : new JsonNumber(javaDouble(value));
}

function nameOf(json: JsonObject, place: Place): AvroName {
  const { name, namespace } = json;
  if (typeof name !== "string") throw invalid(place, `is ${shown(json["type"])} without a name`);
  const made = avroName(name, typeof namespace === "string" ? namespace : place.namespace);
  if (isPrimitiveKind(made.full)) throw invalid(place, `is named as the type "${made.full}"`);
  return made;
}

function orderOf(given: Json | undefined, place: Place): AvroField["order"] {
  if (given === undefined) return "ascending";
  const order = typeof given === "string" ? given.toLowerCase() : "";
  if (order === "ascending" || order === "descending" || order === "ignore") return order;
  throw invalid(place, `has the order ${shown(given)}, not ascending, descending or ignore`);
}

function docOf(json: JsonObject): { readonly doc?: string } {
  return typeof json["doc"] === "string" ? { doc: json["doc"] } : {};
}

function textsOf(json: JsonObject, name: string, place: Place): readonly string[] {
  const given = json[name] ?? [];
  const isTexts = isJsonArray(given) && given.every((text) => typeof text === "string");
  if (!isTexts) throw invalid(place, `has "${name}" that are no list of texts`);
  return given as readonly string[];
}

function attributesOf(json: JsonObject, reserved: ReadonlySet<string>): Attributes {
  return new Map(Object.entries(json).filter(([name]) => !reserved.has(name)));
}

function isNamedKind(type: Json | undefined): boolean {
  return type === "record" || type === "error" || type === "enum" || type === "fixed";
}

function requireEqual(known: NamedSchema, other: NamedSchema, place: Place): void {
  if (printSchema(known) === printSchema(other)) return;
  throw invalid(place, `defines "${known.name.full}" a second time, in another way`);
}

function within(place: Place, step: string): Place {
  return { ...place, path: `${place.path}/${step}`, depth: place.depth + 1 };
}

function shown(json: Json | undefined): string {
  return JSON.stringify(json)?.slice(0, 100) ?? "nothing";
}

function invalid(place: Place, what: string): SchemaError {
  const where = place.path === "" ? "it" : place.path;
  return new SchemaError("INVALID_SCHEMA", `the Avro schema is invalid: ${where} ${what}`);
}
