import { expect, test } from "vitest";

import type { QueryableTask } from "../query/local-answers.ts";
import type { GlobalLoop } from "../runtime/global-loop.ts";
import { findQueryable } from "./find-queryable.ts";
import type { InlineLoop } from "./inline-loop.ts";

const taskId = { subtopology: 1, partition: 3 };
// As much of them as is asked for.
const task = (isActive: boolean, lag: number): QueryableTask =>
  ({ taskId, isActive, lag }) as QueryableTask;
const loopWith = (found: QueryableTask | undefined): InlineLoop =>
  ({ queryable: () => found }) as unknown as InlineLoop;

test.each([
  ["the task that runs, before a copy of another loop", [task(false, 1), task(true, 2)], 2],
  ["the task that runs, whichever loop has it", [undefined, task(true, 1), task(false, 2)], 1],
  ["a copy where nobody runs it", [undefined, task(false, 1)], 1],
  ["nothing where nobody has it", [undefined, undefined], undefined],
] as const)("what is found of a task is %s", (_, tasks, lag) => {
  const loops = tasks.map(loopWith);
  expect(findQueryable(taskId, { loops, global: undefined, globalStores: [] })?.lag).toBe(lag);
});

test("global stores are found once they can be read, in no loop of tasks", () => {
  const loops = [loopWith(task(true, 1))];
  const readable = {} as NonNullable<GlobalLoop["readable"]>;
  const found = [undefined, {}, { readable }].map((global) =>
    findQueryable(undefined, { loops, global: global as GlobalLoop | undefined, globalStores: [] }),
  );
  expect(found).toEqual([
    undefined,
    undefined,
    expect.objectContaining({ taskId: undefined, isActive: true, stores: readable }),
  ]);
});
