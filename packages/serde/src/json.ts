import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import type { Serde } from "./serde.ts";
import type { SchemaOutput, StandardSchema, StandardSchemaIssue } from "./standard-schema.ts";

/**
 * JSON, checked by a schema when it is read: zod, valibot, arktype or any other Standard Schema. What the schema
 * makes of the value is what the program sees. The schema must answer synchronously.
 *
 * @example json(z.object({ customer: z.string(), total: z.number() }))
 */
export function json<S extends StandardSchema>(schema: S): Serde<SchemaOutput<S>>;
/**
 * JSON without a schema: the type is a claim that nothing checks.
 *
 * @example json<{ customer: string; total: number }>()
 */
export function json<T>(): Serde<T>;
export function json(schema?: StandardSchema): Serde<unknown> {
  return Object.freeze({
    name: "json",
    isNullable: false,
    serialize,
    deserialize:
      schema === undefined ? parse : (view: Uint8Array) => validated(schema, parse(view)),
  });
}

function serialize(value: unknown): Uint8Array {
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`JSON has no form for a ${typeof value}`);
  return encodeUtf8(text);
}

function parse(view: Uint8Array): {} {
  const value: unknown = JSON.parse(decodeUtf8(view));
  if (value === null || value === undefined)
    throw new TypeError("the JSON text is null; null is written as a record without a value");
  return value;
}

function validated(schema: StandardSchema, input: unknown): {} {
  const result = schema["~standard"].validate(input);
  if (result instanceof Promise)
    throw new TypeError(
      `the ${schema["~standard"].vendor} schema validates asynchronously; a serde needs one that is synchronous`,
    );
  if (result.issues !== undefined) throw new TypeError(describe(result.issues));
  if (result.value === null || result.value === undefined)
    throw new TypeError("the schema made null of the value; null is a record without a value");
  return result.value;
}

function describe(issues: readonly StandardSchemaIssue[]): string {
  return issues.map(describeIssue).join("; ");
}

function describeIssue({ message, path }: StandardSchemaIssue): string {
  if (path === undefined || path.length === 0) return message;
  const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
  return `${keys.join(".")}: ${message}`;
}
