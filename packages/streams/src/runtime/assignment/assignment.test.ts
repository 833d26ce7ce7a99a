import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { toHex } from "@millrace/model";
import { taskIdText, type TaskId } from "../../processor/task-id.ts";
import { assignorErrors, decodeAssignmentInfo, encodeAssignmentInfo } from "./assignment-info.ts";
import { layOutPartitions, type SubtopologyTopics } from "./partition-layout.ts";
import { assignTasks, type AssignableMember } from "./sticky-task-assignor.ts";
import {
  decodeSubscriptionInfo,
  encodeSubscriptionInfo,
  runsNow,
  type SubscriptionInfo,
} from "./subscription-info.ts";

const taskIds = fc.record({ subtopology: fc.nat(20), partition: fc.nat(200) });

describe("subscription bytes", () => {
  const info: SubscriptionInfo = {
    version: 11,
    latestSupportedVersion: 11,
    processId: "00010203-0405-4607-8809-0a0b0c0d0e0f",
    userEndPoint: "",
    taskOffsetSums: [{ taskId: { subtopology: 1, partition: 2 }, offsetSum: runsNow }],
    uniqueField: 3,
    errorCode: 0,
    clientTags: new Map([["zone", "a"]]),
  };

  // Written out by hand from Kafka's definition of version 11.
  const bytes = [
    "0000000b",
    "0000000b",
    "000102030405460788090a0b0c0d0e0f",
    "00000000",
    "00000001",
    "00000001",
    "00000002",
    "fffffffffffffffe",
    "ffff",
    "03",
    "00000000",
    "00000001",
    "000000047a6f6e65",
    "0000000161",
  ].join("");

  test("are those of Kafka Streams' version 11", () => {
    expect(toHex(encodeSubscriptionInfo(info))).toBe(bytes);
  });

  test("read back as what was written", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ taskId: taskIds, offsetSum: fc.integer({ min: -2, max: 2 ** 40 }) })),
        fc.array(fc.tuple(fc.string(), fc.string())),
        (taskOffsetSums, tags) => {
          const written = { ...info, taskOffsetSums, clientTags: new Map(tags) };
          expect(decodeSubscriptionInfo(encodeSubscriptionInfo(written))).toEqual(written);
        },
      ),
    );
  });

  test("that are none throw a RangeError and nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        try {
          decodeSubscriptionInfo(noise);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});

describe("assignment bytes", () => {
  test("read back as what was written", () => {
    fc.assert(
      fc.property(fc.array(taskIds), fc.string(), (activeTasks, detail) => {
        const info = { activeTasks, errorCode: assignorErrors.assignmentFailed, detail };
        expect(decodeAssignmentInfo(encodeAssignmentInfo(info))).toEqual(info);
      }),
    );
  });
});

describe("sticky assignment", () => {
  const member = (memberId: string, sums: Record<string, number> = {}): AssignableMember => ({
    memberId,
    processId: memberId,
    offsetSums: new Map(Object.entries(sums)),
  });
  const tasks = (count: number): TaskId[] =>
    Array.from({ length: count }, (_, partition) => ({ subtopology: 0, partition }));

  test("gives every task to exactly one member, and nobody more than the fair share rounded up", () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.array(
          fc.dictionary(
            fc.constantFrom("0_0", "0_1", "0_2", "0_7"),
            fc.integer({ min: -2, max: 99 }),
          ),
          {
            minLength: 1,
            maxLength: 7,
          },
        ),
        (count, held) => {
          const members = held.map((sums, index) => member(`m${index}`, sums));
          const assigned = assignTasks(tasks(count), members);
          const given = [...assigned.values()].flat().map(taskIdText).sort();
          expect(given).toEqual(tasks(count).map(taskIdText).sort());
          const sizes = [...assigned.values()].map(({ length }) => length);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  test("does not depend on the order of members", () => {
    const members = [member("a", { "0_0": 5 }), member("b", { "0_0": 9 }), member("c")];
    const forward = assignTasks(tasks(5), members);
    const backward = assignTasks(tasks(5), members.toReversed());
    expect(new Map(backward)).toEqual(new Map(forward));
  });

  test("leaves tasks where they run, then where their state is", () => {
    const assigned = assignTasks(tasks(4), [
      member("a", { "0_1": runsNow, "0_2": 10 }),
      member("b", { "0_2": 70, "0_3": runsNow }),
    ]);
    expect(assigned.get("a")?.map(taskIdText)).toEqual(["0_0", "0_1"]);
    expect(assigned.get("b")?.map(taskIdText)).toEqual(["0_2", "0_3"]);
  });

  test("a member that joins takes over no more than its share", () => {
    const assigned = assignTasks(tasks(4), [
      member("a", { "0_0": runsNow, "0_1": runsNow, "0_2": runsNow, "0_3": runsNow }),
      member("b"),
    ]);
    expect(assigned.get("a")?.map(taskIdText)).toEqual(["0_0", "0_1"]);
    expect(assigned.get("b")?.map(taskIdText)).toEqual(["0_2", "0_3"]);
  });
});

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
      expect.objectContaining({ code: "INTERNAL_TOPIC_MISMATCH" }),
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
