import { fromHex, toHex } from "@millrace/model";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { double, int32, int64, list, optional, string, windowed, type Serde } from "./index.ts";

const hexOf = <T>(serde: Serde<T>, value: T & {}): string => toHex(serde.serialize(value, "t"));

describe("windowed keys", () => {
  const window = { start: 60_000, end: 120_000 };

  it("of windows are key and start; the size says where they end", () => {
    const serde = windowed(string(), { size: "1m" });
    expect(hexOf(serde, { key: "k", window })).toBe("6b000000000000ea60");
    expect(serde.deserialize(fromHex("6b000000000000ea60"), "t")).toEqual({ key: "k", window });
  });

  it("of sessions are key, end and start", () => {
    const serde = windowed(string(), "session");
    expect(hexOf(serde, { key: "k", window })).toBe("6b000000000001d4c0000000000000ea60");
    const bytes = serde.serialize({ key: "k", window }, "t");
    expect(serde.deserialize(bytes, "t")).toEqual({ key: "k", window });
  });

  it("are refused where bytes are too few, and where there is no size", () => {
    expect(() => windowed(string(), "session").deserialize(new Uint8Array(15), "t")).toThrow(
      /15 bytes are too few/,
    );
    expect(() => windowed(string(), { size: -1 })).toThrow(/size of windowed/);
  });
});

describe("lists have the bytes of Kafka's list serde", () => {
  it("values behind their lengths", () => {
    expect(hexOf(list(string()), ["a", "", "bc"])).toBe("0100000003000000016100000000000000026263");
    expect(hexOf(list(optional(string())), ["a", null])).toBe("01000000020000000161ffffffff");
  });

  it("values of one size without, nulls by their places", () => {
    expect(hexOf(list(int32()), [1, 2])).toBe("0000000000000000020000000100000002");
    expect(hexOf(list(optional(int32())), [1, null, 2])).toBe(
      "0000000001000000010000000300000001" + "00000002",
    );
  });

  const roundTrip = <T>(serde: Serde<T>, values: fc.Arbitrary<T>): void =>
    fc.assert(
      fc.property(fc.array(values), (items) => {
        const own = list(serde);
        expect(own.deserialize(own.serialize(items, "t"), "t")).toEqual(items);
      }),
    );

  it("read what they wrote", () => {
    roundTrip(optional(string()), fc.option(fc.string()));
    roundTrip(optional(int64()), fc.option(fc.bigInt({ min: -5n, max: 5n })));
    roundTrip(double(), fc.double({ noNaN: true }));
    roundTrip(list(int32()), fc.array(fc.integer()));
  });

  it("refuse nulls that their serde does not know, and bytes that are no list", () => {
    const texts = list(string());
    expect(() => texts.serialize([null as unknown as string], "t")).toThrow(/optional/);
    expect(() => texts.deserialize(fromHex("0100000001ffffffff"), "t")).toThrow(/optional/);
    for (const bytes of ["", "02", "00", "01", "01ffffffff", "010000000100000002", "017fffffff"])
      expect(() => texts.deserialize(fromHex(bytes), "t")).toThrow(RangeError);
  });
});
