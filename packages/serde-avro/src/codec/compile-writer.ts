import { excessFieldSource } from "@millrace/schema-registry";

import type { AvroField, AvroSchema, RecordSchema, UnionSchema } from "../schema/avro-schema.ts";
import { branchNameOf } from "../schema/avro-schema.ts";
import { dateTimeOf, daysOf, timeOf } from "./date-text.ts";
import { decimalBytes } from "./decimal-text.ts";
import { defaultBytes, usableDefault } from "./default-bytes.ts";
import { requireUuid, withoutZone, writeDuration, writeUuid } from "./logical-values.ts";
import { RecordCycles } from "./schema-shape.ts";
import { memberOf, SourceCode } from "./source-code.ts";
import { formOf, isWrapped, type ValueForm, type ValueOptions } from "./value-form.ts";
import type { WriteCursor } from "./write-cursor.ts";

/** Writes one value where the cursor stands; one that does not fit throws `INVALID_VALUE`. */
export type WriteValue = (cursor: WriteCursor, value: unknown) => void;

export function compileWriter(schema: AvroSchema, options: ValueOptions): WriteValue {
  return new WriterCompiler(options).compile(schema);
}

/** What tells the forms apart, in an order in which the first that holds is right. */
const formTests: Readonly<Record<ValueForm, string>> = {
  null: "v === null",
  boolean: 'typeof v === "boolean"',
  number: 'typeof v === "number"',
  bigint: 'typeof v === "bigint"',
  text: 'typeof v === "string"',
  bytes: "v instanceof Uint8Array",
  list: "Array.isArray(v)",
  object: 'typeof v === "object"',
};

/** Maps, lists, bytes and dates have no members, and would be written as nothing, or as defaults. */
const isOther = "v[Symbol.iterator] !== undefined || v[Symbol.toPrimitive] !== undefined";

class WriterCompiler {
  readonly #options: ValueOptions;
  readonly #code = new SourceCode();
  readonly #cycles = new RecordCycles();
  readonly #writers = new Map<AvroSchema, string>();

  constructor(options: ValueOptions) {
    this.#options = options;
  }

  compile(schema: AvroSchema): WriteValue {
    const name = this.#code.declare();
    this.#code.define(name, "c, v", this.#write(schema, "v"));
    // All that the compiler writes takes a cursor and a value.
    return this.#code.compile(name) as WriteValue;
  }

