import { toHex } from "@millrace/model";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  bytes,
  double,
  int32,
  int64AsNumber,
  json,
  optional,
  SerdeContractError,
  SerdeScratch,
  string,
  valuePlace,
  type Serde,
  type StandardSchema,
} from "./index.ts";

const topic = "t";
const anySchema: StandardSchema = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) },
};

describe.each<[string, Serde<unknown>, fc.Arbitrary<unknown>]>([
  ["string", string() as Serde<unknown>, fc.string({ unit: "binary", maxLength: 200 })],
  ["int32", int32() as Serde<unknown>, fc.oneof(fc.integer(), fc.double())],
  ["int64AsNumber", int64AsNumber() as Serde<unknown>, fc.oneof(fc.maxSafeInteger(), fc.double())],
  ["double", double() as Serde<unknown>, fc.oneof(fc.double(), fc.string())],
  ["bytes", bytes() as Serde<unknown>, fc.uint8Array({ maxLength: 200 })],
  ["json", json(), fc.anything({ withUnicodeString: true, withDate: true, withBigInt: true })],
  ["json with a schema", json(anySchema), fc.jsonValue()],
  ["optional", optional(json()), fc.jsonValue()],
])("%s", (_, serde, values) => {
  it("writes in place what it would serialise, and fails where it would", () => {
    const scratch = new SerdeScratch();
    const outcome = (serialize: () => Uint8Array): string => {
      try {
        return toHex(serialize());
      } catch (error) {
        return String(error);
      }
    };
    fc.assert(
      fc.property(values, fc.nat(20), (value, at) => {
        if (value === null || value === undefined) return;
        const expected = outcome(() => serde.serialize(value, topic));
        const inPlace = outcome(() => {
          const target = new Uint8Array(at + (serde.sizeMax?.(value) ?? NaN) + 1).fill(0xee);
          const end = serde.writeTo?.(value, target, at) ?? NaN;
          expect([target.subarray(0, at), target.subarray(end)].flatMap((one) => [...one])).toEqual(
            Array.from({ length: target.length - end + at }, () => 0xee),
          );
          return target.subarray(at, end);
        });
        expect(inPlace.replace(/^AssertionError.*/, "written beyond its bounds")).toBe(expected);
        const written = outcome(() => scratch.serialize(serde, value, topic, valuePlace));
        if (!expected.includes("Error")) expect(written).toBe(expected);
        else expect(written).toContain("could not serialise");
      }),
    );
  });
});

describe("what is copied at once", () => {
  it("has the same room again, and room of its own where it is large", () => {
    const scratch = new SerdeScratch();
    const write = (text: string): Uint8Array =>
      scratch.serialize(string(), text, topic, valuePlace);
    expect(write("a").buffer).toBe(write("b").buffer);
    const large = "é".repeat(500_000);
    const written = write(large);
    expect(new TextDecoder().decode(written)).toBe(large);
    expect(write("c").buffer).not.toBe(written.buffer);
    expect(new TextDecoder().decode(write("c"))).toBe("c");
  });

  it("is serialised as ever where the serde does not write in place", () => {
    const one = new SerdeScratch().serialize(int32(), 1, topic, valuePlace);
    expect(toHex(one)).toBe("00000001");
  });

  it("is what a serialize of one's own gives, whatever serde it was put over", () => {
    const text = (value: unknown): Uint8Array => new TextEncoder().encode(`own ${String(value)}`);
    for (const serde of [string(), json<string>(), optional(string())]) {
      const own = { ...(serde as Serde<string>), serialize: text };
      const written = new SerdeScratch().serialize(own, "a", topic, valuePlace);
      expect(new TextDecoder().decode(written)).toBe("own a");
    }
  });

  it("names a serde that writes beyond its bound", () => {
    const broken: Serde<string> = { ...string(), sizeMax: () => 4, writeTo: () => 1e9 };
    const serialize = (): unknown =>
      new SerdeScratch().serialize(broken, "text", topic, valuePlace);
    expect(serialize).toThrow(SerdeContractError);
    expect(serialize).toThrow(/writeTo of the serde string gave 1000000000/);
  });
});
