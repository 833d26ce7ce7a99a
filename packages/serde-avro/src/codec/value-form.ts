import type { ExcessFields } from "@millrace/schema-registry";

import { branchNameOf, type AvroSchema, type UnionSchema } from "../schema/avro-schema.ts";

/** What values of a schema are made of in JavaScript, where Avro leaves a choice. */
export interface ValueOptions {
  /** Default: `bigint`. With `number`, one beyond 2^53 is an error. */
  readonly longs?: "bigint" | "number";
  /** `plain`: values of logical types are those of the types that they stand on. Default: `values`. */
  readonly logicalTypes?: "values" | "plain";
  /** What is done with members of a value that its record has no field for. Default: `refuse`. */
  readonly excessFields?: ExcessFields;
}

/** How JavaScript tells values apart. */
export type ValueForm =
  | "null"
  | "boolean"
  | "number"
  | "bigint"
  | "text"
  | "bytes"
  | "list"
  | "object";

/** The form of all values of a schema that is no union. */
export function formOf(schema: AvroSchema, options: ValueOptions): ValueForm {
  const { logical } = schema;
  if (logical !== undefined && options.logicalTypes !== "plain") {
    if (logical.kind === "timestamp-millis") return "number";
    return logical.kind === "duration" ? "object" : "text";
  }
  switch (schema.kind) {
    case "null":
    case "boolean":
    case "bytes":
      return schema.kind;
    case "int":
    case "float":
    case "double":
      return "number";
    case "long":
      return options.longs === "number" ? "number" : "bigint";
    case "string":
    case "enum":
      return "text";
    case "fixed":
      return "bytes";
    case "array":
      return "list";
    default:
      return "object";
  }
}

/** The form of a value; undefined: values of Avro have none such. */
export function formOfValue(value: unknown): ValueForm | undefined {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  if (value instanceof Uint8Array) return "bytes";
  const type = typeof value;
  if (type === "string") return "text";
  const isForm = type === "boolean" || type === "number" || type === "bigint" || type === "object";
  return isForm ? type : undefined;
}

/** A union whose branches JavaScript cannot tell apart has each but null in an object that names it. */
export function isWrapped(union: UnionSchema, options: ValueOptions): boolean {
  const forms = union.branches.map((branch) => formOf(branch, options));
  return new Set(forms).size < forms.length;
}

/** What names a value of this branch; undefined: nothing does. */
export function wrapperOf(
  union: UnionSchema,
  branch: AvroSchema,
  options: ValueOptions,
): string | undefined {
  if (branch.kind === "null" || !isWrapped(union, options)) return undefined;
  return branchNameOf(branch);
}
