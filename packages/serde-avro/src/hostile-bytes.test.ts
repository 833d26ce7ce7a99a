import { fromHex } from "@millrace/model";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { AvroError, avro, avroFormat, type AvroSchemaSource } from "./index.ts";

/** A zigzag number in bytes. */
function long(value: bigint): readonly number[] {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return bytes;
}

function outcomeOf(schema: AvroSchemaSource, bytes: Uint8Array, writtenWith = schema): string {
  const serde = avro<unknown>(schema, { writtenWith: [writtenWith] });
  // Of the processor: how long that is depends on who else is at work.
  const before = process.cpuUsage();
  try {
    serde.deserialize(bytes, "topic");
    return "read";
  } catch (error) {
    if (error instanceof AvroError) return error.code;
    throw error;
  } finally {
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(2000);
  }
}

const list = {
  type: "record",
  name: "Node",
  fields: [{ name: "next", type: ["null", "Node"] }],
};
const empty = { type: "record", name: "Empty", fields: [] };
const skipped = (schema: AvroSchemaSource): AvroSchemaSource => ({
  type: "record",
  name: "R",
  fields: [{ name: "a", type: schema }],
});
const without = { type: "record", name: "R", fields: [] };

describe("AVRO-2: bytes that cannot be are an error, at no cost", () => {
  test.each<[string, AvroSchemaSource, readonly number[], string]>([
    ["a string of 2 GB in 5 bytes", "string", long(2n ** 31n), "TRUNCATED"],
    ["bytes of 2^62", "bytes", long(2n ** 62n), "TRUNCATED"],
    ["a string of negative length", "string", long(-5n), "MALFORMED"],
    ["2^40 ints in a block", { type: "array", items: "int" }, long(2n ** 40n), "TRUNCATED"],
    ["2^40 nulls", { type: "array", items: "null" }, long(2n ** 40n), "LIMIT_EXCEEDED"],
    ["2^40 empty records", { type: "array", items: empty }, long(2n ** 40n), "LIMIT_EXCEEDED"],
    ["2^40 entries", { type: "map", values: "null" }, long(2n ** 40n), "TRUNCATED"],
    ["-2^40 ints", { type: "array", items: "int" }, [...long(-(2n ** 40n)), 0], "TRUNCATED"],
    ["-2^63 nulls", { type: "array", items: "null" }, [...long(-(2n ** 63n)), 0], "LIMIT_EXCEEDED"],
    [
      "a block of negative size",
      { type: "array", items: "int" },
      [...long(-1n), ...long(-1n)],
      "MALFORMED",
    ],
    ["a number without end", "long", Array<number>(1000).fill(0xff), "MALFORMED"],
    ["an int beyond 32 bits", "int", long(2n ** 33n), "MALFORMED"],
    ["nothing", "int", [], "TRUNCATED"],
    ["a branch that is none", ["null", "int"], long(2n), "MALFORMED"],
    ["a negative branch", ["null", "int"], long(-1n), "MALFORMED"],
    ["a symbol that is none", { type: "enum", name: "E", symbols: ["A"] }, long(7n), "MALFORMED"],
    ["a boolean of 2", "boolean", [2], "MALFORMED"],
    ["bytes behind the value", "int", [2, 0], "MALFORMED"],
    ["half a double", "double", [1, 2, 3, 4], "TRUNCATED"],
  ])("%s", (_name, schema, bytes, code) => {
    expect(outcomeOf(schema, Uint8Array.from(bytes))).toBe(code);
  });

  test.each<[string, AvroSchemaSource, readonly number[], string]>([
    ["a string of 2 GB", "string", long(2n ** 31n), "TRUNCATED"],
    ["2^40 nulls", { type: "array", items: "null" }, long(2n ** 40n), "LIMIT_EXCEEDED"],
    ["2^40 ints", { type: "array", items: "int" }, long(2n ** 40n), "TRUNCATED"],
    [
      "a block of 2^40 bytes",
      { type: "map", values: "int" },
      [...long(-1n), ...long(2n ** 40n)],
      "TRUNCATED",
    ],
    ["a branch that is none", ["null", "int"], long(9n), "MALFORMED"],
  ])("%s that nobody looks at", (_name, schema, bytes, code) => {
    expect(outcomeOf(without, Uint8Array.from(bytes), skipped(schema))).toBe(code);
  });

  test("many arrays of nulls share one bound", () => {
    const schema = { type: "array", items: { type: "array", items: "null" } };
    const inner = [...long(500_000n), 0];
    const bytes = [...long(3n), ...inner, ...inner, ...inner, 0];
    expect(outcomeOf(schema, Uint8Array.from(bytes))).toBe("LIMIT_EXCEEDED");
  });

  test("a value nested 10,000 times, read or passed over", () => {
    const bytes = new Uint8Array(10_001).fill(2);
    bytes[10_000] = 0;
    expect(outcomeOf(list, bytes)).toBe("LIMIT_EXCEEDED");
    expect(outcomeOf(without, bytes, skipped(list))).toBe("LIMIT_EXCEEDED");
    expect(outcomeOf(list, bytes.subarray(9100))).toBe("read");
  });

  test("a nested value of wide records", () => {
    const fields = Array.from({ length: 300 }, (_, index) => ({ name: `f${index}`, type: "int" }));
    const wide = {
      type: "record",
      name: "Wide",
      fields: [...fields, { name: "next", type: ["null", "Wide"] }],
    };
    const bytes = Uint8Array.from(
      Array.from({ length: 10_000 }).flatMap(() => [...Array(300).fill(0), 2]),
    );
    expect(outcomeOf(wide, bytes)).toBe("LIMIT_EXCEEDED");
  });

  test("a decimal of a megabyte", () => {
    const schema = { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 };
    const bytes = Uint8Array.from([...long(2n ** 20n), ...Array<number>(2 ** 20).fill(1)]);
    expect(outcomeOf(schema, bytes)).toBe("LIMIT_EXCEEDED");
  });

  test("a decimal with two thousand million digits behind the point", () => {
    const digits = 2 ** 31 - 1;
    const schema = { type: "bytes", logicalType: "decimal", precision: digits, scale: digits };
    expect(outcomeOf(schema, Uint8Array.of(2, 1))).toBe("LIMIT_EXCEEDED");
    expect(() => avro<string>(schema).serialize("1", "topic")).toThrow("scale is 2147483647");
  });

  test("bytes that end in the middle of others are not read beyond their end", () => {
    const whole = fromHex("0661626306616263");
    expect(outcomeOf("string", whole.subarray(0, 3))).toBe("TRUNCATED");
    expect(outcomeOf("long", Uint8Array.of(0x80, 1).subarray(0, 1))).toBe("TRUNCATED");
    expect(outcomeOf("double", new Uint8Array(16).subarray(0, 7))).toBe("TRUNCATED");
  });

  test("any bytes at all are a value, or an AvroError", () => {
    const schema = {
      type: "record",
      name: "Any",
      fields: [
        { name: "a", type: ["null", "string", "long", { type: "array", items: ["null", "Any"] }] },
        {
          name: "b",
          type: { type: "map", values: { type: "bytes", logicalType: "decimal", precision: 4 } },
        },
        { name: "c", type: { type: "long", logicalType: "timestamp-micros" } },
        { name: "d", type: { type: "int", logicalType: "date" } },
        { name: "e", type: { type: "int", logicalType: "time-millis" } },
        { name: "f", type: { type: "fixed", name: "F", size: 12, logicalType: "duration" } },
        { name: "g", type: "double" },
        { name: "h", type: { type: "enum", name: "E", symbols: ["A", "B"] } },
      ],
    };
    const other = {
      ...schema,
      fields: schema.fields.filter(({ name }) => name !== "a" && name !== "f"),
    };
    const readers = [
      avro<unknown>(schema),
      avro<unknown>(other, { writtenWith: [schema] }),
      avro<unknown>(schema, { encoding: "single-object" }),
    ];
    const byte = fc.oneof(fc.constantFrom(0, 1, 2, 4, 6, 0x80, 0xff), fc.nat(255));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 80 }), (bytes) => {
        for (const reader of readers) {
          try {
            reader.deserialize(Uint8Array.from(bytes), "topic");
          } catch (error) {
            if (!(error instanceof AvroError)) throw error;
          }
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe("schemas that cannot be meant are refused in time", () => {
  const chain = (count: number, fieldsOf: (next: string) => readonly object[]): string =>
    JSON.stringify(
      Array.from({ length: count }, (_, index) => ({
        type: "record",
        name: `R${index}`,
        fields: index === count - 1 ? [] : fieldsOf(`R${index + 1}`),
      })),
    );
  const twice = (next: string): readonly object[] => [
    { name: "a", type: next },
    { name: "b", type: next },
  ];

  test("records that double with each level, and take no bytes", () => {
    const schema = chain(60, twice);
    const nulls = `{"type":"array","items":${schema}}`;
    expect(outcomeOf(nulls, Uint8Array.of(2, 118, 0))).toBe("read");
    expect(outcomeOf(`{"type":"map","values":${schema}}`, Uint8Array.of(2, 0, 200, 1, 0))).toBe(
      "MALFORMED",
    );
  });

  test("defaults that double with each level", () => {
    const schema = chain(60, (next) => twice(next).map((field) => ({ ...field, default: {} })));
    expect(() => avroFormat.parse(schema, [])).toThrow("has more than 100000 parts");
  });

  test("twenty thousand types that name each other in a chain", () => {
    const schema = chain(20_000, (next) => [{ name: "a", type: next }]);
    expect(() => avroFormat.parse(schema, [])).toThrow(/INVALID_SCHEMA|too long a chain/);
  });

  describe("compared", () => {
    const parsed = (schema: unknown) => avroFormat.parse(JSON.stringify(schema), []);
    const count = process.env["MILLRACE_VERIFY"] === "1" ? 8000 : 3000;
    const many = (nameOf: (index: number) => string, fields: readonly object[] = []) =>
      parsed(
        Array.from({ length: count }, (_, index) => ({
          type: "record",
          name: nameOf(index),
          fields,
        })),
      );

    test("a union of thousands of records reads what another one wrote", () => {
      const reader = many((index) => `R${index}`);
      expect(
        reader.differencesFrom(
          many((index) => `R${count - 1 - index}`),
          "STRICT",
        ),
      ).toEqual([]);
      const other = reader.differencesFrom(
        many((index) => `R${index + 1}`),
        "STRICT",
      );
      expect(other).toMatchObject([{ kind: "MISSING_UNION_BRANCH", path: `/${count - 1}` }]);
    });

    test("thousands of records that differ in their namespaces alone are refused", () => {
      const reader = many((index) => `n${index}.R`, [{ name: "a", type: "int" }]);
      const writer = many((index) => `m${index}.R`);
      expect(() => reader.differencesFrom(writer, "STRICT")).toThrow(
        "cannot be compared within a bound",
      );
    });

    test("enums of a hundred thousand symbols", () => {
      const symbols = Array.from({ length: 100_000 }, (_, index) => `S${index}`);
      const reader = parsed({ type: "enum", name: "E", symbols: symbols.slice(1) });
      const writer = parsed({ type: "enum", name: "E", symbols });
      expect(reader.differencesFrom(writer, "STRICT")).toMatchObject([{ detail: "[S0]" }]);
    });
  });

  describe("resolved", () => {
    const record = (name: string, fields: readonly object[]) => ({ type: "record", name, fields });
    const many = (count: number, nameOf: (index: number) => string) =>
      Array.from({ length: count }, (_, index) => ({
        name: nameOf(index),
        type: "null",
        default: null,
      }));

    /** Milliseconds of the processor for records of so many fields, which the writer has in another order. */
    const cpuMsOf = (count: number): number => {
      const reversed = many(count, (index) => `f${count - index}`);
      const writer = record(
        "R",
        many(count, (index) => `f${index}`),
      );
      const before = process.cpuUsage();
      expect(outcomeOf(record("R", reversed), Uint8Array.of(), writer)).toBe("read");
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    };

    test("records of forty thousand fields, in another order, cost ten times as much as those of four", () => {
      const small = Math.min(...Array.from({ length: 3 }, () => cpuMsOf(4000)));
      // A pass through all fields for each costs 40 times as much: once is enough to show that there is none.
      let large = Number.POSITIVE_INFINITY;
      for (let attempt = 0; attempt < 3 && large >= 22 * small; attempt++)
        large = Math.min(large, cpuMsOf(40_000));
      expect(large / small).toBeLessThan(22);
    });

    test("unions of thousands of records of other names", () => {
      const union = (name: string) =>
        Array.from({ length: 4000 }, (_, index) =>
          record(`${name}${index}`, [{ name: `f${index % 7}${name}`, type: "null" }]),
        );
      expect(() => avro<unknown>(union("R"), { writtenWith: [union("W")] })).toThrow(
        "cannot be resolved within a bound",
      );
    });
  });
});
