import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import { isReadOf, lossOf } from "./json-form.ts";
import type { Serde } from "./serde.ts";
import type { SchemaOutput, StandardSchema, StandardSchemaIssue } from "./standard-schema.ts";

/**
 * JSON, checked by a schema: zod, valibot, arktype or any other Standard Schema. What the schema makes of the value is
 * what the program sees. It must answer synchronously. What it would not read again as the same value is not written:
 * a schema that transforms is for sources, unless the result is written as its input is (a `Date`, say).
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
    ...(schema === undefined ? unchecked : checkedBy(schema)),
  });
}

const unchecked: Pick<Serde<unknown>, "serialize" | "deserialize"> = {
  serialize: (value) => encodeUtf8(textOf(value)),
  deserialize: parse,
};

function checkedBy(schema: StandardSchema): Pick<Serde<unknown>, "serialize" | "deserialize"> {
  return {
    serialize: (value) => {
      const text = textOf(value);
      if (!isReadOf(validated(schema, JSON.parse(text)), value))
        throw new TypeError(
          "the schema would read another value than is written; give a schema that transforms to the source alone",
        );
      return encodeUtf8(text);
    },
    deserialize: (view) => validated(schema, parse(view)),
  };
}

/** @throws TypeError for a value that would be read as another */
function textOf(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  const loss = lossOf(value);
  if (loss !== undefined) throw new TypeError(`JSON has no form for it: value${loss}`);
  if (text === undefined || text === "null")
    throw new TypeError("the value becomes null in JSON; null is a record without a value");
  return text;
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
