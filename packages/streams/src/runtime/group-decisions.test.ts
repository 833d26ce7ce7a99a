import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";

import { encodeAssignmentInfo, type AssignmentInfo } from "./assignment/assignment-info.ts";
import { GroupDecisions } from "./group-decisions.ts";

const input = { topic: "in", partition: 3 };
const unknown = { subtopology: 9, partition: 3 };

test.each<[string, Partial<AssignmentInfo>, readonly (typeof input)[]]>([
  ["to run", { activeTasks: [unknown] }, [input]],
  ["to keep a copy of", { standbyTasks: [{ taskId: unknown, partitions: [input] }] }, []],
])(
  "a leader that gives a task %s which is not of this program runs another one",
  (_, told, partitions) => {
    const decisions = new GroupDecisions({
      platform: memoryPlatform(),
      assignor: { mustTellAnew: () => false },
      fingerprint: "own",
      subtopologies: new Set([0, 1]),
      askAgain: () => {},
    });
    const userData = encodeAssignmentInfo({
      version: 11,
      commonlySupportedVersion: 11,
      activeTasks: [],
      standbyTasks: [],
      activeHosts: [],
      standbyHosts: [],
      errorCode: 0,
      nextRebalanceMs: Infinity,
      detail: "",
      ...told,
    });
    expect(() => decisions.read({ generationId: 1, partitions, userData })).toThrow(
      expect.objectContaining({
        code: "TOPOLOGY_MISMATCH",
        message: expect.stringContaining("task 9_3"),
      }),
    );
  },
);
