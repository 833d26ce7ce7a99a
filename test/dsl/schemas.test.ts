import { json, SerdeContractError, type Serde, type StandardSchema } from "@millrace/serde";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, expectTypeOf, test } from "vitest";
import * as z from "zod";

/** The schemas that people use, as they are. */
interface Order {
  readonly customer: string;
  readonly cents: number;
}

const topic = "orders";
const texts = new TextDecoder();
const raw = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

const zod = z.object({ customer: z.string(), cents: z.number().int() });
const valibot = v.object({ customer: v.string(), cents: v.pipe(v.number(), v.integer()) });
const arktype = type({ customer: "string", cents: "number.integer" });

describe.each<[string, Serde<Order>, Serde<Order>]>([
  ["zod", json(zod), json(zod, { validates: "reads" })],
  ["valibot", json(valibot), json(valibot, { validates: "reads" })],
  ["arktype", json(arktype), json(arktype, { validates: "reads" })],
])("%s", (_, serde, readsOnly) => {
  const order = { customer: "ada", cents: 12 };
  const bad = { customer: "ada", cents: 1.5 };

  test("reads and writes what it lets through", () => {
    const written = serde.serialize(order, topic);
    expect(texts.decode(written)).toBe('{"customer":"ada","cents":12}');
    expect(serde.deserialize(written, topic)).toEqual(order);
  });

  test("says where a value that is read is wrong", () => {
    for (const one of [serde, readsOnly]) {
      expect(() => one.deserialize(raw(bad), topic)).toThrow(/cents/);
      expect(() => one.deserialize(raw({ cents: 1 }), topic)).toThrow(/customer/);
    }
  });

  test("is asked before a value is written, or not, by choice", () => {
    expect(() => serde.serialize(bad, topic)).toThrow(/cents/);
    expect(texts.decode(readsOnly.serialize(bad, topic))).toBe('{"customer":"ada","cents":1.5}');
    expect(() => readsOnly.serialize({ ...order, cents: NaN }, topic)).toThrow(/JSON has no form/);
  });
});

describe("a schema that transforms", () => {
  const lengths: [string, Serde<number>][] = [
    ["zod", json(z.string().transform((text) => text.length))],
    [
      "valibot",
      json(
        v.pipe(
          v.string(),
          v.transform((text) => text.length),
        ),
      ),
    ],
    ["arktype", json(type("string").pipe((text) => text.length))],
  ];
  test.each(lengths)("%s: reads, and does not write what it would not read", (_, serde) => {
    expect(serde.deserialize(raw("four"), topic)).toBe(4);
    expect(() => serde.serialize(4, topic)).toThrow(TypeError);
  });

  const dates: [string, Serde<Date>][] = [
    ["zod", json(z.coerce.date())],
    [
      "valibot",
      json(
        v.pipe(
          v.string(),
          v.transform((text) => new Date(text)),
        ),
      ),
    ],
    ["arktype", json(type("string.date.iso.parse"))],
  ];
  test.each(dates)("%s: writes a Date that it makes of its text", (_, serde) => {
    const written = serde.serialize(new Date(0), topic);
    expect(serde.deserialize(written, topic)).toEqual(new Date(0));
  });

  test("must be asked before a value is written: that is a compile error", () => {
    const length = z.string().transform((text) => text.length);
    // @ts-expect-error The schema transforms.
    json(length, { validates: "reads" });
    const withDefault = z.object({ customer: z.string().default("nobody") });
    expectTypeOf(json(withDefault, { validates: "reads" })).toEqualTypeOf<
      Serde<{ customer: string }>
    >();
  });
});

describe("a schema that is asynchronous", () => {
  const known = async (): Promise<boolean> => true;
  test.each<[string, StandardSchema]>([
    ["zod", z.string().refine(known)],
    ["valibot", v.pipeAsync(v.string(), v.checkAsync(known))],
  ])("%s: is a mistake of the program, at the first value", (_, schema) => {
    const serde = json(schema);
    expect(() => serde.deserialize(raw("text"), topic)).toThrow(SerdeContractError);
    expect(() => serde.serialize("text", topic)).toThrow(/serdes are synchronous/);
  });
});

test("options that are none are refused", () => {
  expect(() => json(zod, { validates: "writes" as "reads" })).toThrow(
    'give "reads" or "reads and writes"',
  );
});
