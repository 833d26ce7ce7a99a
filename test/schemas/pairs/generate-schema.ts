import type { Random } from "./random.ts";

/** A schema as its JSON, under construction. */
export type Schema = string | Schema[] | SchemaObject;

export interface SchemaObject {
  type: string;
  name?: string;
  namespace?: string;
  aliases?: string[];
  symbols?: string[];
  default?: unknown;
  size?: number;
  items?: Schema;
  values?: Schema;
  fields?: Field[];
  logicalType?: string;
  precision?: number;
  scale?: number;
}

export interface Field {
  name: string;
  type: Schema;
  default?: unknown;
  aliases?: string[];
}

const primitives = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
const logicals: readonly SchemaObject[] = [
  { type: "int", logicalType: "date" },
  { type: "long", logicalType: "timestamp-micros" },
  { type: "bytes", logicalType: "decimal", precision: 8, scale: 2 },
  { type: "string", logicalType: "uuid" },
];

/** A schema of up to four levels; a record may hold itself. */
export function generateSchema(random: Random): Schema {
  let count = 0;
  return generate(0, []);

  function generate(depth: number, outer: readonly string[]): Schema {
    if (depth > 3 || random.chance(35)) return leaf(outer);
    switch (random.below(depth === 0 ? 8 : 6)) {
      case 0:
        return { type: "array", items: generate(depth + 1, outer) };
      case 1:
        return { type: "map", values: generate(depth + 1, outer) };
      case 2:
        return union(depth, outer);
      default:
        return record(depth, outer);
    }
  }

  function leaf(outer: readonly string[]): Schema {
    const choice = random.below(20);
    if (choice === 0) return { type: "enum", name: `E${count++}`, symbols: ["A", "B", "C"] };
    if (choice === 1) return { type: "fixed", name: `F${count++}`, size: 1 + random.below(4) };
    if (choice === 2) return { ...random.pick(logicals) };
    if (choice === 3 && outer.length > 0) return ["null", random.pick(outer)];
    return random.pick(primitives);
  }

  function union(depth: number, outer: readonly string[]): Schema {
    const branches: Schema[] = random.shuffled(primitives).slice(0, 1 + random.below(4));
    if (random.chance(40)) branches.push(record(depth + 1, outer));
    if (random.chance(15)) branches.push(record(depth + 1, outer));
    if (random.chance(20))
      branches.push({ type: "enum", name: `E${count++}`, symbols: ["A", "B"] });
    if (random.chance(20)) branches.push({ type: "array", items: generate(depth + 2, outer) });
    return random.shuffled(branches);
  }

  function record(depth: number, outer: readonly string[]): Schema {
    const name = `R${count++}`;
    const made: SchemaObject = { type: "record", name };
    const space = random.chance(20) ? `n.s${random.below(2)}` : undefined;
    if (space !== undefined) made.namespace = space;
    // A type of another namespace would have to be named in full.
    const inner = space === undefined ? [...outer, name] : [];
    made.fields = Array.from({ length: random.below(4) }, (_, index) => {
      const type = generate(depth + 1, inner);
      const field: Field = { name: `f${index}`, type };
      if (random.chance(30)) withDefault(field);
      return field;
    });
    return made;
  }
}

/** Gives a field a default of its type, where one is at hand. */
export function withDefault(field: Field): void {
  const value = defaultOf(field.type);
  if (value !== undefined) field.default = value;
}

function defaultOf(type: Schema): unknown {
  if (Array.isArray(type)) {
    const value = type.length === 0 ? undefined : defaultOf(type[0]);
    // Apache Avro 1.12.1 takes such a default, and then throws where it is used ("Not an array").
    return Array.isArray(value) ? undefined : value;
  }
  const kind = typeof type === "string" ? type : type.type;
  const simple: Readonly<Record<string, unknown>> = {
    null: null,
    boolean: true,
    int: 7,
    long: 9_007_199_254_740_991,
    float: 1.5,
    double: -2.25,
    bytes: "\u0000ÿ",
    string: "żółw",
    array: [],
    map: {},
  };
  if (kind in simple) return simple[kind];
  if (typeof type === "string") return undefined;
  if (kind === "enum") return type.symbols?.[0];
  return kind === "fixed" ? "a".repeat(type.size ?? 0) : undefined;
}
