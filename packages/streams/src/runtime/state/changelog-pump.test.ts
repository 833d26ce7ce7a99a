import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";

import type { LoopEnvironment } from "../loop-environment.ts";
import { ChangelogPump } from "./changelog-pump.ts";
import { ChangelogReading } from "./changelog-reading.ts";
import { FollowedTask } from "./followed-task.ts";
import type { TaskState } from "./task-state.ts";

test("a copy that becomes active counts as remaining once it is known what it lacks", () => {
  const platform = memoryPlatform();
  const remaining = platform.metrics.counter("restore-remaining-records-total");
  const environment = {
    platform,
    remaining,
    config: { applicationId: "app", sliceMs: 5 },
    restoreReader: { assign: () => {}, unassign: () => {}, endOffset: () => undefined },
  } as unknown as LoopEnvironment; // as much of it as is asked for
  const pump = new ChangelogPump(environment, {
    isBusy: false,
    restored: () => expect.unreachable(),
    lost: () => expect.unreachable(),
    failed: (error) => expect.unreachable(String(error)),
  });
  const task = new FollowedTask({ subtopology: 0, partition: 1 });
  const reading = new ChangelogReading({
    state: {} as TaskState, // nothing is read
    store: "counts",
    changelog: { topic: "app-counts-changelog", partition: 1 },
    isSourceTopic: false,
    isTransactional: true,
    logger: platform.logger,
  });
  task.readings = [reading];
  task.role = { taskId: task.taskId, inputs: [{ topic: "in", partition: 1 }] };
  pump.add(task);
  expect(remaining.value).toBe(0);
  reading.end = 7;
  pump.add(task);
  expect(remaining.value).toBe(7);
  pump.remove(task);
  expect(remaining.value).toBe(0);
});
