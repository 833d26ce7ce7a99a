import { expect, test } from "vitest";

import { inParts } from "./in-parts.ts";

test("few are by themselves, many in parts of a bounded number, alike in size", () => {
  expect(inParts([], 32)).toEqual([]);
  expect(inParts([1, 2, 3], 32)).toEqual([[1], [2], [3]]);
  const many = Array.from({ length: 500 }, (_, index) => index);
  const parts = inParts(many, 32);
  expect(parts.length).toBe(32);
  expect(parts.flat()).toEqual(many);
  expect(Math.max(...parts.map(({ length }) => length))).toBe(16);
});
