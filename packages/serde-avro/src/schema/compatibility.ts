import { SchemaError, type SchemaDifference } from "@millrace/schema-registry";

import {
  branchNameOf,
  isNamed,
  type AvroField,
  type AvroSchema,
  type EnumSchema,
  type NamedSchema,
  type RecordSchema,
  type UnionSchema,
} from "./avro-schema.ts";
import { isPromotable } from "./promotion.ts";

/** What hinders a reader, as Apache Avro names it (Java: `SchemaIncompatibilityType`). */
export type AvroDifferenceKind =
  | "NAME_MISMATCH"
  | "FIXED_SIZE_MISMATCH"
  | "MISSING_ENUM_SYMBOLS"
  | "READER_FIELD_MISSING_DEFAULT_VALUE"
  | "TYPE_MISMATCH"
  | "MISSING_UNION_BRANCH"
  /** Ours: Java throws where the name and the aliases of a reader's field are several fields of the writer. */
  | "AMBIGUOUS_FIELD";

/** How many pairs of schemas are compared before two schemas are refused. */
const pairsMax = 500_000;

/**
 * What hinders `reader` to read all that may be written with `writer` (Java: `SchemaCompatibility`).
 *
 * @throws SchemaError `INVALID_SCHEMA`: the two are too entangled to compare within a bound
 */
export function schemaDifferences(
  reader: AvroSchema,
  writer: AvroSchema,
): readonly SchemaDifference[] {
  return new Comparison().compare(reader, writer, "");
}

/** A record may have tens of thousands of fields: each is looked up, not searched for. */
const fieldsByName = new WeakMap<RecordSchema, ReadonlyMap<string, readonly AvroField[]>>();

/** The field of the writer that a reader's field takes its value from: by its name, or by an alias. */
function writerFieldsOf(writer: RecordSchema, field: AvroField): readonly AvroField[] {
  const known = fieldsByName.get(writer) ?? Map.groupBy(writer.fields, ({ name }) => name);
  fieldsByName.set(writer, known);
  const names = [field.name, ...field.aliases];
  return [...new Set(names)].flatMap((name) => known.get(name) ?? []);
}

/** Names match without their namespaces; an alias of the reader matches in full. */
function namesMatch(reader: NamedSchema, writer: NamedSchema): boolean {
  return (
    reader.name.short === writer.name.short ||
    reader.aliases.some((alias) => alias.full === writer.name.full)
  );
}

/**
 * One comparison. A pair of schemas is compared once: where it comes again its result stands, with the place where it
 * was found first, and within itself it is taken for compatible.
 */
class Comparison {
  readonly #known = new Map<AvroSchema, Map<AvroSchema, readonly SchemaDifference[]>>();
  readonly #branches = new Map<UnionSchema, BranchIndex>();
  #pairsLeft = pairsMax;

  compare(reader: AvroSchema, writer: AvroSchema, path: string): readonly SchemaDifference[] {
    let known = this.#known.get(reader);
    if (known === undefined) this.#known.set(reader, (known = new Map()));
    const found = known.get(writer);
    if (found !== undefined) return found;
    if (this.#pairsLeft-- === 0) throw entangled();
    known.set(writer, []);
    const differences = this.#differences(reader, writer, path);
    known.set(writer, differences);
    return differences;
  }

  #differences(reader: AvroSchema, writer: AvroSchema, path: string): readonly SchemaDifference[] {
    if (writer.kind === "union") {
      return writer.branches.flatMap((branch, index) =>
        reader.kind === "union"
          ? this.#lacksBranch(reader, branch, `${path}/${index}`)
          : this.compare(reader, branch, `${path}/${index}`),
      );
    }
    if (reader.kind === "union") {
      const candidates = this.#branchesOf(reader).candidates(writer);
      const fits = candidates.some((branch) => this.compare(branch, writer, "").length === 0);
      return fits ? [] : [missingBranch(writer, path)];
    }
    if (reader.kind === "array" && writer.kind === "array") {
      return this.compare(reader.items, writer.items, `${path}/items`);
    }
    if (reader.kind === "map" && writer.kind === "map") {
      return this.compare(reader.values, writer.values, `${path}/values`);
    }
    if (reader.kind === "fixed" && writer.kind === "fixed") {
      return [...nameDifferences(reader, writer, path), ...sizeDifferences(reader, writer, path)];
    }
    if (reader.kind === "enum" && writer.kind === "enum") {
      return [...nameDifferences(reader, writer, path), ...symbolDifferences(reader, writer, path)];
    }
    if (reader.kind === "record" && writer.kind === "record") {
      return [...nameDifferences(reader, writer, path), ...this.#fields(reader, writer, path)];
    }
    if (reader.kind === writer.kind || isPromotable(writer.kind, reader.kind)) return [];
    const message = `${writer.kind} cannot be read as ${reader.kind}`;
    return [difference("TYPE_MISMATCH", path, message)];
  }

  #branchesOf(union: UnionSchema): BranchIndex {
    const known = this.#branches.get(union) ?? new BranchIndex(union);
    this.#branches.set(union, known);
    return known;
  }

