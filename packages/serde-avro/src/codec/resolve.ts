import { SchemaError } from "@millrace/schema-registry";

import type {
  AvroField,
  AvroSchema,
  EnumSchema,
  FixedSchema,
  PrimitiveSchema,
  RecordSchema,
  UnionSchema,
} from "../schema/avro-schema.ts";
import { isNamed } from "../schema/avro-schema.ts";
import type { Json } from "../schema/json.ts";
import { isPromotable } from "../schema/promotion.ts";
import { applyAliases } from "./apply-aliases.ts";
import { areEquivalent } from "./equivalent-schemas.ts";

/** How many pairs of records are resolved before two schemas are refused. */
const pairsMax = 100_000;

/** How bytes of a writer's schema become a value of a reader's (Java: `Resolver.Action`). */
export type ReadPlan =
  | { readonly kind: "primitive"; readonly from: PrimitiveSchema; readonly reader: PrimitiveSchema }
  | { readonly kind: "fixed"; readonly reader: FixedSchema }
  | { readonly kind: "enum"; readonly reader: EnumSchema; readonly symbols: readonly ReadSymbol[] }
  | ContainerPlan
  | RecordPlan
  /** One for each branch of the writer. */
  | { readonly kind: "branches"; readonly branches: readonly ReadPlan[] }
  /** A value of a branch of the reader's union. */
  | {
      readonly kind: "branch";
      readonly union: UnionSchema;
      readonly index: number;
      readonly plan: ReadPlan;
    }
  /** What is written is thrown for when it comes. */
  | { readonly kind: "error"; readonly message: string };

/** What a written symbol is read as. */
export type ReadSymbol = { readonly symbol: string } | { readonly unknown: string };

export interface ContainerPlan {
  readonly kind: "array" | "map";
  /** Of the items or values, as they are written. */
  readonly writer: AvroSchema;
  readonly items: ReadPlan;
}

export interface RecordPlan {
  readonly kind: "record";
  readonly reader: RecordSchema;
  readonly writer: RecordSchema;
  /** In the order of the writer's fields. */
  readonly steps: readonly FieldStep[];
  /** Fields of the reader that are not written, and so take their default. */
  readonly defaults: readonly DefaultedField[];
  /** A field that is neither written nor has a default. */
  readonly missing?: string;
}

export type DefaultedField = AvroField & { readonly default: Json };

export type FieldStep =
  | { readonly kind: "read"; readonly field: AvroField; readonly plan: ReadPlan }
  | { readonly kind: "skip"; readonly schema: AvroSchema };

/**
 * What to do with bytes of the writer's schema, decided once. As in Java two schemas that do not fit as a whole are no
 * error before a value comes that does not: a union is resolved value by value, and so is an enum.
 */
export function resolve(writer: AvroSchema, reader: AvroSchema): ReadPlan {
  return new Resolution().resolve(applyAliases(writer, reader), reader);
}

class Resolution {
  readonly #records = new Map<RecordSchema, Map<RecordSchema, RecordPlan>>();
  #pairsLeft = pairsMax;

  resolve(writer: AvroSchema, reader: AvroSchema): ReadPlan {
    if (writer.kind === "union") return this.#writtenUnion(writer, reader);
    if (reader.kind === "union") {
      const index = this.#branchFor(writer, reader);
      if (index < 0) return doNotFit(writer, reader);
      const plan = this.resolve(writer, reader.branches[index]);
      return { kind: "branch", union: reader, index, plan };
    }
    switch (reader.kind) {
      case "array":
        return writer.kind === "array"
          ? this.#container("array", writer.items, reader.items)
          : doNotFit(writer, reader);
      case "map":
        return writer.kind === "map"
          ? this.#container("map", writer.values, reader.values)
          : doNotFit(writer, reader);
      case "record":
        return writer.kind === "record" ? this.#record(writer, reader) : doNotFit(writer, reader);
      case "enum":
        return writer.kind === "enum" ? resolveEnum(writer, reader) : doNotFit(writer, reader);
      case "fixed":
        return isSameFixed(writer, reader) ? { kind: "fixed", reader } : doNotFit(writer, reader);
      default:
        return isPrimitive(writer) &&
          (writer.kind === reader.kind || isPromotable(writer.kind, reader.kind))
          ? { kind: "primitive", from: writer, reader }
          : doNotFit(writer, reader);
    }
  }

