import type { BatchWriter } from "@millrace/cluster";
import { memoryEngineProvider, MemoryEngine } from "@millrace/state";
import { expect, test } from "vitest";

import { WriteOrigins } from "../task/write-origins.ts";
import type { ApplicationTopics } from "./application-topics.ts";
import type { LoopEnvironment } from "./loop-environment.ts";
import type { TaskHolds } from "./task-holds.ts";
import { openTasks } from "./task-opener.ts";

test("STREAMS-2: a task of no sub-topology is not opened, nor its engine", async () => {
  let opened = 0;
  const environment = {
    engines: {
      ...memoryEngineProvider(),
      open: async () => {
        opened += 1;
        return new MemoryEngine();
      },
    },
    subtopologies: [],
    assignments: { committed: async () => [] },
    config: { errors: {} },
    taskDirectory: () => "task",
  } as unknown as LoopEnvironment; // as much of one as is asked before the task is looked for
  const writer = { prepare: async () => {} } as unknown as BatchWriter;
  await expect(
    openTasks([{ taskId: { subtopology: 7, partition: 0 }, inputs: [] }], environment, {
      writer,
      origins: new WriteOrigins(),
      topics: {} as ApplicationTopics,
      wake: () => {},
      holds: {} as TaskHolds,
      signal: new AbortController().signal,
    }),
  ).rejects.toMatchObject({ law: "STREAMS-2" });
  expect(opened).toBe(0);
});
