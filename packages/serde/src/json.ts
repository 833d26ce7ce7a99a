import { decodeUtf8, encodeUtf8, isSynchronousFunction, shown, writeUtf8 } from "@millrace/model";
import { inPlace } from "./in-place.ts";
import { isReadOf, lossOf } from "./json-form.ts";
import type { JsonRefusal } from "./json-value.ts";
import type { Serde } from "./serde.ts";
import { requireSynchronous, SerdeContractError } from "./serde-contract.ts";
import type {
  SchemaInput,
  SchemaOutput,
  StandardSchema,
  StandardSchemaIssue,
  StandardSchemaResult,
} from "./standard-schema.ts";

/**
 * JSON, checked by a schema: zod, valibot, arktype or any other Standard Schema. What the schema makes of the value is
 * what the program sees. It must answer synchronously. What it would not read again as the same value is not written:
 * a schema that transforms is for sources, unless the result is written as its input is (a `Date`, say).
 *
 * @throws SerdeContractError `INVALID_SCHEMA`
 *
 * @example json(z.object({ customer: z.string(), total: z.number() }))
 */
export function json<S extends StandardSchema>(schema: S): Serde<SchemaOutput<S>>;
/**
 * The same, checked as the options say. A schema that is not asked before a value is written must not transform.
 *
 * @example json(Order, { validates: "reads" })
 */
export function json<S extends StandardSchema>(
  schema: S,
  options: JsonOptions & SchemaRefusal<S>,
): Serde<SchemaOutput<S>>;
/**
 * JSON without a schema: the type is a claim that nothing checks, but that what JSON does not give back, such as a `Date`
 * or a `Map`, does not compile. A type parameter is not known to be JSON: say `unknown` for it.
 *
 * @example json<{ customer: string; total: number }>()
 */
export function json<T>(this: JsonRefusal<T>): Serde<T>;
export function json(schema?: StandardSchema, options: JsonOptions = {}): Serde<unknown> {
  const codec = schema === undefined ? unchecked() : checkedBy(schema, validatesWrites(options));
  const { serialize, deserialize } = codec;
  return inPlace({ name: "json", isNullable: false, serialize, deserialize }, codec);
}

/** When a schema is asked. */
export interface JsonOptions {
  /**
   * `reads and writes`: what the schema would not read again as the same value is not written. `reads`: what is written
   * is not checked, which takes half the time; a value that the schema refuses is found when it is read. Default `reads
   * and writes`.
   */
  readonly validates?: "reads" | "reads and writes";
}

/** What the compiler says of a schema whose values are no input of it. */
type SchemaRefusal<S extends StandardSchema> = [SchemaOutput<S>] extends [SchemaInput<S>]
  ? unknown
  : "The schema transforms: what it makes of a value is not what it reads, so that it must be asked before a value is written. Leave the options out";

function validatesWrites({ validates = "reads and writes" }: JsonOptions): boolean {
  if (validates === "reads" || validates === "reads and writes") return validates !== "reads";
  throw new SerdeContractError(
    "INVALID_SCHEMA",
    `json was given validates: ${shown(validates)}; give "reads" or "reads and writes"`,
  );
}

type Codec = Pick<
  Serde<unknown>,
  "serialize" | "deserialize" | "sizeMax" | "writeTo" | "isLossless"
>;

function unchecked(): Codec {
  return { ...writing(textOf), deserialize: parse, isLossless: true };
}

/** The text is made to tell its size, and kept until it is written. */
function writing(text: (value: unknown) => string): Omit<Codec, "deserialize"> {
  let made: { readonly value: unknown; readonly text: string } | undefined;
  return {
    serialize: (value) => encodeUtf8(text(value)),
    sizeMax: (value) => {
      made = { value, text: text(value) };
      return 3 * made.text.length;
    },
    writeTo: (value, target, at) => {
      const written = made?.value === value ? made.text : text(value);
      made = undefined;
      return writeUtf8(written, target, at);
    },
  };
}

function checkedBy(schema: StandardSchema, isCheckedBefore: boolean): Codec {
  requireSchema(schema);
  const deserialize = (view: Uint8Array): {} => validated(schema, parse(view));
  if (!isCheckedBefore) return { ...writing(textOf), deserialize };
  const checkedText = (value: unknown): string => {
    const text = textOf(value);
    if (isReadOf(validated(schema, JSON.parse(text)), value)) return text;
    throw new TypeError(
      "the schema would read another value than is written; give a schema that transforms to the source alone",
    );
  };
  return { ...writing(checkedText), deserialize };
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
  const result: unknown = schema["~standard"].validate(input);
  requireSynchronous(result, `the ${schema["~standard"].vendor} schema`);
  if (!isResult(result))
    throw new SerdeContractError(
      "INVALID_SCHEMA",
      `the ${schema["~standard"].vendor} schema answered ${shown(result)}; a Standard Schema answers { value } or { issues }`,
    );
  if (result.issues !== undefined) throw new TypeError(describe(result.issues));
  if (result.value === null || result.value === undefined)
    throw new TypeError("the schema made null of the value; null is a record without a value");
  return result.value;
}

/** Whether it answers later shows at the first record only: it is not to be called with what nobody wrote. */
function requireSchema(schema: unknown): void {
  // Some schemas are functions.
  const isHolder = (typeof schema === "object" && schema !== null) || typeof schema === "function";
  const standard: unknown = isHolder && "~standard" in schema ? schema["~standard"] : undefined;
  if (typeof standard !== "object" || standard === null || !("validate" in standard))
    throw new SerdeContractError(
      "INVALID_SCHEMA",
      `json was given ${shown(schema)}; give a Standard Schema, such as those of zod, valibot or arktype, or nothing`,
    );
  if (isSynchronousFunction(standard.validate)) return;
  const vendor = "vendor" in standard ? `${String(standard.vendor)} ` : "";
  throw new SerdeContractError(
    "INVALID_SCHEMA",
    `validate of the ${vendor}schema is ${shown(standard.validate)}; a serde needs one that is synchronous`,
  );
}

function isResult(result: unknown): result is StandardSchemaResult<unknown> {
  return typeof result === "object" && result !== null;
}

function describe(issues: readonly StandardSchemaIssue[]): string {
  return issues.map(describeIssue).join("; ");
}

function describeIssue({ message, path }: StandardSchemaIssue): string {
  if (path === undefined || path.length === 0) return message;
  const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
  return `${keys.join(".")}: ${message}`;
}
