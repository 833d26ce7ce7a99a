import type { AvroSchema, PrimitiveSchema } from "../schema/avro-schema.ts";
import { AvroError } from "./avro-error.ts";
import { dateText, dateTimeText, timeText } from "./date-text.ts";
import { decimalText } from "./decimal-text.ts";
import { defaultBytes } from "./default-bytes.ts";
import { readDuration, readUuid } from "./logical-values.ts";
import { ReadCursor } from "./read-cursor.ts";
import {
  resolve,
  type ContainerPlan,
  type DefaultedField,
  type ReadPlan,
  type RecordPlan,
} from "./resolve.ts";
import { RecordCycles, takesNoBytes } from "./schema-shape.ts";
import { memberName, SourceCode } from "./source-code.ts";
import { wrapperOf, type ValueOptions } from "./value-form.ts";

/** Reads one value where the cursor stands. */
export type ReadValue = (cursor: ReadCursor) => unknown;

/** A function that reads what was written with one schema as another has it. */
export function compileReader(
  writer: AvroSchema,
  reader: AvroSchema,
  options: ValueOptions,
): ReadValue {
  const compiler = new ReaderCompiler(options);
  return compiler.compile(resolve(writer, reader));
}

class ReaderCompiler {
  readonly #options: ValueOptions;
  readonly #code = new SourceCode();
  readonly #readers = new Map<ReadPlan, string>();
  readonly #cycles = new RecordCycles();
  readonly #skippers = new Map<AvroSchema, string>();

  constructor(options: ValueOptions) {
    this.#options = options;
  }

  compile(plan: ReadPlan): ReadValue {
    const name = this.#code.declare();
    this.#code.define(name, "c", `return ${this.#read(plan)};`);
    // All that the compiler writes takes a cursor and gives a value.
    return this.#code.compile(name) as ReadValue;
  }