  /** A union against a union's branch tells only that the branch has no place. */
  #lacksBranch(reader: AvroSchema, branch: AvroSchema, path: string): readonly SchemaDifference[] {
    return this.compare(reader, branch, "").length === 0 ? [] : [missingBranch(branch, path)];
  }

  #fields(reader: RecordSchema, writer: RecordSchema, path: string): readonly SchemaDifference[] {
    return reader.fields.flatMap((field, index) => {
      const at = `${path}/fields/${index}`;
      const sources = writerFieldsOf(writer, field);
      if (sources.length > 1) return [ambiguous(reader, field, at)];
      if (sources.length === 1) {
        return this.compare(field.schema, sources[0].schema, `${at}/type`);
      }
      if (field.default !== undefined) return [];
      const isEnum = field.schema.kind === "enum" && field.schema.default !== undefined;
      if (isEnum) return this.compare(field.schema, writer, `${at}/type`);
      return [missingDefault(reader, field, at)];
    });
  }
}

/** A union may have tens of thousands of branches: those that a name can match are looked up. */
class BranchIndex {
  readonly #unnamed: readonly AvroSchema[];
  readonly #byShortName: ReadonlyMap<string, readonly NamedSchema[]>;
  readonly #byAlias = new Map<string, NamedSchema[]>();

  constructor({ branches }: UnionSchema) {
    const named = branches.filter(isNamed);
    this.#unnamed = branches.filter((branch) => !isNamed(branch));
    this.#byShortName = Map.groupBy(named, ({ name }) => name.short);
    for (const branch of named)
      for (const { full } of branch.aliases)
        this.#byAlias.set(full, [...(this.#byAlias.get(full) ?? []), branch]);
  }

  /** The branches of which one may read what `writer` wrote, see `namesMatch`. */
  candidates(writer: AvroSchema): readonly AvroSchema[] {
    if (!isNamed(writer)) return this.#unnamed;
    const { short, full } = writer.name;
    return [...(this.#byShortName.get(short) ?? []), ...(this.#byAlias.get(full) ?? [])];
  }
}

function entangled(): SchemaError {
  return new SchemaError(
    "INVALID_SCHEMA",
    `the two Avro schemas cannot be compared within a bound: there are more than ${pairsMax} pairs of types; write them with smaller unions`,
  );
}

function nameDifferences(
  reader: NamedSchema,
  writer: NamedSchema,
  path: string,
): readonly SchemaDifference[] {
  if (namesMatch(reader, writer)) return [];
  const message = `the ${writer.kind} ${writer.name.full} is read as ${reader.name.full}, which has no alias for it`;
  return [difference("NAME_MISMATCH", `${path}/name`, message)];
}

function sizeDifferences(
  reader: { readonly size: number },
  writer: { readonly size: number },
  path: string,
): readonly SchemaDifference[] {
  if (reader.size === writer.size) return [];
  const message = `${writer.size} bytes cannot be read as ${reader.size}`;
  return [difference("FIXED_SIZE_MISMATCH", `${path}/size`, message)];
}

function symbolDifferences(
  reader: EnumSchema,
  writer: EnumSchema,
  path: string,
): readonly SchemaDifference[] {
  const known = new Set(reader.symbols);
  const missing = writer.symbols.filter((symbol) => !known.has(symbol)).sort();
  if (missing.length === 0 || reader.default !== undefined) return [];
  const message = `the enum ${reader.name.full} lacks ${missing.join(", ")}, and has no default for them`;
  const detail = `[${missing.join(", ")}]`;
  return [difference("MISSING_ENUM_SYMBOLS", `${path}/symbols`, message, detail)];
}

function missingBranch(writer: AvroSchema, path: string): SchemaDifference {
  const message = `the reader's union has no branch for ${branchNameOf(writer)}`;
  return difference("MISSING_UNION_BRANCH", path, message);
}

function missingDefault(reader: RecordSchema, field: AvroField, path: string): SchemaDifference {
  const message = `the field "${field.name}" of ${reader.name.full} is not written, and has no default`;
  return difference("READER_FIELD_MISSING_DEFAULT_VALUE", path, message, field.name);
}

function ambiguous(reader: RecordSchema, field: AvroField, path: string): SchemaDifference {
  const message = `the name and the aliases of the field "${field.name}" of ${reader.name.full} are several written fields`;
  return difference("AMBIGUOUS_FIELD", path, message, field.name);
}

function difference(
  kind: AvroDifferenceKind,
  path: string,
  what: string,
  detail?: string,
): SchemaDifference {
  const place = path === "" ? "/" : path;
  const message = `${place}: ${what}`;
  return {
    kind,
    path: place,
    message,
    isAllowed: false,
    ...(detail === undefined ? {} : { detail }),
  };
}
