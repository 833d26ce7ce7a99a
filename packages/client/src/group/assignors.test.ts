import type { MemberSubscription } from "@millrace/cluster";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rangeAssignor, roundRobinAssignor } from "./assignors.ts";

function member(
  memberId: string,
  topics: readonly string[],
  instance?: string,
): MemberSubscription {
  const groupInstanceId = instance ?? null;
  return {
    memberId,
    groupInstanceId,
    topics,
    userData: null,
    ownedPartitions: [],
    generationId: -1,
  };
}

async function shares(
  assignor: typeof rangeAssignor,
  members: readonly MemberSubscription[],
  counts: Readonly<Record<string, number>>,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const partitionCounts = new Map(Object.entries(counts));
  const assigned = await assignor.assign({ members, partitionCounts });
  return Object.fromEntries(
    [...assigned].map(([memberId, { partitions }]) => [
      memberId,
      partitions.map(({ topic, partition }) => `${topic}${partition}`),
    ]),
  );
}

describe("range", () => {
  test("cuts each topic into ranges, the first members get one more", async () => {
    const members = [member("b", ["t", "u"]), member("a", ["t", "u"])];
    expect(await shares(rangeAssignor, members, { t: 3, u: 3 })).toEqual({
      a: ["t0", "t1", "u0", "u1"],
      b: ["t2", "u2"],
    });
  });

  test("static members come first, by their instance ids", async () => {
    const members = [member("a", ["t"]), member("z", ["t"], "2"), member("y", ["t"], "1")];
    expect(await shares(rangeAssignor, members, { t: 3 })).toEqual({
      a: ["t2"],
      y: ["t0"],
      z: ["t1"],
    });
  });
});

describe("round robin", () => {
  test("deals out in turn, passing over who does not subscribe", async () => {
    const members = [member("a", ["t"]), member("b", ["t", "u"]), member("c", ["t", "u"])];
    expect(await shares(roundRobinAssignor, members, { t: 3, u: 3 })).toEqual({
      a: ["t0"],
      b: ["t1", "u0", "u2"],
      c: ["t2", "u1"],
    });
  });
});

test.each([rangeAssignor, roundRobinAssignor])(
  "$name gives each partition to one subscriber",
  (assignor) =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.subarray(["t", "u", "v"]), { minLength: 1, maxLength: 6 }),
        fc.record({ t: fc.nat(9), u: fc.nat(9), v: fc.nat(9) }),
        async (subscriptions, counts) => {
          const members = subscriptions.map((topics, index) => member(`m${index}`, topics));
          const given = await shares(assignor, members, counts);
          const expected = Object.entries(counts)
            .filter(([topic]) => subscriptions.some((topics) => topics.includes(topic)))
            .flatMap(([topic, count]) =>
              Array.from({ length: count }, (_, index) => `${topic}${index}`),
            );
          expect(Object.values(given).flat().toSorted()).toEqual(expected.toSorted());
          for (const { memberId, topics } of members)
            for (const name of given[memberId]) expect(topics).toContain(name[0]);
        },
      ),
    ),
);
