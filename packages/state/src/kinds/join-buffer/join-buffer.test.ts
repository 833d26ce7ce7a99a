import { noHeaders, type Headers } from "@millrace/model";
import { string } from "@millrace/serde";
import { expect, it } from "vitest";

import { CacheBudget } from "../../contract/cache-budget.ts";
import type { ChangelogRecord } from "../../contract/open-store.ts";
import { MemoryEngine } from "../../memory/memory-engine.ts";
import { openTaskStores } from "../../stores/open-task-stores.ts";
import { joinBuffer } from "./join-buffer-kind.ts";

const headers: Headers = [
  ["trace", Uint8Array.of(1, 2)],
  ["none", null],
];
const context = { topic: "t" as string | null, partition: 3, offset: 7, timestamp: 0, headers };
const specification = joinBuffer({ name: "b", key: string(), value: string(), grace: 5 });

function open(engine = new MemoryEngine()) {
  const log: (ChangelogRecord & { readonly key: Uint8Array })[] = [];
  const stores = openTaskStores({
    engine,
    recordContext: context,
    cache: new CacheBudget(10_000),
    taskId: "0_0",
    stores: [
      {
        specification,
        changelogTopic: "b-changelog",
        changelog: {
          append: (timestamp, key, value) =>
            void log.push({
              key: (key ?? new Uint8Array(0)).slice(),
              value: value?.slice() ?? null,
              timestamp,
              headers: noHeaders,
            }),
        },
      },
    ],
  });
  const buffer = stores.store(specification);
  const due = (): string[] => {
    const taken: string[] = [];
    buffer.onDue((key, value, { timestamp }) => taken.push(`${key}=${value}@${timestamp}`));
    buffer.takeDue();
    return taken;
  };
  return { log, stores, buffer, due };
}

it("hands out what is due by time, then by key, then by arrival", () => {
  const { buffer, due } = open();
  buffer.put("b", "1", 10);
  buffer.put("a", "2", 10);
  buffer.put("b", "3", 10);
  buffer.put("c", "4", 9);
  expect([due(), buffer.minTimestamp]).toEqual([[], 6]);
  buffer.put("z", "5", 15);
  expect(due()).toEqual(["c=4@9", "a=2@10", "b=1@10", "b=3@10"]);
  expect(due()).toEqual([]);
  expect([buffer.recordCount, buffer.minTimestamp]).toEqual([1, 11]);
});

it("takes time that has passed elsewhere for its own", () => {
  const { buffer, due } = open();
  buffer.put("a", "1", 10);
  buffer.advance(14);
  expect(due()).toEqual([]);
  buffer.advance(15);
  buffer.advance(3);
  expect(due()).toEqual(["a=1@10"]);
  expect([buffer.put("a", "2", 9), buffer.put("a", "3", 10)]).toEqual([false, true]);
});

it("does not keep what is older than the grace", () => {
  const { buffer, log } = open();
  expect(buffer.put("a", "1", 20)).toBe(true);
  expect([buffer.put("a", "2", 14), buffer.put("a", "3", 15)]).toEqual([false, true]);
  expect(log).toHaveLength(2);
});

it("gives a record back in the context that it came in", () => {
  const { buffer } = open();
  buffer.put("a", "1", 0);
  context.topic = null;
  buffer.put("a", "2", 5);
  context.topic = "t";
  const contexts: unknown[] = [];
  buffer.onDue((_key, _value, own) => contexts.push(own));
  buffer.takeDue();
  buffer.put("a", "3", 10);
  buffer.takeDue();
  expect(contexts).toEqual([
    { topic: "t", partition: 3, offset: 7, timestamp: 0, headers },
    { topic: null, partition: 3, offset: 7, timestamp: 5, headers },
  ]);
});

it("is what its changelog says, after a restore and after an abort", () => {
  const { buffer, log, stores, due } = open();
  for (const [index, time] of [3, 1, 4, 1, 5, 9, 2, 6].entries())
    buffer.put("k", String(index), time);
  due();
  stores.commit(new Map());
  const kept = { count: buffer.recordCount, bytes: buffer.bytes };
  const restored = open();
  for (const { key, ...record } of log) restored.stores.restore("b", key, record);
  expect({ count: restored.buffer.recordCount, bytes: restored.buffer.bytes }).toEqual(kept);
  buffer.put("k", "lost", 100);
  due();
  stores.abort();
  expect({ count: buffer.recordCount, bytes: buffer.bytes }).toEqual(kept);
  for (const one of [buffer, restored.buffer]) one.put("k", "x", 20);
  expect(due()).toEqual(["k=4@5", "k=7@6", "k=5@9"]);
  expect(restored.due()).toEqual(["k=4@5", "k=7@6", "k=5@9"]);
});

it("numbers on where an earlier opening ended, so that no record takes another's place", async () => {
  const engine = new MemoryEngine();
  const first = open(engine);
  first.buffer.put("k", "1", 1);
  first.stores.commit(new Map());
  const second = open(engine);
  second.buffer.put("k", "2", 1);
  second.buffer.put("k", "3", 9);
  expect(second.due()).toEqual(["k=1@1", "k=2@1"]);
});

it("logs records with their own time, and what has left with that of the record under way", () => {
  const { buffer, due, log } = open();
  buffer.put("k", "1", 3);
  context.timestamp = 12;
  buffer.put("k", "2", 12);
  due();
  expect(log.map(({ value, timestamp }) => [value !== null, timestamp])).toEqual([
    [true, 3],
    [true, 12],
    [false, 12],
  ]);
});
