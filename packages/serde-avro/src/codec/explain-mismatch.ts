import { noBytes, shown as shownObject } from "@millrace/model";
import { excessFieldOf, excessFieldProblem } from "@millrace/schema-registry";

import { branchNameOf, type AvroSchema } from "../schema/avro-schema.ts";
import { AvroError } from "./avro-error.ts";
import { compileWriter, type WriteValue } from "./compile-writer.ts";
import { usableDefault } from "./default-bytes.ts";
import { depthMax } from "./read-cursor.ts";
import { formOf, formOfValue, isWrapped, type ValueOptions } from "./value-form.ts";
import { WriteCursor } from "./write-cursor.ts";

interface Part {
  readonly path: string;
  readonly schema: AvroSchema;
  readonly value: unknown;
}

/** Finds out why a value of a schema was refused. What it compiles for that it keeps: bad values come in crowds. */
export class MismatchExplainer {
  readonly #schema: AvroSchema;
  readonly #options: ValueOptions;
  readonly #writers = new Map<AvroSchema, WriteValue>();
  readonly #cursor = new WriteCursor();

  constructor(schema: AvroSchema, options: ValueOptions) {
    this.#schema = schema;
    this.#options = options;
  }

  /** The error, with the place in the value and what was expected there. */
  explain(value: unknown): AvroError {
    const { path, schema, value: found } = this.#innermost(value);
    const where = path === "" ? "the value" : path;
    const excess = this.#options.excessFields === "drop" ? undefined : excessIn(schema, found);
    if (excess !== undefined) return new AvroError("INVALID_VALUE", `${where} has ${excess}`);
    return new AvroError(
      "INVALID_VALUE",
      `${where} is ${shown(found)}, expected ${expectation(schema, this.#options)}`,
    );
  }

  /** The innermost part that is wrong. */
  #innermost(value: unknown): Part {
    let part: Part = { path: "", schema: this.#schema, value };
    for (let depth = 0; depth < depthMax; depth++) {
      const wrong = partsOf(part, this.#options).find((inner) => !this.#canWrite(inner));
      if (wrong === undefined) return part;
      part = wrong;
    }
    return part;
  }

  #canWrite({ schema, value }: Part): boolean {
    let write = this.#writers.get(schema);
    if (write === undefined)
      this.#writers.set(schema, (write = compileWriter(schema, this.#options)));
    try {
      this.#cursor.collect(noBytes, write, value);
      return true;
    } catch {
      // Whatever it threw: this part cannot be written.
      return false;
    }
  }
}

function excessIn(schema: AvroSchema, value: unknown): string | undefined {
  if (schema.kind !== "record" || typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return undefined;
  const names = schema.fields.map(({ name }) => name);
  const excess = excessFieldOf(value, names);
  if (excess === undefined) return undefined;
  return excessFieldProblem(excess, `the record ${schema.name.full}`, names);
}

function partsOf({ path, schema, value }: Part, options: ValueOptions): readonly Part[] {
  const at = (step: string | number, inner: AvroSchema, found: unknown): Part => ({
    path: `${path}/${step}`,
    schema: inner,
    value: found,
  });
  if (schema.kind === "union" && !isWrapped(schema, options)) {
    const form = formOfValue(value);
    const branch = schema.branches.find((inner) => formOf(inner, options) === form);
    return branch === undefined ? [] : [{ path, schema: branch, value }];
  }
  if (schema.kind === "array") {
    // Holes are items too.
    return Array.isArray(value)
      ? Array.from(value, (item, index) => at(index, schema.items, item))
      : [];
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  const members = value as Readonly<Record<string, unknown>>;
  if (schema.kind === "map") {
    return Object.keys(members).map((name) => at(name, schema.values, members[name]));
  }
  if (schema.kind === "record") {
    return schema.fields
      .map((field) => ({ field, member: ownMember(members, field.name) }))
      .filter(({ field, member }) => member !== undefined || usableDefault(field) === undefined)
      .map(({ field, member }) => at(field.name, field.schema, member));
  }
  if (schema.kind !== "union") return [];
  const names = Object.keys(members);
  const branch = schema.branches.find((inner) => branchNameOf(inner) === names[0]);
  return branch === undefined || names.length > 1 ? [] : [at(names[0], branch, members[names[0]])];
}

function ownMember(members: Readonly<Record<string, unknown>>, name: string): unknown {
  return name in Object.prototype && !Object.hasOwn(members, name) ? undefined : members[name];
}

function expectation(schema: AvroSchema, options: ValueOptions): string {
  const { logical } = schema;
  if (logical !== undefined && options.logicalTypes !== "plain") {
    if (logical.kind === "decimal") {
      return `a text of at most ${logical.precision} digits, ${logical.scale} of them behind the point`;
    }
    return expectedTexts[logical.kind];
  }
  switch (schema.kind) {
    case "int":
      return "a whole number of 32 bits";
    case "long":
      return options.longs === "number" ? "a whole number within 2^53" : "a bigint of 64 bits";
    case "float":
      return "a number within the range of a float";
    case "string":
      return "a string without halves of surrogate pairs";
    case "bytes":
      return "a Uint8Array";
    case "fixed":
      return `a Uint8Array of ${schema.size} bytes`;
    case "enum":
      return `one of ${schema.symbols.map((symbol) => JSON.stringify(symbol)).join(", ")}`;
    case "record":
      return `an object for the record ${schema.name.full}`;
    case "union":
      return isWrapped(schema, options)
        ? wrappers(schema.branches)
        : schema.branches.map((branch) => expectation(branch, options)).join(" or ");
    case "null":
      return "null";
    default:
      return `${schema.kind === "array" ? "an" : "a"} ${schema.kind}`;
  }
}

const expectedTexts = {
  date: "a date such as 2026-11-28",
  "time-millis": "a time such as 13:05:09.007",
  "time-micros": "a time such as 13:05:09.000007",
  "timestamp-millis": "milliseconds since 1970, a whole number, as getTime() of a Date gives",
  "timestamp-micros":
    "an instant such as 2026-11-28T12:05:09.000007Z, as toISOString() of a Date gives",
  "timestamp-nanos": "an instant such as 2026-11-28T12:05:09.000000007Z, from 1677 to 2262",
  "local-timestamp-millis": "a date with its time such as 2026-11-28T12:05:09.007",
  "local-timestamp-micros": "a date with its time such as 2026-11-28T12:05:09.000007",
  "local-timestamp-nanos": "a date with its time such as 2026-11-28T12:05:09.000000007",
  uuid: "a UUID such as 6f9619ff-8b86-d011-b42d-00cf4fc964ff",
  duration: "{ months, days, milliseconds }, whole numbers of 32 bits, not negative",
} as const;

function wrappers(branches: readonly AvroSchema[]): string {
  const forms = branches.map((branch) =>
    branch.kind === "null" ? "null" : `{ ${JSON.stringify(branchNameOf(branch))}: … }`,
  );
  return forms.join(" or ");
}

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return JSON.stringify(value.slice(0, 100));
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const names = Object.keys(value).slice(0, 8);
  return names.length === 0 ? shownObject(value) : `an object with ${names.join(", ")}`;
}
