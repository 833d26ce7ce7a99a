import type { Attributes, AvroSchema, LogicalType } from "./avro-schema.ts";
import {
  isJsonArray,
  isJsonObject,
  javaDouble,
  jsonDouble,
  JsonNumber,
  sortJson,
  type Json,
} from "./json.ts";

/** Attributes by name, those of the logical type in front. */
export function normalAttributes(attributes: Attributes, logical?: LogicalType): Attributes {
  const first = new Map<string, Json>();
  if (logical !== undefined) first.set("logicalType", logical.kind);
  if (logical?.kind === "decimal") {
    first.set("precision", logical.precision);
    if (logical.scale !== 0) first.set("scale", logical.scale);
  }
  const others = sortedBy([...attributes], ([name]) => name);
  return new Map([...first, ...others.map(([name, value]) => [name, sortJson(value)] as const)]);
}

/** A default as its type has it: a double with its fraction, objects with their members in order. */
export function normalDefault(schema: AvroSchema, given: Json): Json {
  switch (schema.kind) {
    case "float":
    case "double": {
      const value = jsonDouble(given);
      if (value === undefined) return given;
      return new JsonNumber(javaDouble(schema.kind === "float" ? shortFloat(value) : value));
    }
    case "array":
      return isJsonArray(given) ? given.map((item) => normalDefault(schema.items, item)) : given;
    case "map":
      return withMembers(given, () => schema.values);
    case "record":
      return withMembers(
        given,
        (name) => schema.fields.find((field) => field.name === name)?.schema,
      );
    case "union":
      return schema.branches.length === 0 ? given : normalDefault(schema.branches[0], given);
    default:
      return sortJson(given);
  }
}

function withMembers(given: Json, schemaOf: (name: string) => AvroSchema | undefined): Json {
  if (!isJsonObject(given)) return given;
  const members = Object.entries(given).map(([name, value]) => {
    const schema = schemaOf(name);
    return [name, schema === undefined ? value : normalDefault(schema, value)] as const;
  });
  return sortJson(Object.fromEntries(members));
}

/** The number with the fewest digits that is the same float. */
function shortFloat(value: number): number {
  const float = Math.fround(value);
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(float.toPrecision(digits));
    if (Math.fround(short) === float) return short;
  }
  return float;
}

export function sorted(texts: readonly string[]): readonly string[] {
  return sortedBy(texts, (text) => text);
}

export function sortedBy<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
): readonly Item[] {
  return items.toSorted((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
}
