import { optional, string } from "@millrace/serde";
import { windowStore } from "@millrace/state";
import { expect, it } from "vitest";

import { at, batchOf, taskOf, taskOn } from "../../test-support/task-of.ts";
import type { DropLevel } from "../processor/processor.ts";
import { TopologyBuilder } from "../topology/topology-builder.ts";
import { Topology } from "../topology/topology.ts";

it("what a store does not keep any more counts as dropped", () => {
  const windows = windowStore({
    name: "windows",
    key: string(),
    value: string(),
    windowSize: "1m",
    retention: "1m",
  });
  const builder = new TopologyBuilder();
  builder.addSource({
    name: "source",
    topics: ["in"],
    pattern: undefined,
    keySerde: string(),
    valueSerde: string(),
    timestampExtractor: undefined,
    dropsNulls: false,
    offsetReset: undefined,
  });
  let put = (_start: number): void => {};
  builder.addProcessor({
    name: "processor",
    parents: ["source"],
    supplier: () => ({
      init: (context) => {
        const store = context.store(windows);
        put = (start) => store.put("k", "v", start);
      },
      process: (record) => put(record.timestamp),
    }),
  });
  builder.addStore(windows, ["processor"]);
  const { task } = taskOn(new Topology(builder.contents).merged("app"));
  task.initialize();
  task.addBatch(batchOf("in", 0, [at(600_000), at(1), at(590_000)]));
  while (task.process(1) > 0);
  expect(task.droppedRecords.value).toBe(1);
});

it("what a node drops is counted each time, and logged once a minute, with how many it is then", () => {
  let nowMs = 0;
  const lines: unknown[] = [];
  const { task } = taskOf(
    (builder) => {
      const text = { key: string(), value: optional(string()) };
      builder.stream("a", text).groupByKey().count();
      builder.stream("b", { key: string(), value: string() }).to("out");
    },
    {},
    {
      clock: { wallMs: () => 0, monotonicMs: () => nowMs },
      logger: {
        isEnabled: () => true,
        log: (_level, event, fields) => void lines.push({ event, ...fields }),
      },
    },
  );
  task.initialize();
  const drop = (topic: string, offset: number): void => {
    task.addBatch(batchOf(topic, offset, [at(1, null)]));
    while (task.process(1) > 0);
  };
  for (const [offset, time] of [0, 1000, 59_999, 60_000, 60_001].entries()) {
    nowMs = time;
    drop("a", offset);
  }
  drop("b", 0);
  expect(task.droppedRecords.value).toBe(6);
  const event = "streams.record-dropped";
  expect(lines).toMatchObject([
    {
      event,
      topic: "a",
      offset: 0,
      count: 1,
      reason: expect.stringContaining("null key or value"),
    },
    { event, topic: "a", offset: 3, count: 3 },
    { event, topic: "b", offset: 0, count: 1 },
  ]);
});

it("what joins of tables leave out as they are meant to is no warning", () => {
  const lines: unknown[][] = [];
  const text = { key: string(), value: string() };
  const { task } = taskOf(
    (builder) => {
      const versions = { ...text, store: { name: "v", historyRetention: "1m" } } as const;
      const right = builder.table("right", text);
      builder.table("left", versions).join(right, (left) => left);
      builder
        .table("pointing", text)
        .join(right, (left) => left, { foreignKey: (value) => value, name: "own" });
    },
    {},
    {
      logger: {
        isEnabled: () => true,
        log: (level, event, fields) => {
          if (event === "streams.record-dropped") lines.push([level, fields?.["reason"]]);
        },
      },
    },
  );
  task.initialize();
  // An answer for a row that is not there, then an older version of a row.
  const answer = `\0${"h".repeat(16)}value`;
  task.addBatch(batchOf("app-own-subscription-response-topic", 0, [at(1, answer)]));
  task.addBatch(batchOf("left", 0, [at(2), at(1)]));
  while (task.process(1) > 0);
  expect(lines).toEqual([
    ["debug", "an answer for a row that has changed since, in a foreign-key join"],
    ["info", "an older version of a row in a join of tables"],
  ]);
  expect(task.droppedRecords.value).toBe(2);
});

it("a processor says how bad it is that it leaves a record out, in words that there are", () => {
  const told: string[] = [];
  const { task } = taskOf(
    (builder) => {
      builder.stream("in", { value: string() }).process({
        process: ({ value }, { dropRecord }) => dropRecord("as it should be", value as DropLevel),
      });
    },
    {},
    { logger: { isEnabled: () => true, log: (level, event) => told.push(`${level} ${event}`) } },
  );
  task.initialize();
  task.addBatch(batchOf("in", 0, [at(1, "debug"), at(2, "error")]));
  task.process(1);
  expect(told).toContain("debug streams.record-dropped");
  expect(() => task.process(1)).toThrow(
    'dropRecord: level is "error"; it takes "warn", "info" or "debug"',
  );
  expect(task.droppedRecords.value).toBe(1);
});
