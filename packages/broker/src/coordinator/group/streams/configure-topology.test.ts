import { describe, expect, test } from "vitest";
import { subtopology } from "../../../../test-support/streams-member-script.ts";
import { configureTopology } from "./configure-topology.ts";

type Part = ReturnType<typeof subtopology>;

const configure = (subtopologies: readonly Part[], topics: Readonly<Record<string, number>>) =>
  configureTopology({ epoch: 0, subtopologies }, (topic) => topics[topic]);
const missing = (...args: Parameters<typeof configure>) =>
  Object.fromEntries(
    configure(...args).missingInternalTopics.map(({ name, numPartitions }) => [
      name,
      numPartitions,
    ]),
  );

describe("a topology on the cluster's topics", () => {
  test("a repartition topic takes the number of its writer's tasks, through a chain too", () => {
    const chain = [
      subtopology("2", { readsRepartition: "second", changelog: "store" }),
      subtopology("1", { readsRepartition: "first", writesRepartition: "second" }),
      subtopology("0", { sources: ["a", "b"], writesRepartition: "first" }),
    ];
    expect(missing(chain, { a: 3, b: 5 })).toEqual({ first: 5, second: 5, store: 5 });
  });

  test("topics that are read together have equal numbers", () => {
    const group = { sourceTopics: [0], sourceTopicRegex: [], repartitionSourceTopics: [0] };
    const together = [
      subtopology("0", { sources: ["a"], writesRepartition: "by-key" }),
      {
        ...subtopology("1", { sources: ["b"], readsRepartition: "by-key" }),
        copartitionGroups: [group],
      },
    ];
    expect(missing(together, { a: 7, b: 4 })).toEqual({ "by-key": 4 });
    const sources = { ...group, sourceTopics: [0, 1], repartitionSourceTopics: [] };
    const unequal = [
      { ...subtopology("0", { sources: ["a", "b"] }), copartitionGroups: [sources] },
    ];
    expect(configure(unequal, { a: 3, b: 4 }).fault).toEqual({
      statusCode: 2,
      statusDetail: "Following topics do not have the same number of partitions: [{a=3, b=4}]",
    });
  });

  test("an internal topic that is there with another number is told", () => {
    const counting = [subtopology("0", { sources: ["a"], changelog: "store" })];
    expect(configure(counting, { a: 3, store: 3 })).toMatchObject({ fault: undefined });
    expect(configure(counting, { a: 3, store: 2 }).fault).toEqual({
      statusCode: 2,
      statusDetail: "Existing topic store has different number of partitions: expected 3, found 2",
    });
  });

  test.each([
    ["a loop", [subtopology("0", { readsRepartition: "x", writesRepartition: "x" })], /loops/],
    ["nobody's topic", [subtopology("0", { sources: ["a"], readsRepartition: "x" })], /never used/],
    ["no source", [subtopology("0", {})], /No source topics/],
  ] as const)("%s can never be configured", (_, parts, message) => {
    expect(() => configure(parts, { a: 1 })).toThrow(message);
  });
});
