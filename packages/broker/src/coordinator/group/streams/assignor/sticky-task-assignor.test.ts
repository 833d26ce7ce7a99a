import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { PartitionSets } from "../../partition-sets.ts";
import { noTasks, taskIds, type Tasks } from "../tasks.ts";
import { assignTasks } from "./sticky-task-assignor.ts";

type Described = Readonly<Record<string, readonly number[]>>;
interface Vector {
  /** Tasks of a subtopology, and whether it has stores. */
  readonly topology: Readonly<Record<string, readonly [number, 0 | 1]>>;
  readonly standbys: number;
  /** Member, process, active and standby tasks; each step begins with what the one before assigned. */
  readonly steps: readonly (readonly (readonly [string, string, Described, Described])[])[];
}

/** What Apache Kafka 4.3.1's `StickyTaskAssignor` assigned in groups made at random. */
const vectors = readFileSync(new URL("sticky-task-assignor.vectors.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line): Vector => JSON.parse(line));

const described = (tasks: PartitionSets): Described =>
  Object.fromEntries(
    taskIds(tasks).map(({ subtopologyId, partitions }) => [subtopologyId, partitions]),
  );

function replayed({ topology, standbys, steps }: Vector): Vector["steps"] {
  let before: ReadonlyMap<string, Tasks> = new Map();
  return steps.map((step) => {
    const members = step.map(
      ([memberId, processId]) =>
        [memberId, { processId, previous: before.get(memberId) ?? noTasks }] as const,
    );
    before = assignTasks({
      subtopologies: new Map(
        Object.entries(topology).map(([id, [taskCount, stateful]]) => [
          id,
          { taskCount, isStateful: stateful === 1 },
        ]),
      ),
      members: new Map(members),
      standbyReplicas: standbys,
    });
    return step.map(([memberId, processId]) => {
      const { active, standby } = before.get(memberId) ?? noTasks;
      return [memberId, processId, described(active), described(standby)] as const;
    });
  });
}

describe("tasks of a streams group", () => {
  test.each(vectors.map((vector, index) => ({ index, vector })))(
    "are assigned as Kafka assigns them: group $index",
    ({ vector }) => {
      expect(replayed(vector)).toEqual(vector.steps);
    },
  );

  test("a standby never lies in the process that has the task", () => {
    const members = new Map(
      ["a", "b", "c"].map((id) => [id, { processId: id === "c" ? "2" : "1", previous: noTasks }]),
    );
    const subtopologies = new Map([["0", { taskCount: 4, isStateful: true }]]);
    const assigned = assignTasks({ subtopologies, members, standbyReplicas: 1 });
    const inFirst = [assigned.get("a"), assigned.get("b")];
    const active = inFirst.flatMap((tasks) => [...(tasks?.active.get("0") ?? [])]);
    const standby = inFirst.flatMap((tasks) => [...(tasks?.standby.get("0") ?? [])]);
    expect([...active, ...standby].toSorted()).toEqual([0, 1, 2, 3]);
  });
});
