import * as fc from "fast-check";
import { expect, test } from "vitest";

import { hashSetOrder, TreeSet } from "./java-order.ts";

test("texts stand in the order of a java.util.HashSet", () => {
  expect(hashSetOrder(["L", "R"])).toEqual(["R", "L"]);
  expect(hashSetOrder(["Aa", "BB", "a"])).toEqual(["Aa", "BB", "a"]);
});

test("a tree set is sorted where its order does not change meanwhile", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (numbers) => {
      const set = new TreeSet<number>((left, right) => left - right);
      for (const number of numbers) set.add(number);
      expect(set.items()).toEqual([...new Set(numbers)].sort((left, right) => left - right));
    }),
  );
});
