import { expect, test } from "vitest";

import { CommittedNumbers } from "./committed-numbers.ts";

test("numbers of names that nobody takes are not committed again, and the others go on", () => {
  const numbers = new CommittedNumbers();
  for (const [name, number] of [
    ["gone", 9],
    ["kept", 5],
    ["kept", 3],
  ] as const)
    numbers.restore(name, number);
  expect(numbers.take("new")).toBe(-1);
  expect(numbers.take("kept")).toBe(5);
  expect(numbers.entries).toEqual([["kept", 5]]);
  numbers.set("new", 0);
  numbers.set("kept", 7);
  expect(numbers.take("kept")).toBe(7); // by another node that shares it
  expect(numbers.get("new")).toBe(0);
  expect(numbers.entries).toEqual([
    ["new", 0],
    ["kept", 7],
  ]);
});
