import { string } from "@millrace/serde";
import { CacheBudget, MemoryEngine, openTaskStores } from "@millrace/state";
import { expect, test } from "vitest";

import { at, batchOf, taskOn } from "../../../../test-support/task-of.ts";
import type { RecordCollector } from "../../../task/record-collector.ts";
import { storeOpenings } from "../../../task/store-openings.ts";
import type { TaskConfig } from "../../../task/stream-task-options.ts";
import { TaskRecordContext } from "../../../task/task-record-context.ts";
import { StreamsBuilder } from "../../streams-builder.ts";

const changelog = "app-ask-store-changelog";

/** A program that asks for each value of topic `a`; its tasks follow each other on one engine. */
function world(config: Partial<TaskConfig> = {}, prefix = "") {
  const engine = new MemoryEngine();
  const asked: {
    readonly value: string;
    readonly answer: (value: string) => void;
    readonly fail: (error: Error) => void;
  }[] = [];
  const builder = new StreamsBuilder();
  builder
    .stream("a", { key: string(), value: string() })
    .mapValues((value) => `${prefix}${value}`, { value: string() })
    .mapValuesAsync(
      (value) => new Promise<string>((answer, fail) => asked.push({ value, answer, fail })),
      {
        name: "ask",
        value: string(),
      },
    )
    .filter((answer) => answer !== "")
    .to("out");
  const subtopology = builder.build().merged("app");
  const open = (changed: Partial<TaskConfig> = {}) => {
    const recordContext = new TaskRecordContext();
    const cache = new CacheBudget(0);
    const logged: string[] = [];
    const collector: Pick<RecordCollector, "partition"> = {
      partition: (topic) => ({
        append: (_timestamp, _key, value) => logged.push(`${topic} ${value === null ? "-" : "+"}`),
      }),
    };
    const stores = openTaskStores({
      engine,
      stores: storeOpenings(subtopology, { partition: 0, collector: collector as RecordCollector }),
      recordContext,
      cache,
      taskId: "0_0",
    });
    let wakes = 0;
    const wake = () => (wakes += 1);
    const parts = taskOn(subtopology, { ...config, ...changed }, { stores, recordContext, wake });
    parts.task.initialize();
    const commit = () => {
      parts.task.flush();
      stores.commit(new Map());
      parts.task.markCommitted();
    };
    const written = () =>
      parts.written.map(({ value }) => new TextDecoder().decode(value ?? undefined));
    const topics = () => parts.written.map(({ topic }) => topic);
    return { ...parts, written, topics, logged, commit, wakes: () => wakes };
  };
  return { asked, open };
}

const settle = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

test("ASYNC-1: what comes and goes between two commits is written nowhere", async () => {
  const { asked, open } = world();
  const { task, written, logged, commit } = open();
  task.addBatch(batchOf("a", 0, [at(1), at(2)]));
  task.process(10);
  for (const { answer } of asked) answer("done");
  await settle();
  expect(task.process(10)).toBe(2);
  commit();
  expect([written(), logged]).toEqual([["done", "done"], []]);
});

test("ASYNC-1: what is under way at a commit is committed with it, and called for again", async () => {
  const { asked, open } = world();
  const first = open();
  first.task.addBatch(batchOf("a", 0, [at(1), at(2), at(3)]));
  first.task.process(10);
  asked[0].answer("zero");
  await settle();
  first.task.process(10);
  first.commit();
  expect(first.logged).toEqual([`${changelog} +`, `${changelog} +`]);
  // After the commit, and lost with the process: the result of one of them.
  asked[1].answer("lost");
  await settle();
  first.task.process(10);
  expect(first.written()).toEqual(["zero", "lost"]);

  const second = open();
  expect(asked.slice(3).map(({ value }) => value)).toEqual(
    asked.slice(1, 3).map(({ value }) => value),
  );
  second.task.addBatch(batchOf("a", 4, [at(4)]));
  second.task.process(10);
  for (const { answer } of asked.slice(3)) answer("again");
  await settle();
  second.task.process(10);
  second.commit();
  expect(second.written()).toEqual(["again", "again", "again"]);
  expect(second.logged).toEqual([`${changelog} -`, `${changelog} -`]);
  const third = open();
  expect(third.task.callCount).toBe(0);
});

test("a call that ends wakes the task's owner, who sees that there is something to do", async () => {
  const { asked, open } = world();
  const { task, wakes } = open();
  task.addBatch(batchOf("a", 0, [at(1)]));
  task.process(10);
  expect([task.callCount, task.untilTimerMs, wakes()]).toEqual([1, Infinity, 0]);
  asked[0].answer("done");
  await settle();
  expect([task.callCount, task.untilTimerMs, wakes()]).toEqual([0, 0, 1]);
  task.process(10);
  expect(task.untilTimerMs).toBe(Infinity);
});

test("what waits keeps its source record for a dead letter, also where another one opens the task", async () => {
  const { asked, open } = world({ onProcessingError: "continue", deadLetterTopic: "dead" }, "x");
  const first = open();
  first.task.addBatch(batchOf("a", 0, [at(1, "source")]));
  first.task.process(10);
  first.commit();
  const second = open();
  expect(asked.map(({ value }) => value)).toEqual(["xsource", "xsource"]);
  asked[1].fail(new Error("down"));
  await settle();
  second.task.process(10);
  expect([second.written(), second.topics()]).toEqual([["source"], ["dead"]]);
});

test("what comes while there are no dead letters has no source, and not that of another call", async () => {
  const { asked, open } = world();
  const withLetters = { onProcessingError: "continue", deadLetterTopic: "dead" } as const;
  const first = open(withLetters);
  first.task.addBatch(batchOf("a", 0, [at(1, "one")]));
  first.task.process(10);
  first.commit();
  const second = open();
  asked[1].answer("");
  await settle();
  second.task.process(10);
  second.task.addBatch(batchOf("a", 1, [at(2, "two")]));
  second.task.process(10);
  second.commit();
  const third = open(withLetters);
  asked[3].fail(new Error("down"));
  await settle();
  third.task.process(10);
  expect(asked.map(({ value }) => value)).toEqual(["one", "one", "two", "two"]);
  expect([third.written(), third.topics()]).toEqual([[""], ["dead"]]); // it is read where it came from
});