  #container(kind: "array" | "map", writer: AvroSchema, reader: AvroSchema): ReadPlan {
    return { kind, writer, items: this.resolve(writer, reader) };
  }

  /** Unions that are alike branch by branch are read so; else each branch finds its place on its own. */
  #writtenUnion(writer: UnionSchema, reader: AvroSchema): ReadPlan {
    const isAlike = areEquivalent(writer, reader);
    const branches = writer.branches.map((branch, index): ReadPlan => {
      if (!isAlike || reader.kind !== "union") return this.resolve(branch, reader);
      const plan = this.resolve(branch, reader.branches[index]);
      return { kind: "branch", union: reader, index, plan };
    });
    return { kind: "branches", branches };
  }

  #record(writer: RecordSchema, reader: RecordSchema): RecordPlan {
    let known = this.#records.get(writer);
    if (known === undefined) this.#records.set(writer, (known = new Map()));
    const found = known.get(reader);
    if (found !== undefined) return found;
    if (this.#pairsLeft-- === 0) throw entangled();
    const steps: FieldStep[] = [];
    const written = new Set(writer.fields.map(({ name }) => name));
    const absent = reader.fields.filter(({ name }) => !written.has(name));
    const missing = absent.find((field) => field.default === undefined)?.name;
    const plan: RecordPlan = {
      kind: "record",
      reader,
      writer,
      steps,
      defaults: absent.filter(hasDefault),
      missing,
    };
    known.set(reader, plan);
    if (missing !== undefined) return plan;
    const wanted = new Map(reader.fields.map((field) => [field.name, field]));
    for (const { name, schema } of writer.fields) {
      const field = wanted.get(name);
      if (field === undefined) steps.push({ kind: "skip", schema });
      else steps.push({ kind: "read", field, plan: this.resolve(schema, field.schema) });
    }
    return plan;
  }

  /**
   * Which branch takes what is written: one of the same name, else of the same kind; of records one with the same
   * fields, rather of the same short name; else the first that it can be promoted to. -1: none.
   */
  #branchFor(writer: AvroSchema, { branches }: UnionSchema): number {
    let alike = -1;
    for (const [index, branch] of branches.entries()) {
      if (branch.kind !== writer.kind) continue;
      if (!isNamed(branch) || !isNamed(writer)) return index;
      if (branch.name.full === writer.name.full) return index;
      if (branch.kind !== "record" || writer.kind !== "record") continue;
      if (!this.#fits(writer, branch)) continue;
      if (alike < 0 || branch.name.short === writer.name.short) alike = index;
    }
    if (alike >= 0) return alike;
    return branches.findIndex((branch) => isPromotable(writer.kind, branch.kind));
  }

  #fits(writer: RecordSchema, reader: RecordSchema): boolean {
    const plan = this.#record(writer, reader);
    return (
      plan.missing === undefined &&
      plan.steps.every((step) => step.kind === "skip" || !isError(step.plan))
    );
  }
}

function entangled(): SchemaError {
  return new SchemaError(
    "INVALID_SCHEMA",
    `the two Avro schemas cannot be resolved within a bound: there are more than ${pairsMax} pairs of records; write them with smaller unions, or give the branches the names that they were written with`,
  );
}

function hasDefault(field: AvroField): field is DefaultedField {
  return field.default !== undefined;
}

function isError(plan: ReadPlan): boolean {
  return plan.kind === "error" || (plan.kind === "record" && plan.missing !== undefined);
}

function resolveEnum(writer: EnumSchema, reader: EnumSchema): ReadPlan {
  if (writer.name.short !== reader.name.short) return doNotFit(writer, reader);
  const known = new Set(reader.symbols);
  const symbols = writer.symbols.map((symbol): ReadSymbol => {
    if (known.has(symbol)) return { symbol };
    return reader.default === undefined ? { unknown: symbol } : { symbol: reader.default };
  });
  return { kind: "enum", reader, symbols };
}

function isSameFixed(writer: AvroSchema, reader: FixedSchema): boolean {
  return (
    writer.kind === "fixed" &&
    writer.name.short === reader.name.short &&
    writer.size === reader.size
  );
}

function isPrimitive(schema: AvroSchema): schema is PrimitiveSchema {
  return (
    !isNamed(schema) && schema.kind !== "array" && schema.kind !== "map" && schema.kind !== "union"
  );
}

function doNotFit(writer: AvroSchema, reader: AvroSchema): ReadPlan {
  const message = `${describeSchema(writer)} was written, and cannot be read as ${describeSchema(reader)}`;
  return { kind: "error", message };
}

function describeSchema(schema: AvroSchema): string {
  if (schema.kind === "union")
    return `a union of ${schema.branches.map(describeSchema).join(", ")}`;
  return isNamed(schema) ? `the ${schema.kind} ${schema.name.full}` : schema.kind;
}
