import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { SeededRandom } from "@millrace/platform";

import {
  answerOf,
  randomGroup,
  type AssignorAnswer,
  type AssignorGroup,
} from "../../../../test-support/assignor-groups.ts";

/** What the assignors of Apache Kafka 4.3.1 gave to groups made at random (test/interop/task-assignors.test.ts). */
const vectors = readFileSync(new URL("assignors.vectors.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line): { group: AssignorGroup; answer: AssignorAnswer } => JSON.parse(line));

describe("tasks go where Kafka's assignors send them", () => {
  const named = vectors.map((vector, index) => {
    const { assignor, configs } = vector.group;
    return { ...vector, index, assignor, configs: JSON.stringify(configs) };
  });
  test.each(named)("group $index, $assignor, $configs", ({ group, answer }) => {
    expect(answerOf(group)).toEqual(answer);
  });
});

test("STREAMS-11: each task is active in one process, and no process has it twice", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new SeededRandom(seed);
      const group = randomGroup((bound) => random.below(bound));
      const { members } = answerOf(group);
      const active = group.processes.flatMap(({ members: own }) =>
        own.flatMap(({ id }) => members[id].active),
      );
      expect(active.toSorted()).toEqual(group.tasks.map(({ name }) => name).toSorted());
      for (const { members: own } of group.processes) {
        const tasks = own.flatMap(({ id }) => [...members[id].active, ...members[id].standby]);
        expect(new Set(tasks).size).toBe(tasks.length);
      }
    }),
  );
});
