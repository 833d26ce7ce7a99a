import { toHex } from "@millrace/model";
import { avro, avroFormat } from "@millrace/serde-avro";

import type { AvroSchema } from "../../../packages/serde-avro/src/schema/avro-schema.ts";
import { readSource } from "../../../packages/serde-avro/src/schema/schema-source.ts";
import { readValue } from "../avro-values.ts";
import { changeSchema } from "./change-schema.ts";
import { generateSchema } from "./generate-schema.ts";
import { Random } from "./random.ts";

/** Two schemas, and bytes that were written with one of them. */
export interface SchemaPair {
  readonly name: string;
  readonly writer: string;
  readonly reader: string;
  /** In hex. */
  readonly values: readonly string[];
}

const valuesPerPair = 3;
const plain = { logicalTypes: "plain" } as const;

/** Pairs of which a schema and a changed one are the writer's and the reader's; the same for a seed. */
export function generatePairs(seed: number, count: number): readonly SchemaPair[] {
  const random = new Random(seed);
  const pairs: SchemaPair[] = [];
  while (pairs.length < count) {
    const first = generateSchema(random);
    const texts = [first, changeSchema(random, first)].map((schema) => JSON.stringify(schema));
    if (!texts.every(isSchema) || texts[0] === texts[1]) continue;
    const [writer, reader] = random.chance(50) ? texts : texts.toReversed();
    const values = valuesOf(random, writer);
    if (values !== undefined)
      pairs.push({ name: `pair-${seed}-${pairs.length}`, writer, reader, values });
  }
  return pairs;
}

/** Undefined: a record of this schema would have no end. */
function valuesOf(random: Random, writer: string): readonly string[] | undefined {
  const schema = readSource(writer);
  const serde = avro<unknown>(writer, plain);
  try {
    return Array.from({ length: valuesPerPair }, () => {
      const value = readValue(schema, valueOf(random, schema, 0), plain);
      return toHex(serde.serialize(value as NonNullable<unknown>, "topic"));
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Names may have met, or a name be lost, by the changes. */
function isSchema(text: string): boolean {
  try {
    avroFormat.parse(text, []);
    return true;
  } catch {
    return false;
  }
}

/** A value as the facts have it. */
function valueOf(random: Random, schema: AvroSchema, depth: number): unknown {
  switch (schema.kind) {
    case "null":
      return null;
    case "boolean":
      return random.chance(50);
    case "int":
      return random.pick([0, -1, 63, 64, 16_777_217, 2 ** 31 - 1, -(2 ** 31), random.below(1000)]);
    case "long":
      return random.pick([
        "0",
        "-1",
        "9007199254740993",
        "9223372036854775807",
        "-9223372036854775808",
        "16777217",
      ]);
    case "float":
      return random.pick([0, -0.25, 1.5, 3.4028234663852886e38]);
    case "double":
      return random.pick([0, 1.1, -1e300, 5e-324]);
    case "bytes":
      return random.pick(["", "00ff", "616263"]).slice(0, 6);
    case "string":
      return random.pick(["", "żółw", "abc", "6f9619ff-8b86-d011-b42d-00cf4fc964ff"]);
    case "fixed":
      return "7a".repeat(schema.size);
    case "enum":
      return random.pick(schema.symbols);
    case "array":
      return Array.from({ length: depth > 5 ? 0 : random.below(3) }, () =>
        valueOf(random, schema.items, depth + 1),
      );
    case "map":
      return depth > 5 || random.chance(30) ? {} : { k: valueOf(random, schema.values, depth + 1) };
    case "record":
      return Object.fromEntries(
        schema.fields.map((field) => [field.name, valueOf(random, field.schema, depth + 1)]),
      );
    case "union": {
      const ofNull = schema.branches.find((branch) => branch.kind === "null");
      const branch = depth > 5 && ofNull !== undefined ? ofNull : random.pick(schema.branches);
      if (branch.kind === "null") return null;
      const name = "name" in branch ? branch.name.full : branch.kind;
      return { [name]: valueOf(random, branch, depth + 1) };
    }
  }
}
