import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bytes,
  double,
  int32,
  int64,
  int64AsNumber,
  json,
  optional,
  string,
  type Serde,
  type StandardSchema,
} from "./index.ts";

const topic = "orders";
/** Values for each serde. */
const numRuns = process.env["MILLRACE_VERIFY"] === "1" ? 5000 : 600;

/** All that JavaScript has, well and ill formed. */
const anything = fc.oneof(
  fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    withUnicodeString: true,
  }),
  fc.double(),
  fc.string({
    unit: fc.integer({ min: 0xd700, max: 0xe000 }).map((code) => String.fromCharCode(code)),
  }),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
  fc.constantFrom(
    2 ** 31,
    -(2 ** 31) - 1,
    2 ** 53,
    2 ** 63,
    2 ** 63 + 2048,
    -(2 ** 63),
    -(2 ** 63) - 2048,
  ),
  fc.constantFrom(
    () => 1,
    Symbol("s"),
    undefined,
    null,
    -0,
    /x/,
    new Error("e"),
    Promise.resolve(1),
  ),
);

/** What becomes of a value: it is refused, or what is read again. */
function written(serde: Serde<unknown>, value: unknown): { readonly read: unknown } | "refused" {
  let encoded: Uint8Array;
  try {
    encoded = serde.serialize(value as {}, topic);
  } catch {
    return "refused";
  }
  return { read: serde.deserialize(encoded, topic) };
}

describe("SERDE-5: serialise throws, or deserialise gives an equal value", () => {
  it.each([string(), int32(), int64(), int64AsNumber(), double(), bytes()] as Serde<unknown>[])(
    "$name",
    (serde) => {
      fc.assert(
        fc.property(anything, (value) => {
          for (const each of [serde, optional(serde)]) {
            const outcome = written(each, value);
            if (outcome === "refused") continue;
            if (value instanceof Uint8Array) expect(outcome.read).toEqual(new Uint8Array(value));
            else expect(outcome.read === value || Object.is(outcome.read, value)).toBe(true);
          }
        }),
        { numRuns },
      );
    },
  );

  it.each([string(), int32(), int64(), int64AsNumber(), double()] as Serde<unknown>[])(
    "$name: sizeOf throws exactly where serialise does",
    (serde) => {
      fc.assert(
        fc.property(anything, (value) => {
          const isRefused = written(serde, value) === "refused";
          const size = expect(() => serde.sizeOf?.(value as {}));
          if (isRefused) size.toThrow();
          else size.not.toThrow();
        }),
        { numRuns },
      );
    },
  );

  it("json, as JSON means equal", () => {
    fc.assert(
      fc.property(
        fc.oneof(anything, fc.array(anything), fc.dictionary(fc.string(), anything)),
        (value) => {
          const outcome = written(json(), value);
          if (outcome !== "refused") expect(outcome.read).toEqual(jsonForm(value));
        },
      ),
      { numRuns },
    );
  });

  it("json takes all that has a form", () => {
    fc.assert(
      fc.property(
        fc.jsonValue().filter((value) => value !== null),
        (value) => {
          expect(written(json(), value)).toEqual({ read: jsonForm(value) });
        },
      ),
    );
    class Money {
      readonly cents = 5;
      get euros(): number {
        return this.cents / 100;
      }
    }
    class Plain {
      readonly text = "t";
      toJSON(): unknown {
        return this;
      }
    }
    const date = new Date(0);
    const value = {
      money: new Money(),
      date,
      absent: undefined,
      zero: -0,
      own: { toJSON: () => [1] },
      list: Object.assign([NaN], { toJSON: () => "list" }),
      itself: new Plain(),
    };
    expect(written(json(), value)).toEqual({
      read: {
        money: { cents: 5 },
        date: date.toJSON(),
        zero: 0,
        own: [1],
        list: "list",
        itself: { text: "t" },
      },
    });
  });

  const cycle: unknown[] = [];
  cycle.push(cycle);
  it.each<[string, unknown]>([
    ["NaN", NaN],
    ["Infinity", -Infinity],
    ["bigint", 1n],
    ["function", () => 1],
    ["symbol", Symbol("s")],
    ["Map", new Map([[1, 2]])],
    ["Set", new Set([1])],
    ["Uint8Array", Uint8Array.of(1)],
    ["ArrayBuffer", new ArrayBuffer(1)],
    ["RegExp", /x/],
    ["Error", new Error("e")],
    ["Promise", Promise.resolve(1)],
    ["Date", new Date(NaN)],
    ["circular", cycle],
  ])("json refuses %s, wherever it is, and says where", (name, value) => {
    expect(() => json().serialize({ list: [1, value] }, topic)).toThrow(
      ["circular", "bigint"].includes(name)
        ? new RegExp(name, "i")
        : new RegExp(`list\\[1\\].*${name}`),
    );
    expect(() => json().serialize([{ "a key": value }], topic)).toThrow(TypeError);
    expect(() => json().serialize(value as {}, topic)).toThrow(TypeError);
  });

  it("json refuses undefined in an array, a hole, and what becomes null as a whole", () => {
    expect(() => json().serialize([undefined], topic)).toThrow(/undefined/);
    // oxlint-disable-next-line no-sparse-arrays
    expect(() => json().serialize([1, , 3], topic)).toThrow(/undefined/);
    expect(() => json().serialize({ toJSON: () => null }, topic)).toThrow(/null/);
  });
});

describe("SERDE-5: json with a schema", () => {
  const schemaOf = (validate: (value: unknown) => unknown): StandardSchema<unknown, never> => ({
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => {
        try {
          return { value: validate(value) as never };
        } catch (error) {
          return { issues: [{ message: String(error) }] };
        }
      },
    },
  });
  const serdeOf = (validate: (value: unknown) => unknown): Serde<unknown> =>
    json(schemaOf(validate));
  const positive = (value: unknown): unknown => {
    const { total } = value as { total: unknown };
    if (typeof total !== "number" || total <= 0) throw new Error("total must be positive");
    return { total };
  };

  it("refuses to write what the schema refuses to read", () => {
    expect(written(serdeOf(positive), { total: 5 })).toEqual({ read: { total: 5 } });
    expect(() => serdeOf(positive).serialize({ total: 0 }, topic)).toThrow(
      /total must be positive/,
    );
  });

  it("refuses to write what the schema would read as another value", () => {
    const doubling = serdeOf((value) => Number(value) * 2);
    expect(() => doubling.serialize(5, topic)).toThrow(/another value/);
    const fromText = serdeOf((value) => (typeof value === "string" ? Number(value) : null));
    expect(() => fromText.serialize(5, topic)).toThrow(TypeError);
  });

  it("takes a transform whose result is written as its input", () => {
    const dates = serdeOf((value) => ({ at: new Date((value as { at: string }).at) }));
    const value = { at: new Date(5) };
    expect(written(dates, value)).toEqual({ read: value });
  });

  it("takes a value of which the schema leaves a part out", () => {
    expect(written(serdeOf(positive), { total: 5, note: "n" })).toEqual({ read: { total: 5 } });
  });
});

/** What JSON makes of a value that has a form in it; an implementation of its own, without `JSON`. */
function jsonForm(value: unknown): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value + 0;
  if (Array.isArray(value)) return Array.from(value, jsonForm);
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  const prototype =
    typeof value === "object" ? (Object.getPrototypeOf(value) as unknown) : undefined;
  if (prototype !== Object.prototype && prototype !== null)
    throw new Error(`was written, and has no form: ${String(value)}`);
  const entries = Object.entries(value as object).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries.map(([key, member]) => [key, jsonForm(member)]));
}
