import { describe, expect, test } from "vitest";

import { taskIdText } from "../../processor/task-id.ts";
import { layOutPartitions, type SubtopologyTopics } from "./partition-layout.ts";

describe("layout of partitions", () => {
  const part = (id: number, fields: Partial<SubtopologyTopics>): SubtopologyTopics => ({
    id,
    sourceTopics: [],
    sourcePatterns: [],
    sinkTopics: [],
    repartitionTopics: [],
    changelogTopics: [],
    ...fields,
  });
  const repartition = { name: "app-r", configs: {}, partitionCount: undefined };
  const changelog = {
    name: "app-s-changelog",
    configs: {},
    partitionCount: undefined,
    store: "s",
    isSourceTopic: false,
  };
  const wordCount = [
    part(0, { sourceTopics: ["narrow", "wide"], sinkTopics: ["app-r"] }),
    part(1, {
      sourceTopics: ["app-r"],
      repartitionTopics: [repartition],
      changelogTopics: [changelog],
    }),
  ];

  test("a repartition topic is as wide as the widest input that feeds it, a changelog as its tasks", () => {
    const layout = layOutPartitions(
      wordCount,
      new Map([
        ["narrow", 2],
        ["wide", 3],
      ]),
    );
    expect(layout.internalTopics).toEqual([
      { name: "app-r", partitionCount: 3, configs: {} },
      { name: "app-s-changelog", partitionCount: 3, configs: {} },
    ]);
    expect(layout.tasks.map(taskIdText)).toEqual(["0_0", "0_1", "0_2", "1_0", "1_1", "1_2"]);
  });

  test("a missing input is named", () => {
    expect(() => layOutPartitions(wordCount, new Map([["wide", 3]]))).toThrow(
      expect.objectContaining({
        code: "MISSING_SOURCE_TOPIC",
        message: expect.stringContaining("narrow"),
      }),
    );
  });

  test("an internal topic that no longer fits is refused, not filled with keys that moved", () => {
    const existing = new Map([
      ["narrow", 2],
      ["wide", 4],
      ["app-r", 3],
    ]);
    expect(() => layOutPartitions(wordCount, existing)).toThrow(
      expect.objectContaining({
        code: "INTERNAL_TOPIC_MISMATCH",
        message: expect.stringContaining(
          '"npx millrace streams reset APPLICATION-ID --state DIR --execute"',
        ),
      }),
    );
  });

  test("topics that go to and fro between two parts have the counts of the sides they lead to", () => {
    const internal = (name: string) => ({ name, partitionCount: undefined, configs: {} });
    const layout = layOutPartitions(
      [
        part(0, {
          sourceTopics: ["left", "answers"],
          sinkTopics: ["subscriptions"],
          repartitionTopics: [internal("answers")],
          copartitionGroups: [{ topics: ["answers", "left"], patterns: [] }],
        }),
        part(1, {
          sourceTopics: ["right", "subscriptions"],
          sinkTopics: ["answers"],
          repartitionTopics: [internal("subscriptions")],
          copartitionGroups: [{ topics: ["right", "subscriptions"], patterns: [] }],
        }),
      ],
      new Map([
        ["left", 4],
        ["right", 2],
      ]),
    );
    expect(Object.fromEntries(layout.partitionCounts)).toMatchObject({
      answers: 4,
      subscriptions: 2,
    });
    expect(layout.tasks).toHaveLength(6);
  });

  test("inputs that must match and do not are refused", () => {
    const joined = [
      part(0, {
        sourceTopics: ["left", "right"],
        copartitionGroups: [{ topics: ["left", "right"], patterns: [] }],
      }),
    ];
    expect(() =>
      layOutPartitions(
        joined,
        new Map([
          ["left", 2],
          ["right", 3],
        ]),
      ),
    ).toThrow(expect.objectContaining({ code: "PARTITIONS_DIFFER" }));
  });
});