  /** A statement that writes an expression. */
  #write(schema: AvroSchema, value: string): string {
    const logical = this.#logical(schema, value);
    if (logical !== undefined) return logical;
    switch (schema.kind) {
      case "null":
        return `c.putNull(${value});`;
      case "boolean":
        return `c.putBoolean(${value});`;
      case "int":
        return `c.putInt(${value});`;
      case "long":
        return this.#options.longs === "number"
          ? `c.putNumberOrBigint(${value});`
          : `c.putBigint(${value});`;
      case "float":
        return `c.putFloat(${value});`;
      case "double":
        return `c.putDouble(${value});`;
      case "bytes":
        return `c.putBytes(${value});`;
      case "string":
        return `c.putString(${value});`;
      case "fixed":
        return `c.putFixed(${value}, ${schema.size});`;
      case "enum": {
        const indexes = new Map(schema.symbols.map((symbol, index) => [symbol, index]));
        return `c.putInt(${this.#code.value(indexes)}.get(${value}));`;
      }
      default:
        return `${this.#writerOf(schema)}(c, ${value});`;
    }
  }

  #writerOf(schema: AvroSchema): string {
    const known = this.#writers.get(schema);
    if (known !== undefined) return known;
    const name = this.#code.declare();
    this.#writers.set(schema, name);
    this.#code.define(name, "c, v", this.#body(schema));
    return name;
  }

  #body(schema: AvroSchema): string {
    if (schema.kind === "record") return this.#record(schema);
    if (schema.kind === "union") {
      return isWrapped(schema, this.#options) ? this.#wrapped(schema) : this.#union(schema);
    }
    if (schema.kind === "array") {
      return `if (!Array.isArray(v)) throw c.mismatch();
if (v.length > 0) {
  c.putLong(v.length);
  for (let i = 0; i < v.length; i++) { const item = v[i]; ${this.#write(schema.items, "item")} }
}
c.putInt(0);`;
    }
    const values = schema.kind === "map" ? schema.values : schema;
    return `if (typeof v !== "object" || v === null || ${isOther}) throw c.mismatch();
const names = Object.keys(v);
if (names.length > 0) {
  c.putLong(names.length);
  for (const name of names) { c.putString(name); const item = v[name]; ${this.#write(values, "item")} }
}
c.putInt(0);`;
  }

  #record(schema: RecordSchema): string {
    const guard = this.#cycles.isHead(schema) ? ["c.enter();", "c.leave();"] : ["", ""];
    const lines = schema.fields.map((field, index) => this.#field(field, `v${index}`));
    const needsNone = schema.fields.every((field) => usableDefault(field) !== undefined);
    return `if (typeof v !== "object" || v === null${needsNone ? ` || ${isOther}` : ""}) throw c.mismatch();
${this.#excess(schema.fields.map(({ name }) => name))}
${guard[0]}
${lines.join("\n")}
${guard[1]}`;
  }

  #excess(names: readonly string[], value = "v"): string {
    if (this.#options.excessFields === "drop") return "";
    const known = this.#code.value(new Set(names));
    return excessFieldSource({ value, names, known, refuse: "throw c.mismatch();" });
  }

  #field(field: AvroField, variable: string): string {
    const { name, schema } = field;
    const member = memberOf("v", name);
    const write = this.#write(schema, variable);
    const given = usableDefault(field);
    if (given === undefined) return `const ${variable} = ${member}; ${write}`;
    const bytes = this.#code.value(defaultBytes(schema, given));
    return `const ${variable} = ${member}; if (${variable} === undefined) c.putRaw(${bytes}); else { ${write} }`;
  }

  #union({ branches }: UnionSchema): string {
    const forms = branches.map((branch) => formOf(branch, this.#options));
    const cases = (Object.keys(formTests) as readonly ValueForm[])
      .filter((form) => forms.includes(form))
      .map((form) => {
        const index = forms.indexOf(form);
        const write = form === "null" ? "" : this.#write(branches[index], "v");
        const isWide = form === "number" && branches[index].kind === "long";
        const test = isWide ? `${formTests.number} || ${formTests.bigint}` : formTests[form];
        return `if (${test}) { c.putInt(${index}); ${write} }`;
      });
    return [...cases, "throw c.mismatch();"].join(" else ");
  }

  #wrapped({ branches }: UnionSchema): string {
    const cases = branches.map((branch, index) => {
      if (branch.kind === "null") return "";
      const name = JSON.stringify(branchNameOf(branch));
      return `case ${name}: { const inner = v[${name}]; c.putInt(${index}); ${this.#write(branch, "inner")} return; }`;
    });
    const nullIndex = branches.findIndex((branch) => branch.kind === "null");
    const ofNull = nullIndex < 0 ? "" : `if (v === null) { c.putInt(${nullIndex}); return; }`;
    return `${ofNull}
switch (c.branchOf(v)) {
${cases.join("\n")}
default: throw c.mismatch();
}`;
  }

  #logical(schema: AvroSchema, value: string): string | undefined {
    const { logical } = schema;
    if (logical === undefined || this.#options.logicalTypes === "plain") return undefined;
    const call = (convert: unknown, ...more: readonly string[]): string =>
      `${this.#code.value(convert)}(${[value, ...more].join(", ")})`;
    const instant = (unit: string): string => {
      const text = call(withoutZone);
      return `c.putBigint(${this.#code.value(dateTimeOf)}(${text}, ${unit}));`;
    };
    switch (logical.kind) {
      case "timestamp-millis":
        return `c.putLong(${value});`;
      case "date":
        return `c.putInt(${call(daysOf)});`;
      case "time-millis":
        return `c.putInt(${call(timeOf, "1e3")});`;
      case "time-micros":
        return `c.putLong(${call(timeOf, "1e6")});`;
      case "timestamp-micros":
        return instant("1e6");
      case "timestamp-nanos":
        return instant("1e9");
      case "local-timestamp-millis":
        return `c.putBigint(${call(dateTimeOf, "1e3")});`;
      case "local-timestamp-micros":
        return `c.putBigint(${call(dateTimeOf, "1e6")});`;
      case "local-timestamp-nanos":
        return `c.putBigint(${call(dateTimeOf, "1e9")});`;
      case "decimal": {
        const size = schema.kind === "fixed" ? schema.size : undefined;
        const bytes = call(decimalBytes, this.#code.value({ ...logical, size }));
        return size === undefined ? `c.putBytes(${bytes});` : `c.putFixed(${bytes}, ${size});`;
      }
      case "uuid":
        if (schema.kind !== "fixed") return `c.putString(${call(requireUuid)});`;
        return `${this.#code.value(writeUuid)}(c, ${value});`;
      case "duration":
        return `${this.#code.value(writeDuration)}(c, ${value}); ${this.#excess(["months", "days", "milliseconds"], value)}`;
    }
  }
}
