import { fromHex, toHex } from "@millrace/model";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  boolean,
  bytes,
  double,
  float,
  int16,
  list,
  nothing,
  SerdeError,
  serializeWith,
  string,
  uuid,
  valuePlace,
  type Serde,
} from "./index.ts";

const topic = "t";
const hexOf = <T>(serde: Serde<T>, value: T & {}): string => toHex(serde.serialize(value, topic));

describe("SERDE-2: bytes are those of Kafka's serdes", () => {
  it.each<[string, string, string]>([
    ["int16", hexOf(int16(), -2), "fffe"],
    ["int16, the largest", hexOf(int16(), 32_767), "7fff"],
    ["float", hexOf(float(), 1.5), "3fc00000"],
    ["float, no number", hexOf(float(), NaN), "7fc00000"],
    ["boolean", hexOf(boolean(), true), "01"],
    ["boolean, false", hexOf(boolean(), false), "00"],
    [
      "uuid: its text",
      hexOf(uuid(), "01234567-89ab-cdef-0123-456789abcdef"),
      toHex(new TextEncoder().encode("01234567-89ab-cdef-0123-456789abcdef")),
    ],
  ])("%s", (_, actual, expected) => expect(actual).toBe(expected));

  it("lists of what has one size are without lengths, as ListSerializer knows them", () => {
    expect(hexOf(list(int16()), [1, 2])).toBe("0000000000" + "00000002" + "00010002");
    expect(hexOf(list(float()), [1])).toBe("0000000000" + "00000001" + "3f800000");
    const id = "01234567-89ab-cdef-0123-456789abcdef";
    expect(hexOf(list(uuid()), [id]).startsWith("0000000000" + "00000001" + "3031")).toBe(true);
    // Booleans have lengths there.
    expect(hexOf(list(boolean()), [true])).toBe("01" + "00000001" + "00000001" + "01");
  });
});

describe("SERDE-1, SERDE-3, SERDE-5: what is written is read again, all else is refused", () => {
  it.each<[string, Serde<unknown>, fc.Arbitrary<unknown>]>([
    ["int16", int16() as Serde<unknown>, fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 })],
    ["float", float() as Serde<unknown>, fc.float()],
    ["boolean", boolean() as Serde<unknown>, fc.boolean()],
    ["uuid", uuid() as Serde<unknown>, fc.uuid()],
  ])("%s", (_, serde, values) => {
    fc.assert(
      fc.property(values, (value) => {
        const written = serde.serialize(value as {}, topic);
        expect(serde.deserialize(written, topic)).toEqual(value);
        expect(serde.sizeOf?.(value as {})).toBe(written.length);
      }),
    );
  });

  it.each<[string, Serde<unknown>, unknown, RegExp]>([
    ["int16", int16() as Serde<unknown>, 32_768, /whole number of 16 bits/],
    ["int16", int16() as Serde<unknown>, 1.5, /whole number of 16 bits/],
    ["float", float() as Serde<unknown>, 0.1, /Math\.fround\(0\.1\)/],
    ["float", float() as Serde<unknown>, 1e300, /Math\.fround/],
    ["boolean", boolean() as Serde<unknown>, 1, /expected true or false, got number/],
    ["uuid", uuid() as Serde<unknown>, "no-uuid", /expected a UUID/],
    ["uuid", uuid() as Serde<unknown>, "01234567-89AB-CDEF-0123-456789ABCDEF", /toLowerCase/],
    ["nothing", nothing() as Serde<unknown>, "text", /null alone/],
  ])("%s refuses %s: what it would be read as is another value", (_name, serde, value, message) => {
    expect(() => serde.serialize(value as {}, topic)).toThrow(message);
    if (serde.sizeOf !== undefined) expect(() => serde.sizeOf?.(value as {})).toThrow(message);
  });

  it.each<[string, Serde<unknown>, string]>([
    ["int16", int16() as Serde<unknown>, "00"],
    ["float", float() as Serde<unknown>, "0000000000"],
    ["boolean", boolean() as Serde<unknown>, "02"],
    ["boolean", boolean() as Serde<unknown>, "0001"],
    ["uuid", uuid() as Serde<unknown>, "3031"],
    ["nothing", nothing() as Serde<unknown>, "00"],
  ])("%s refuses bytes that are none of its own", (_, serde, hex) => {
    expect(() => serde.deserialize(fromHex(hex), topic)).toThrow(/expected/);
  });

  it("a UUID that another program wrote in capitals is the same one", () => {
    const capitals = string().serialize("01234567-89AB-CDEF-0123-456789ABCDEF", topic);
    expect(uuid().deserialize(capitals, topic)).toBe("01234567-89ab-cdef-0123-456789abcdef");
  });

  it("nothing is null, and says so", () => {
    expect(nothing().isNullable).toBe(true);
    expect(() => serializeWith(nothing() as Serde<unknown>, 1, topic, valuePlace)).toThrow(
      SerdeError,
    );
  });

  it("SERDE-4: keys of a map may stand for the bytes of whole numbers and UUIDs", () => {
    for (const serde of [int16(), uuid()]) expect(serde.isInjective).toBe(true);
    // -0 is 0 for a map, and has other bytes.
    for (const serde of [float(), double()]) expect(serde.isInjective).toBeUndefined();
  });
});

describe("bytes", () => {
  it("are those of whatever buffer; what is read is of a buffer of its own", () => {
    const any: Serde<Uint8Array> = bytes();
    const own: Serde<Uint8Array<ArrayBuffer>> = bytes();
    const shared = new Uint8Array(new SharedArrayBuffer(2));
    expect(any.serialize(shared, topic)).toEqual(own.serialize(new Uint8Array(2), topic));
  });
});
