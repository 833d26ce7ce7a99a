import * as fc from "fast-check";
import { expect, test } from "vitest";

import { ReservedNames } from "./reserved-names.ts";

const range = fc
  .tuple(fc.integer({ min: -5, max: 40 }), fc.nat(8))
  .map(([start, length]) => ({ start, end: start + length }));

test("a number is reserved within any of the ranges, whatever their order, and a name by itself", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(range, fc.constantFrom("a", "b"))), (values) => {
      const reserved = new ReservedNames([{ values, options: [], line: 1 } as never]);
      for (let number = -6; number < 50; number++) {
        const isWithin = values.some(
          (value) => typeof value !== "string" && value.start <= number && number <= value.end,
        );
        expect(reserved.has({ name: "other", number })).toBe(isWithin);
      }
      expect(reserved.has({ name: "a", number: 100 })).toBe(values.includes("a"));
    }),
  );
});

test("tens of thousands are looked up in time", () => {
  const values = Array.from({ length: 60_000 }, (_, index) => ({ start: index, end: index }));
  const reserved = new ReservedNames([{ values } as never]);
  for (let number = 60_000; number < 120_000; number++)
    expect(reserved.has({ name: "", number })).toBe(false);
});
