import {
  isPrimitiveKind,
  type AvroField,
  type AvroName,
  type AvroSchema,
  type NamedSchema,
} from "./avro-schema.ts";
import { printJson, type Json } from "./json.ts";
import { normalAttributes, normalDefault, sorted, sortedBy } from "./normalize.ts";

/** Kinds that a name in short must not be taken for. */
const complexKinds = new Set(["record", "enum", "array", "map", "union", "fixed"]);

export interface PrintOptions {
  /** Full names of types that are defined elsewhere, and so named only. Default: none. */
  readonly known?: Iterable<string>;
  /** Without what does not matter to anybody, such as the order of attributes. Default: false. */
  readonly isNormalized?: boolean;
}

/**
 * The schema's text as Apache Avro prints it: no blanks, members in Avro's order with unknown attributes behind, names
 * short within their namespace, each named type in full where it stands first.
 */
export function printSchema(schema: AvroSchema, options: PrintOptions = {}): string {
  return new Printer(options).print(schema, undefined);
}

class Printer {
  readonly #known: Set<string>;
  readonly #isNormalized: boolean;

  constructor({ known = [], isNormalized = false }: PrintOptions) {
    this.#known = new Set(known);
    this.#isNormalized = isNormalized;
  }

  print(schema: AvroSchema, namespace: string | undefined): string {
    const inner = (part: AvroSchema): string => this.print(part, namespace);
    switch (schema.kind) {
      case "union":
        return `[${schema.branches.map(inner).join(",")}]`;
      case "array":
        return this.#object(schema, `"type":"array"`, `"items":${inner(schema.items)}`);
      case "map":
        return this.#object(schema, `"type":"map"`, `"values":${inner(schema.values)}`);
      case "record":
      case "enum":
      case "fixed":
        return this.#named(schema, namespace);
      default:
        return schema.attributes.size === 0
          ? `"${schema.kind}"`
          : this.#object(schema, `"type":"${schema.kind}"`);
    }
  }

  #object(schema: AvroSchema, ...members: readonly string[]): string {
    return `{${[...members, ...this.#attributes(schema)].join(",")}}`;
  }

  #named(schema: NamedSchema, namespace: string | undefined): string {
    const { name } = schema;
    if (this.#known.has(name.full)) return JSON.stringify(shortened(name, namespace));
    this.#known.add(name.full);
    const isError = schema.kind === "record" && schema.isError && !this.#isNormalized;
    const members = [
      `"type":"${isError ? "error" : schema.kind}"`,
      `"name":${JSON.stringify(name.short)}`,
    ];
    if (name.namespace !== namespace) {
      members.push(`"namespace":${JSON.stringify(name.namespace ?? "")}`);
    }
    const hasDoc = schema.doc !== undefined && !(this.#isNormalized && schema.doc === "");
    if (hasDoc) members.push(`"doc":${JSON.stringify(schema.doc)}`);
    members.push(...this.#content(schema), ...this.#attributes(schema));
    const texts = this.#aliases(schema).map((alias) => shortened(alias, name.namespace));
    if (texts.length > 0) members.push(`"aliases":${JSON.stringify(texts)}`);
    return `{${members.join(",")}}`;
  }

  #content(schema: NamedSchema): readonly string[] {
    if (schema.kind === "fixed") return [`"size":${schema.size}`];
    if (schema.kind === "record") {
      const fields = schema.fields.map((field) => this.#field(field, schema.name.namespace));
      return [`"fields":[${fields.join(",")}]`];
    }
    const symbols = `"symbols":${JSON.stringify(schema.symbols)}`;
    if (schema.default === undefined) return [symbols];
    return [symbols, `"default":${JSON.stringify(schema.default)}`];
  }

  #field(field: AvroField, namespace: string | undefined): string {
    const { name, schema, doc, order, attributes } = field;
    const aliases = this.#isNormalized ? sorted(field.aliases) : field.aliases;
    const members = [`"name":${JSON.stringify(name)}`, `"type":${this.print(schema, namespace)}`];
    if (doc !== undefined) members.push(`"doc":${JSON.stringify(doc)}`);
    if (field.default !== undefined) {
      const value = this.#isNormalized ? normalDefault(schema, field.default) : field.default;
      members.push(`"default":${printJson(value)}`);
    }
    if (order !== "ascending") members.push(`"order":"${order}"`);
    if (aliases.length > 0) members.push(`"aliases":${JSON.stringify(aliases)}`);
    const others = this.#isNormalized ? normalAttributes(attributes) : attributes;
    return `{${[...members, ...printMembers(others)].join(",")}}`;
  }

  #aliases({ name, aliases }: NamedSchema): readonly AvroName[] {
    if (!this.#isNormalized) return aliases;
    // One without a namespace is told by a dot in front where the type has one.
    const isBare = (alias: AvroName): boolean =>
      alias.namespace === undefined && name.namespace !== undefined;
    return sortedBy(aliases, (alias) => (isBare(alias) ? `.${alias.short}` : alias.full));
  }

  #attributes({ attributes, logical }: AvroSchema): readonly string[] {
    return printMembers(this.#isNormalized ? normalAttributes(attributes, logical) : attributes);
  }
}

function printMembers(members: ReadonlyMap<string, Json>): readonly string[] {
  return [...members].map(([name, value]) => `${JSON.stringify(name)}:${printJson(value)}`);
}

/** Bare within its own namespace, unless it would then be taken for a kind of schema. */
function shortened(name: AvroName, namespace: string | undefined): string {
  const isOwn = name.namespace === namespace;
  const isKind = isPrimitiveKind(name.short) || complexKinds.has(name.short);
  return isOwn && !isKind ? name.short : name.full;
}
