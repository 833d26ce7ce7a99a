import type { Json } from "./json.ts";

/** A schema that was parsed: its nodes, named types standing for themselves wherever they are named. */
export type AvroSchema =
  | PrimitiveSchema
  | ArraySchema
  | MapSchema
  | UnionSchema
  | FixedSchema
  | EnumSchema
  | RecordSchema;

export type NamedSchema = FixedSchema | EnumSchema | RecordSchema;

export type PrimitiveKind =
  | "null"
  | "boolean"
  | "int"
  | "long"
  | "float"
  | "double"
  | "bytes"
  | "string";

/** Attributes that Avro does not know, in their order; `logicalType` is one of them. */
export type Attributes = ReadonlyMap<string, Json>;

interface SchemaNode {
  readonly attributes: Attributes;
  /** What the value means beyond its type; absent too where the attributes of it are wrong. */
  readonly logical?: LogicalType;
}

export interface PrimitiveSchema extends SchemaNode {
  readonly kind: PrimitiveKind;
}

export interface ArraySchema extends SchemaNode {
  readonly kind: "array";
  readonly items: AvroSchema;
}

export interface MapSchema extends SchemaNode {
  readonly kind: "map";
  readonly values: AvroSchema;
}

export interface UnionSchema extends SchemaNode {
  readonly kind: "union";
  readonly branches: readonly AvroSchema[];
}

interface NamedNode extends SchemaNode {
  readonly name: AvroName;
  readonly aliases: readonly AvroName[];
  readonly doc?: string;
}

export interface FixedSchema extends NamedNode {
  readonly kind: "fixed";
  readonly size: number;
}

export interface EnumSchema extends NamedNode {
  readonly kind: "enum";
  readonly symbols: readonly string[];
  readonly default?: string;
}

export interface RecordSchema extends NamedNode {
  readonly kind: "record";
  /** Declared as an error of a protocol: the same in all but name. */
  readonly isError: boolean;
  readonly fields: readonly AvroField[];
}

export interface AvroField {
  readonly name: string;
  readonly schema: AvroSchema;
  readonly aliases: readonly string[];
  readonly doc?: string;
  /** Absent: no default; `null` is one. */
  readonly default?: Json;
  readonly order: "ascending" | "descending" | "ignore";
  readonly attributes: Attributes;
}

/** A name with its namespace. */
export interface AvroName {
  /** Without the namespace. */
  readonly short: string;
  /** Undefined: none. */
  readonly namespace?: string;
  readonly full: string;
}

/** A logical type that fits what it stands on. */
export type LogicalType =
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: TimeKind | "uuid" | "duration" };

export type TimeKind =
  | "date"
  | "time-millis"
  | "time-micros"
  | "timestamp-millis"
  | "timestamp-micros"
  | "timestamp-nanos"
  | "local-timestamp-millis"
  | "local-timestamp-micros"
  | "local-timestamp-nanos";

const primitives: ReadonlySet<string> = new Set<PrimitiveKind>([
  "null",
  "boolean",
  "int",
  "long",
  "float",
  "double",
  "bytes",
  "string",
]);

export function isPrimitiveKind(text: string): text is PrimitiveKind {
  return primitives.has(text);
}

export function isNamed(schema: AvroSchema): schema is NamedSchema {
  return schema.kind === "record" || schema.kind === "enum" || schema.kind === "fixed";
}

/** What a union calls a branch: the full name, or the kind. */
export function branchNameOf(schema: AvroSchema): string {
  return isNamed(schema) ? schema.name.full : schema.kind;
}

/** A dotted name brings its namespace; a bare one is put into that given. */
export function avroName(text: string, namespace: string | undefined): AvroName {
  const dot = text.lastIndexOf(".");
  const short = text.slice(dot + 1);
  const space = dot < 0 ? namespace : text.slice(0, dot);
  if (space === undefined || space === "") return { short, full: short };
  return { short, namespace: space, full: `${space}.${short}` };
}