  /** An expression. */
  #read(plan: ReadPlan): string {
    switch (plan.kind) {
      case "primitive":
        return this.#primitive(plan.from, plan.reader);
      case "fixed":
        return this.#logical(plan.reader, `c.fixed(${plan.reader.size})`);
      case "enum":
        return this.#enum(plan.symbols);
      case "branch":
        return this.#branch(plan);
      case "error":
        return this.#unresolvable(plan.message);
      default:
        return `${this.#readerOf(plan)}(c)`;
    }
  }

  #readerOf(plan: ContainerPlan | RecordPlan | Extract<ReadPlan, { kind: "branches" }>): string {
    const known = this.#readers.get(plan);
    if (known !== undefined) return known;
    const name = this.#code.declare();
    this.#readers.set(plan, name);
    let body: string;
    if (plan.kind === "record") body = this.#record(plan);
    else if (plan.kind === "branches") body = this.#branches(plan.branches);
    else body = plan.kind === "array" ? this.#array(plan) : this.#map(plan);
    this.#code.define(name, "c", body);
    return name;
  }

  #record({ reader, writer, steps, defaults, missing }: RecordPlan): string {
    if (missing !== undefined) {
      const message = `the field "${missing}" of ${reader.name.full} is not written, and has no default`;
      return `return ${this.#unresolvable(message)};`;
    }
    const guard = this.#cycles.isHead(writer) ? ["c.enter();", "c.leave();"] : ["", ""];
    const names = new Map<string, string>();
    const lines = steps.map((step, index) => {
      if (step.kind === "skip") return this.#skip(step.schema);
      names.set(step.field.name, `v${index}`);
      return `const v${index} = ${this.#read(step.plan)};`;
    });
    for (const field of defaults) names.set(field.name, this.#default(field));
    const members = reader.fields.map(({ name }) => `${memberName(name)}: ${names.get(name)}`);
    return `${guard[0]}\n${lines.join("\n")}\n${guard[1]}\nreturn { ${members.join(", ")} };`;
  }

  #array({ writer, items }: ContainerPlan): string {
    const block = takesNoBytes(writer) ? "c.emptyItems(c.block())" : "c.block()";
    return `const list = [];
for (let n = ${block}; n !== 0; n = ${block}) {
  for (; n > 0; n--) list.push(${this.#read(items)});
}
return list;`;
  }

  #map({ items }: ContainerPlan): string {
    return `const map = {};
for (let n = c.block(); n !== 0; n = c.block()) {
  for (; n > 0; n--) {
    const name = c.string();
    const value = ${this.#read(items)};
    if (name === "__proto__") Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true });
    else map[name] = value;
  }
}
return map;`;
  }

  #branches(branches: readonly ReadPlan[]): string {
    const cases = branches.map((plan, index) => `case ${index}: return ${this.#read(plan)};`);
    return `switch (c.index(${branches.length})) {\n${cases.join("\n")}\n}`;
  }

  #branch({ union, index, plan }: Extract<ReadPlan, { kind: "branch" }>): string {
    const wrapper = wrapperOf(union, union.branches[index], this.#options);
    const value = this.#read(plan);
    return wrapper === undefined ? value : `{ ${memberName(wrapper)}: ${value} }`;
  }

  #enum(symbols: Extract<ReadPlan, { kind: "enum" }>["symbols"]): string {
    const all = symbols.map((entry) => ("symbol" in entry ? entry.symbol : undefined));
    const index = `c.index(${symbols.length})`;
    const list = this.#code.value(all);
    if (!all.includes(undefined)) return `${list}[${index}]`;
    const refuse = this.#code.value((at: number): never => {
      const entry = symbols[at];
      const symbol = "unknown" in entry ? entry.unknown : "";
      throw unresolvable(`the symbol ${symbol} was written, which the reader's enum lacks`);
    });
    const pick = this.#code.value(
      (at: number, refused: (at: number) => never) => all[at] ?? refused(at),
    );
    return `${pick}(${index}, ${refuse})`;
  }

  #primitive(from: PrimitiveSchema, reader: PrimitiveSchema): string {
    if (reader.kind === "float" && from.kind === "int") return "Math.fround(c.int())";
    if (reader.kind === "float" && from.kind === "long") {
      return `${this.#code.value(nearestFloat)}(c.bigint())`;
    }
    if (reader.kind === "double" && from.kind === "int") return "c.int()";
    if (reader.kind === "double" && from.kind === "long") return "Number(c.bigint())";
    if (reader.kind === "double" && from.kind === "float") return "c.float()";
    switch (reader.kind) {
      case "null":
        return "null";
      case "long":
        return this.#long(from, reader);
      case "int":
        return this.#logical(reader, "c.int()");
      default:
        return this.#logical(reader, `c.${reader.kind}()`);
    }
  }

  #long(from: PrimitiveSchema, reader: PrimitiveSchema): string {
    const { longs = "bigint", logicalTypes } = this.#options;
    const isLogical = reader.logical !== undefined && logicalTypes !== "plain";
    const kind = isLogical ? reader.logical?.kind : undefined;
    const isNumber = kind === undefined ? longs === "number" : kind === "timestamp-millis";
    if (from.kind === "int") {
      return this.#logical(reader, isNumber || isLogical ? "c.int()" : "BigInt(c.int())");
    }
    return this.#logical(reader, isNumber || kind === "time-micros" ? "c.long()" : "c.bigint()");
  }

  /** The value of a logical type from that of its type. */
  #logical(reader: AvroSchema, value: string): string {
    const { logical } = reader;
    if (logical === undefined || this.#options.logicalTypes === "plain") return value;
    const call = (convert: unknown, ...more: readonly string[]): string =>
      `${this.#code.value(convert)}(${[value, ...more].join(", ")})`;
    switch (logical.kind) {
      case "timestamp-millis":
        return value;
      case "date":
        return call(dateText);
      case "time-millis":
        return call(timeText, "1e3");
      case "time-micros":
        return call(timeText, "1e6");
      case "timestamp-micros":
        return `${call(dateTimeText, "1e6")} + "Z"`;
      case "timestamp-nanos":
        return `${call(dateTimeText, "1e9")} + "Z"`;
      case "local-timestamp-millis":
        return call(dateTimeText, "1e3");
      case "local-timestamp-micros":
        return call(dateTimeText, "1e6");
      case "local-timestamp-nanos":
        return call(dateTimeText, "1e9");
      case "decimal":
        return call(decimalText, `${logical.scale}`);
      case "uuid":
        return reader.kind === "fixed" ? `${this.#code.value(readUuid)}(c)` : value;
      case "duration":
        return `${this.#code.value(readDuration)}(c)`;
    }
  }

  /** A default is a new value each time, unless nobody can change it. */
  #default(field: DefaultedField): string {
    const bytes = defaultBytes(field.schema, field.default);
    const read = new ReaderCompiler(this.#options).compile(resolve(field.schema, field.schema));
    const cursor = new ReadCursor();
    const make = (): unknown => {
      cursor.open(bytes, 0);
      return read(cursor);
    };
    const value = make();
    const isShared = typeof value !== "object" || value === null;
    return isShared ? this.#code.value(value) : `${this.#code.value(make)}()`;
  }

  /** A statement. */
  #skip(schema: AvroSchema): string {
    switch (schema.kind) {
      case "null":
        return "";
      case "boolean":
        return "c.skip(1);";
      case "int":
      case "long":
      case "enum":
        return "c.skipLong();";
      case "float":
        return "c.skip(4);";
      case "double":
        return "c.skip(8);";
      case "bytes":
      case "string":
        return "c.skipBytes();";
      case "fixed":
        return `c.skip(${schema.size});`;
      default:
        return `${this.#skipperOf(schema)}(c);`;
    }
  }

  #skipperOf(schema: AvroSchema): string {
    const known = this.#skippers.get(schema);
    if (known !== undefined) return known;
    const name = this.#code.declare();
    this.#skippers.set(schema, name);
    this.#code.define(name, "c", this.#skipBody(schema));
    return name;
  }

  #skipBody(schema: AvroSchema): string {
    if (schema.kind === "union") {
      const cases = schema.branches.map((branch, at) => `case ${at}: ${this.#skip(branch)} break;`);
      return `switch (c.index(${schema.branches.length})) {\n${cases.join("\n")}\n}`;
    }
    if (schema.kind === "record") {
      const lines = schema.fields.map((field) => this.#skip(field.schema));
      if (this.#cycles.isHead(schema)) return ["c.enter();", ...lines, "c.leave();"].join("\n");
      return lines.join("\n");
    }
    if (schema.kind === "map") {
      return `for (let n = c.skippedBlock(); n !== 0; n = c.skippedBlock()) {
  for (; n > 0; n--) { c.skipBytes(); ${this.#skip(schema.values)} }
}`;
    }
    const items = schema.kind === "array" ? schema.items : schema;
    const block = takesNoBytes(items) ? "c.emptyItems(c.skippedBlock())" : "c.skippedBlock()";
    return `for (let n = ${block}; n !== 0; n = ${block}) {
  for (; n > 0; n--) { ${this.#skip(items)} }
}`;
  }

  #unresolvable(message: string): string {
    return `${this.#code.value((): never => {
      throw unresolvable(message);
    })}()`;
  }
}

function unresolvable(message: string): AvroError {
  return new AvroError("UNRESOLVABLE", message);
}

/** A long as the nearest float; over a double the rounding would be done twice. */
function nearestFloat(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  const shift = BigInt(Math.max(0, magnitude.toString(2).length - 30));
  const rest = magnitude & ((1n << shift) - 1n);
  const kept = (magnitude >> shift) | (rest === 0n ? 0n : 1n);
  const float = Math.fround(Number(kept)) * 2 ** Number(shift);
  return value < 0n ? -float : float;
}
