import { runInNewContext } from "node:vm";

import { fromHex, toHex } from "@millrace/model";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bytes,
  deserializeWith,
  double,
  int32,
  int64,
  int64AsNumber,
  json,
  optional,
  SerdeError,
  serializeWith,
  sizeWith,
  valuePlace,
  string,
  type Serde,
  type StandardSchema,
} from "./index.ts";

const topic = "orders";

function roundTrips<T extends {}>(serde: Serde<T>, values: fc.Arbitrary<T>): void {
  fc.assert(
    fc.property(values, (value) => {
      const encoded = serde.serialize(value, topic);
      const frame = new Uint8Array(encoded.length + 2);
      frame.set(encoded, 1);
      expect(serde.deserialize(frame.subarray(1, -1), topic)).toEqual(value);
      if (serde.sizeOf !== undefined) expect(serde.sizeOf(value)).toBe(encoded.length);
    }),
  );
}

describe("SERDE-1: what was serialised deserialises to the same value", () => {
  it("string", () => roundTrips(string(), fc.string({ unit: "binary", maxLength: 100 })));
  it("int32", () => roundTrips(int32(), fc.integer()));
  it("int64", () => roundTrips(int64(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })));
  it("int64AsNumber", () =>
    roundTrips(
      int64AsNumber(),
      fc.maxSafeInteger().map((n) => n + 0),
    ));
  it("double", () => roundTrips(double(), fc.double()));
  it("bytes", () => roundTrips(bytes(), fc.uint8Array()));
  it("json", () =>
    roundTrips(
      json<{ text: string; list: number[] }>(),
      fc.record({ text: fc.string(), list: fc.array(fc.integer()) }),
    ));
});

describe("SERDE-2: bytes are those of Kafka's serdes", () => {
  it.each([
    ["string", toHex(string().serialize("aé€😀", topic)), "61c3a9e282acf09f9880"],
    ["int32", toHex(int32().serialize(-2, topic)), "fffffffe"],
    ["int64", toHex(int64().serialize(-2n, topic)), "fffffffffffffffe"],
    ["int64AsNumber", toHex(int64AsNumber().serialize(-2, topic)), "fffffffffffffffe"],
    [
      "a great int64AsNumber",
      toHex(int64AsNumber().serialize(2 ** 40 + 5, topic)),
      "0000010000000005",
    ],
    ["double", toHex(double().serialize(1.5, topic)), "3ff8000000000000"],
  ])("%s", (_name, actual, expected) => expect(actual).toBe(expected));
});

describe("SERDE-3: a total serde decodes any bytes", () => {
  it("malformed text becomes U+FFFD and a byte order mark stays", () => {
    expect(string().deserialize(fromHex("61ff62"), topic)).toBe("a\ufffdb");
    expect(string().deserialize(fromHex("efbbbf61"), topic)).toBe("\ufeffa");
  });
  it("never throws", () => {
    for (const serde of [string(), bytes()]) {
      expect(serde.isTotal).toBe(true);
      fc.assert(fc.property(fc.uint8Array(), (view) => void serde.deserialize(view, topic)));
    }
  });
  it("the others say that they may fail", () => {
    for (const serde of [int32(), int64(), int64AsNumber(), double(), json()])
      expect(serde.isTotal ?? false).toBe(false);
  });
});

it("bytes stand for a value where nothing is left out of it, or filled in", () => {
  const schema: StandardSchema = {
    "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) },
  };
  for (const serde of [string(), json(), optional(json())]) expect(serde.isLossless).toBe(true);
  // What is changed by hand may be anything.
  for (const serde of [json(schema), optional(json(schema)), { ...json() }])
    expect(serde.isLossless ?? false).toBe(false);
});

