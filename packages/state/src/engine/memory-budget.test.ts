import { expect, test } from "vitest";

import { MemoryBudget } from "./memory-budget.ts";

const mebibyte = 2 ** 20;

test("STATE-20: shares are what is wanted while there is much, and are within the budget together", () => {
  const budget = new MemoryBudget(100 * mebibyte);
  const shares = Array.from({ length: 12 }, () => budget.take(20 * mebibyte));
  expect(shares[0].bytes).toBe(20 * mebibyte);
  expect(shares.every(({ isBeyond }) => !isBeyond)).toBe(true);
  expect(budget.usedBytes).toBeLessThanOrEqual(100 * mebibyte);
  expect(shares.every(({ bytes }) => bytes >= 2 * mebibyte)).toBe(true);
});

test("STATE-20: a database gets the least that it needs, and that is told; what is given back is there again", () => {
  const budget = new MemoryBudget(4 * mebibyte);
  const [, , third] = Array.from({ length: 3 }, () => budget.take(20 * mebibyte));
  expect(third).toMatchObject({ bytes: 2 * mebibyte, isBeyond: true });
  third.release();
  third.release();
  expect(budget.usedBytes).toBe(4 * mebibyte);
});

test("that the budget is used up is news with the first database that finds it so, and once it was otherwise", () => {
  const budget = new MemoryBudget(4 * mebibyte);
  const take = () => budget.take(20 * mebibyte);
  const shares = Array.from({ length: 5 }, take);
  expect(shares.map(({ isNews }) => isNews)).toEqual([false, false, true, false, false]);
  for (const share of shares) share.release();
  expect(Array.from({ length: 4 }, take).map(({ isNews }) => isNews)).toEqual([
    false,
    false,
    true,
    false,
  ]);
});
