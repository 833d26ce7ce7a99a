import type { LogFields, Logger } from "@millrace/platform";
import { int64AsNumber, string, StreamsBuilder, tumbling, windowed, type Topology } from "millrace";
import { expect, test } from "vitest";

import { decodePartitionMetadata } from "../../packages/streams/src/task/partition-metadata.ts";
import { RestartingTask } from "./restarting-task.ts";

const text = string();
const key = windowed(text, { size: "1m" });

/** Counts by windows in so many stores, each of which has its own stream time. */
function counts(names: readonly string[]): Topology {
  const builder = new StreamsBuilder();
  const grouped = builder.stream("in", { key: text, value: text }).groupByKey();
  for (const name of names)
    grouped
      .windowedBy(tumbling("1m"))
      .count({ store: `${name}-store`, name })
      .toStream()
      .to(`${name}-out`, { key, value: int64AsNumber() });
  return builder.build();
}

function pipe(task: RestartingTask, timestamp: number): void {
  task.pipe("in", text.serialize("k", "in"), text.serialize("v", "in"), timestamp);
}

function numbersOf(task: RestartingTask): Readonly<Record<string, number>> {
  return Object.fromEntries(decodePartitionMetadata(task.committed[0].metadata).processorMetadata);
}

test("times of operators that the topology no longer has are not committed any more", async () => {
  const task = new RestartingTask(counts(["kept", "gone"]));
  pipe(task, 5000);
  expect(numbersOf(task)).toEqual({ "kept-stream-time": 5000, "gone-stream-time": 5000 });
  await task.restart(counts(["kept"]));
  pipe(task, 4000);
  expect(numbersOf(task)).toEqual({ "kept-stream-time": 5000 });
  await task.restart(counts(["kept", "gone"]));
  pipe(task, 4000);
  expect(numbersOf(task)).toEqual({ "kept-stream-time": 5000, "gone-stream-time": 4000 });
  await task.close();
});

test("what does not fit beside an offset is told once, with the operators", async () => {
  const lines: (readonly [event: string, fields: LogFields])[] = [];
  const logger: Logger = {
    isEnabled: () => true,
    log: (_level, event, fields = {}) => void lines.push([event, fields]),
  };
  const names = Array.from({ length: 20 }, (_, index) => `${"long".repeat(40)}-${index}`);
  const task = new RestartingTask(counts(names), { logger });
  for (const timestamp of [5000, 6000, 7000]) pipe(task, timestamp);
  const kept = Object.keys(numbersOf(task));
  const told = lines.filter(([event]) => event === "streams.offset-metadata-full");
  expect(told).toHaveLength(1);
  const [[, { task: taskName, operators, topics, advice }]] = told;
  expect(taskName).toBe("0_0");
  expect(kept.length).toBeGreaterThan(10);
  expect([...kept, ...(operators as string[])]).toEqual(names.map((name) => `${name}-stream-time`));
  expect(topics).toEqual([]);
  expect(advice).toMatch(/shorter names/);
  await task.close();
});