describe("SERDE-4: an injective serde keeps different values apart", () => {
  const wellFormed = fc.string({ unit: "binary", maxLength: 4 });
  it.each([
    ["string", string() as Serde<unknown>, wellFormed],
    ["int32", int32() as Serde<unknown>, fc.integer()],
    ["int64", int64() as Serde<unknown>, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
    ["int64AsNumber", int64AsNumber() as Serde<unknown>, fc.maxSafeInteger()],
  ] as const)("%s", (_name, serde, values) => {
    expect(serde.isInjective).toBe(true);
    fc.assert(
      fc.property(values as fc.Arbitrary<{}>, values as fc.Arbitrary<{}>, (left, right) => {
        const isSame = new Map([[left, 1]]).has(right);
        const bytesOf = (value: {}): string => toHex(serde.serialize(value, topic));
        expect(bytesOf(left) === bytesOf(right)).toBe(isSame);
      }),
    );
  });
  it("double and json do not claim it", () => {
    expect(double().isInjective ?? json().isInjective ?? false).toBe(false);
  });
});

describe("what a serde cannot do", () => {
  it.each([int32(), int64(), int64AsNumber(), double()] as const)(
    "$name refuses a wrong length",
    (serde) => {
      for (const length of [0, 3, 5, 7, 9])
        expect(() => serde.deserialize(new Uint8Array(length), topic)).toThrow(
          /expected \d bytes, got/,
        );
    },
  );
  it.each([1.5, NaN, 2 ** 31, -(2 ** 31) - 1])("int32 refuses %d", (value) => {
    expect(() => int32().serialize(value, topic)).toThrow(RangeError);
  });
  it("int64 refuses what does not fit, int64AsNumber what is not whole", () => {
    expect(() => int64().serialize(2n ** 63n, topic)).toThrow(RangeError);
    expect(() => int64AsNumber().serialize(0.5, topic)).toThrow(RangeError);
  });
  it.each([
    2n ** 53n,
    2n ** 53n + 1n,
    -(2n ** 53n),
    1541815603606036480n,
    2n ** 63n - 1n,
    -(2n ** 63n),
  ])(
    "int64AsNumber refuses %d, which a number may not hold, in both directions, and names int64",
    (long) => {
      const stored = int64().serialize(long, topic);
      expect(() => int64AsNumber().deserialize(stored, topic)).toThrow(/int64\(\)/);
      expect(() => int64AsNumber().serialize(Number(long), topic)).toThrow(/int64\(\)/);
    },
  );
  it("int64AsNumber takes all that a number holds", () => {
    for (const number of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])
      expect(int64AsNumber().deserialize(int64().serialize(BigInt(number), topic), topic)).toBe(
        number,
      );
  });
  it("json refuses undefined, functions and the text null", () => {
    expect(() => json<unknown>().serialize(() => {}, topic)).toThrow(TypeError);
    expect(() => json().deserialize(fromHex("6e756c6c"), topic)).toThrow(/null/);
    expect(() => json().deserialize(fromHex("7b"), topic)).toThrow(SyntaxError);
  });
  it("the guards say topic, serde and cause", () => {
    const error = caught(() => deserializeWith(json(), fromHex("7b"), topic, valuePlace));
    expect(error).toMatchObject({ code: "DESERIALIZATION_FAILED", topic, serde: "json" });
    expect(error.cause).toBeInstanceOf(SyntaxError);
    const refused = caught(() => serializeWith(int32(), 0.5, topic, valuePlace));
    expect(refused).toMatchObject({ code: "SERIALIZATION_FAILED", topic, serde: "int32" });
    expect(refused.message).toContain("0.5");
  });
});

describe("bytes", () => {
  it("copies both ways, also a Buffer", () => {
    const view = Buffer.from([1, 2, 3]);
    const decoded = bytes().deserialize(view, topic);
    const encoded = bytes().serialize(view, topic);
    view[0] = 9;
    expect([...decoded]).toEqual([1, 2, 3]);
    expect([...encoded]).toEqual([1, 2, 3]);
  });
});

describe("json with a schema", () => {
  const order: StandardSchema<unknown, { total: number }> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => {
        const total = (value as { total?: unknown }).total;
        return typeof total === "string"
          ? { value: { total: Number(total) } }
          : { issues: [{ message: "expected a text", path: ["items", { key: 0 }, "total"] }] };
      },
    },
  };
  it("gives what the schema makes of the value", () => {
    const serde: Serde<{ total: number }> = json(order);
    expect(serde.deserialize(json().serialize({ total: "5" }, topic), topic)).toEqual({ total: 5 });
  });
  it("says which field is wrong", () => {
    const view = json().serialize({ total: 5 }, topic);
    expect(() => json(order).deserialize(view, topic)).toThrow("items.0.total: expected a text");
  });
});

describe("SERDE-6: a serde that does not keep to the contract is no matter of one record", () => {
  const broken = (methods: object): Serde<string> => ({ ...string(), ...methods }) as never;
  const later = (): Promise<string> => Promise.resolve("v");

  it("whose functions give promises", () => {
    const error = { code: "SERDE_GAVE_PROMISE" };
    const slow: StandardSchema = {
      "~standard": { version: 1, vendor: "slow", validate: () => Promise.reject(new Error("no")) },
    };
    expect(() => serializeWith(broken({ serialize: later }), "v", topic, valuePlace)).toThrow(
      expect.objectContaining(error),
    );
    expect(() =>
      deserializeWith(broken({ deserialize: later }), fromHex("31"), topic, valuePlace),
    ).toThrow(expect.objectContaining(error));
    expect(() => deserializeWith(json(slow), fromHex("31"), topic, valuePlace)).toThrow(
      /the slow schema gave a promise; serdes are synchronous/,
    );
  });

  it("that gives no bytes, or no size", () => {
    expect(() => serializeWith(broken({ serialize: () => "v" }), "v", topic, valuePlace)).toThrow(
      'serialize of the serde string gave "v"; return a Uint8Array',
    );
    expect(() => sizeWith(broken({ sizeOf: later }), "v", topic)).toThrow(
      "sizeOf of the serde string gave a promise (await it first); return the number of bytes",
    );
  });

  it("but takes a Uint8Array of another realm", () => {
    const foreign: unknown = runInNewContext("Uint8Array.of(118)");
    expect(serializeWith(broken({ serialize: () => foreign }), "v", topic, valuePlace)).toBe(
      foreign,
    );
  });
});

describe("optional", () => {
  it("adds null and keeps the rest", () => {
    const serde: Serde<string | null> = optional(string());
    expect(serde.isNullable).toBe(true);
    expect(serde.isTotal).toBe(true);
    expect(serde.deserialize(serde.serialize("a", topic), topic)).toBe("a");
    expect(optional(serde)).toBe(serde);
    expect(optional(json()).sizeOf).toBeUndefined();
    expect(optional(int32()).sizeOf?.(1)).toBe(4);
  });
});

function caught(run: () => void): SerdeError {
  try {
    run();
  } catch (error) {
    if (error instanceof SerdeError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
