import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";

import {
  StreamsTaskAssignments,
  type StreamsTaskAssignmentsOptions,
} from "./streams-task-assignments.ts";

test.each(["active", "standby", "warmup"] as const)(
  "a broker that gives a task which is not of this program has the group of another one, %s",
  async (place) => {
    const none = new Map<string, number[]>();
    const target = { active: none, standby: none, warmup: none };
    const unknown = new Map([
      ["0", [1]],
      ["9", [3, 4]],
    ]);
    const membership = {
      target: { ...target, [place]: unknown },
      statuses: [],
      onChange: () => {},
      follow: (signal: AbortSignal) =>
        new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve())),
    };
    const options = {
      membership,
      admin: { describeTopics: async () => new Map() },
      subtopologies: [{ id: 0, sourceTopics: ["in"] }],
      platform: memoryPlatform(),
    } as unknown as StreamsTaskAssignmentsOptions; // as much of them as is asked for
    const assignments = new StreamsTaskAssignments(options);
    const ending = new AbortController();
    assignments.onChange(() => ending.abort());
    await expect(assignments.follow(ending.signal)).rejects.toMatchObject({
      code: "TOPOLOGY_MISMATCH",
      message: expect.stringMatching(
        /sub-topology 9, .* has 0.*groupProtocol "classic".*another applicationId/,
      ),
    });
    expect(assignments.target).toBeUndefined();
  },
);
