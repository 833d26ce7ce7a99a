import { MetricRegistry, type RecordingLevel } from "@millrace/platform";
import { string } from "@millrace/serde";
import { expect, test } from "vitest";

import { at, batchOf, taskOf, taskOfProcessor } from "../../test-support/task-of.ts";
import type { StreamsBuilder } from "../dsl/streams-builder.ts";
import { untilTimeLimit } from "../dsl/suppressed.ts";
import type { ProcessorContext } from "../processor/processor.ts";
import { recordOf } from "../processor/stream-record.ts";
import type { StreamTaskOptions } from "./stream-task-options.ts";
import { Slice } from "./slice.ts";

const text = { key: string(), value: string() };
const copy = (builder: StreamsBuilder) => builder.stream(["a", "b"], text).to("out");

/** A task by a clock that stands still, with what it tells. */
function measured(
  build: (builder: StreamsBuilder) => void,
  recordingLevel: RecordingLevel,
  more: Partial<StreamTaskOptions> = {},
) {
  const metrics = new MetricRegistry();
  const clock = { nowMs: 1000, wallMs: () => clock.nowMs, monotonicMs: () => clock.nowMs };
  const made = taskOf(build, {}, { metrics, clock, recordingLevel, ...more });
  made.task.initialize();
  const value = (name: string, node?: string): number | undefined =>
    metrics.snapshot().find((one) => one.name === name && one.tags["processor-node-id"] === node)
      ?.value;
  const latency = (node: string) =>
    ["min", "avg", "max"].map((one) => value(`record-e2e-latency-${one}`, node));
  return { ...made, clock, value, latency, metrics };
}

test("how old records are is told of sources and of nodes without children, by the time of the slice", () => {
  const { task, clock, latency } = measured(copy, "info");
  task.addBatch(batchOf("a", 0, [at(900), at(700)]));
  const slice = new Slice(clock, 5);
  slice.begin();
  clock.nowMs = 1002;
  task.process(10, slice);
  expect(latency("KSTREAM-SOURCE-0000000000")).toEqual([100, 200, 300]);
  expect(latency("KSTREAM-SINK-0000000001")).toEqual([100, 200, 300]);
});

test("what is forwarded before the first slice, or as stream time is moved, is as old as by the clock", () => {
  const metrics = new MetricRegistry();
  const clock = { nowMs: 1000, wallMs: () => clock.nowMs, monotonicMs: () => clock.nowMs };
  const init = (context: ProcessorContext): void => {
    const tick = (time: number): void => context.forward(recordOf("k", "tick", time));
    context.schedule(100, "streamTime", tick);
    tick(900);
  };
  const { task } = taskOfProcessor({ init, process: () => {} }, {}, { metrics, clock });
  task.initialize();
  const oldest = () =>
    metrics
      .snapshot()
      .find(({ name, tags }) => name.endsWith("-max") && tags["processor-node-id"] === "sink")
      ?.value;
  expect(oldest()).toBe(100);
  clock.nowMs = 1500;
  task.advanceStreamTime(1000);
  expect(oldest()).toBe(500);
});

test("what a processor leaves out does not reach its sink", () => {
  const { task, latency } = measured(
    (builder) =>
      builder
        .stream("a", text)
        .filter((value) => value === "no")
        .to("out"),
    "info",
  );
  task.addBatch(batchOf("a", 0, [at(900)]));
  task.process(10);
  expect(latency("KSTREAM-SOURCE-0000000000")).toEqual([100, 100, 100]);
  expect(latency("KSTREAM-SINK-0000000002")).toEqual([0, 0, 0]);
  expect(latency("KSTREAM-FILTER-0000000001")).toEqual([undefined, undefined, undefined]);
});

test("also where errors are decided about", () => {
  const { task, latency } = measured(
    (builder) => builder.stream("a", text).foreach(() => {}),
    "info",
    { config: { applicationId: "app", onProcessingError: "continue" } },
  );
  task.addBatch(batchOf("a", 0, [at(900)]));
  task.process(10);
  expect(latency("KSTREAM-FOREACH-0000000001")).toEqual([100, 100, 100]);
});

test("at level debug each record is measured: lateness, order, time, by source", () => {
  const { task, clock, value } = measured(copy, "debug");
  task.addBatch(batchOf("a", 0, [at(500), at(300), at(600)]));
  task.process(10);
  expect(value("process-total")).toBe(3);
  expect(value("process-total", "KSTREAM-SOURCE-0000000000")).toBe(3);
  expect([value("record-lateness-avg"), value("record-lateness-max")]).toEqual([200 / 3, 200]);
  expect(value("enforced-processing-total")).toBe(3);
  task.addBatch(batchOf("a", 3, [at(700)]));
  task.addBatch(batchOf("b", 0, [at(800)]));
  expect(value("active-buffer-count")).toBe(2);
  task.process(1);
  expect(value("enforced-processing-total")).toBe(3);
  clock.nowMs += 10_000;
  expect(value("process-rate")).toBeCloseTo(0.4);
});

test("at level info none of that is there", () => {
  const { task, value, metrics } = measured(copy, "info");
  task.addBatch(batchOf("a", 0, [at(500)]));
  task.process(10);
  expect(value("process-total")).toBeUndefined();
  expect(new Set(metrics.snapshot().map(({ name }) => name))).toEqual(
    new Set([
      "dropped-records-total",
      "dropped-records-rate",
      "input-buffer-bytes-total",
      "record-e2e-latency-avg",
      "record-e2e-latency-min",
      "record-e2e-latency-max",
    ]),
  );
});

test("what suppress lets out is counted", () => {
  const { task, value } = measured(
    (builder) => builder.table("a", text).suppress(untilTimeLimit(100)).toStream().to("out", text),
    "debug",
  );
  for (const [offset, time] of [0, 50, 200].entries()) {
    task.addBatch(batchOf("a", offset, [at(time)]));
    task.process(1);
    task.flush(); // of the table's cache
  }
  expect(value("suppression-emit-total", "KTABLE-SUPPRESS-0000000003")).toBe(1);
});

test("records that wait for a call are counted as long as the task is there", async () => {
  const { task, value, metrics } = measured(
    (builder) =>
      builder
        .stream("a", text)
        .mapValuesAsync(() => new Promise<string>(() => {}), { value: string(), name: "ask" })
        .to("out"),
    "info",
  );
  expect(value("async-waiting-count", "ask")).toBe(0);
  task.addBatch(batchOf("a", 0, [at(500), at(600)]));
  task.process(10);
  expect(value("async-waiting-count", "ask")).toBe(2);
  await task.close();
  expect(metrics.snapshot().map(({ name }) => name)).not.toContain("async-waiting-count");
});

test("they go with the task", async () => {
  const { task, metrics } = measured(copy, "debug");
  await task.close();
  expect(metrics.snapshot().map(({ name }) => name)).toEqual(["dropped-records-total"]);
});
