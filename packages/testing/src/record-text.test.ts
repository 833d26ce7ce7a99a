import { expect, test } from "vitest";

import { textOf } from "./record-text.ts";

test("a value is told in a hundred characters at most", () => {
  expect(textOf("short")).toBe('"short"');
  expect(textOf("x".repeat(98))).toBe(`"${"x".repeat(98)}"`);
  expect(textOf("x".repeat(99))).toBe(`"${"x".repeat(99)}…`);
  expect(textOf('"'.repeat(1_000_000))).toBe(`"${'\\"'.repeat(49)}\\…`);
});
