import { setFlagsFromString } from "node:v8";
import { compileFunction, runInNewContext } from "node:vm";
import { expect, test } from "vitest";

import { heapParts } from "./heap-parts.ts";

const mebibyte = 2 ** 20;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function compiled(_: unknown, at: number): unknown {
  const long = compileFunction(`return ${"x * x + ".repeat(500)} ${at}`, ["x"]);
  return [long, (long as (x: number) => number)(at)];
}

test("what a program keeps is told apart from what its functions are compiled to", () => {
  collectGarbage(); // so that what goes meanwhile is of no weight
  const before = heapParts();
  const kept = Array.from({ length: 2e5 }, (_, at) => ({ at }));
  const between = heapParts();
  expect(between.objects - before.objects).toBeGreaterThan(4 * mebibyte);
  expect(between.code - before.code).toBeLessThan(mebibyte / 4);
  const functions = Array.from({ length: 100 }, compiled);
  const after = heapParts();
  expect(after.code - between.code).toBeGreaterThan(mebibyte / 2);
  expect(Math.abs(process.memoryUsage().heapUsed - after.objects - after.code)).toBeLessThan(
    mebibyte,
  );
  expect([kept.length, functions.length]).toEqual([2e5, 100]);
});
