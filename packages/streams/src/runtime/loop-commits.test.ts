import type { BatchWriter } from "@millrace/cluster";
import { memoryPlatform } from "@millrace/platform/memory";
import { string } from "@millrace/serde";
import { expect, test } from "vitest";

import { at, batchOf, taskOf } from "../../test-support/task-of.ts";
import { Slice } from "../task/slice.ts";
import type { ActiveTask } from "./active-task.ts";
import { LoopCommits, type LoopCommitsOptions } from "./loop-commits.ts";
import type { LoopEnvironment } from "./loop-environment.ts";
import { WriteRefusals } from "./write-refusals.ts";

test("a commit that the brokers do not end is given up, and says for how long they were away and what becomes of it", async () => {
  const { task } = taskOf((builder) =>
    builder.stream("a", { key: string(), value: string() }).groupByKey().count({ store: "c" }),
  );
  task.initialize();
  task.addBatch(batchOf("a", 0, [{ ...at(1), key: "k" }]));
  task.process(1);
  const { taskId, subtopology, stores } = task;
  const open = { taskId, subtopology, task, stores } as Partial<ActiveTask> as ActiveTask;

  const writer: Partial<BatchWriter> = {
    hasRoom: true,
    flush: () => Promise.resolve([]),
    sendOffsets: () => Promise.resolve(),
    divide: () => {},
    commit: (signal) =>
      new Promise((_, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason as Error)),
      ),
  };
  const platform = memoryPlatform();
  const config = {
    isExactlyOnce: true,
    closeTimeoutMs: 30_000,
    transactionTimeoutMs: 60_000,
    commitIntervalMs: 100,
  };
  const environment = {
    platform,
    config,
    taps: { areAny: false },
    assignments: {},
    subtopologies: [],
  } as unknown as LoopEnvironment; // as much of it as a commit asks for
  const commits = new LoopCommits(environment, {
    writer: { current: writer, refusals: new WriteRefusals() },
    slice: new Slice(platform.clock, 5),
    signal: new AbortController().signal,
    metrics: { commit: { end: () => {} } },
    onCommitted: () => {},
    wake: () => {},
  } as Partial<Record<keyof LoopCommitsOptions, unknown>> as LoopCommitsOptions);

  await commits.begin([open]);
  const cause = new Error("broker 1 cannot be reached");
  const settled = commits.settleSoon(cause);
  await platform.advance(7500);
  const { error } = (await settled) ?? {};
  expect(error).toMatchObject({ code: "REQUEST_TIMED_OUT", retriable: true, cause });
  expect(String(error)).toMatch(/did not end a commit for 7500 ms .*broker 1 cannot be reached/);
  expect(String(error)).toMatch(/transaction is aborted.*nothing counts twice/);
});
