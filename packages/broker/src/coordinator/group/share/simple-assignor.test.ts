import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { PartitionSets } from "../partition-sets.ts";
import { assignShared } from "./simple-assignor.ts";

const partitions = (count: number) => new Set(Array.from({ length: count }, (_, index) => index));
const countsOf = (targets: ReadonlyMap<string, PartitionSets>) =>
  [...targets.values()].map((target) =>
    [...target.values()].reduce((sum, { size }) => sum + size, 0),
  );
const readersOf = (targets: ReadonlyMap<string, PartitionSets>) => {
  const readers = new Map<string, number>();
  for (const target of targets.values())
    for (const [topicId, given] of target)
      for (const partition of given) {
        const place = `${topicId}:${partition}`;
        readers.set(place, (readers.get(place) ?? 0) + 1);
      }
  return readers;
};

test("members that read the same have as many partitions, and partitions as many members, as any other", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
      (counts, memberCounts) => {
        const assignable = new Map(counts.map((count, index) => [`t${index}`, partitions(count)]));
        const all = counts.reduce((sum, count) => sum + count, 0);
        let targets: ReadonlyMap<string, PartitionSets> = new Map();
        // Members come and go.
        for (const memberCount of memberCounts) {
          const subscriptions = new Map(
            Array.from({ length: memberCount }, (_, index) => [
              `m${index}`,
              new Set(assignable.keys()),
            ]),
          );
          targets = assignShared(subscriptions, assignable, targets);
          const given = countsOf(targets);
          expect(Math.max(...given) - Math.min(...given)).toBeLessThanOrEqual(1);
          expect(Math.min(...given)).toBeGreaterThanOrEqual(1 - Number(all === 0));
          const readers = readersOf(targets);
          expect(readers.size).toBe(all);
          expect(Math.max(...readers.values())).toBe(Math.ceil(memberCount / all));
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("a member has nothing of a topic that it does not read, and keeps what it had", () => {
  const assignable = new Map([
    ["a", partitions(2)],
    ["b", partitions(2)],
  ]);
  const one = new Map([["m", new Set(["a", "b"])]]);
  const first = assignShared(one, assignable, new Map());
  const second = assignShared(new Map([...one, ["n", new Set(["b"])]]), assignable, first);
  expect(second.get("m")).toEqual(
    new Map([
      ["a", new Set([0, 1])],
      ["b", new Set([0])],
    ]),
  );
  expect(second.get("n")).toEqual(new Map([["b", new Set([1])]]));
});
