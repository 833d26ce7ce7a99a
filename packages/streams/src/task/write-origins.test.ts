import type { PartitionWriter } from "@millrace/cluster";
import { expect, test } from "vitest";

import { TaskRecordContext } from "./task-record-context.ts";
import { WriteOrigins, type WriteSource } from "./write-origins.ts";

function sourceOf(node: string): WriteSource & { readonly context: TaskRecordContext } {
  return { node, isChangelog: false, context: new TaskRecordContext(), onRefused: () => {} };
}

function under(source: { readonly context: TaskRecordContext }, topic: string, offset: number) {
  source.context.topic = topic;
  source.context.partition = 3;
  source.context.offset = offset;
}

const writer = { topic: "out", partition: 1, appendedCount: 0 } as PartitionWriter;

test("each append is found with the input record that was under way", () => {
  const origins = new WriteOrigins();
  const left = sourceOf("left");
  const right = sourceOf("right");
  const steps = [
    [left, "a", 7],
    [left, "a", 7],
    [right, "a", 90],
    [left, "b", 1],
    [left, "b", 2],
  ] as const;
  for (const [index, [source, topic, offset]] of steps.entries()) {
    under(source, topic, offset);
    origins.of(writer).note(40 + index, source);
  }
  const found = steps.map((_, index) => origins.find(writer, 40 + index));
  expect(found).toEqual(
    steps.map(([source, topic, offset]) => ({ source, topic, partition: 3, offset })),
  );
  expect(origins.find(writer, 39)).toBeUndefined();
  expect(origins.find(writer, 45)).toBeUndefined();
  expect(origins.find({ topic: "out", partition: 0 }, 40)).toBeUndefined();
});

test("what is settled is forgotten, and later appends are found under their own numbers", () => {
  const origins = new WriteOrigins();
  const source = sourceOf("sink");
  for (let index = 0; index < 10; index++) {
    under(source, "a", index);
    origins.of(writer).note(index, source);
  }
  origins.forget();
  expect(origins.find(writer, 5)).toBeUndefined();
  under(source, "a", 100);
  origins.of(writer).note(12, source);
  expect(origins.find(writer, 12)).toMatchObject({ offset: 100 });
});

test("the oldest are forgotten beyond a bound, the latest are kept", () => {
  const origins = new WriteOrigins();
  const of = origins.of(writer);
  const source = sourceOf("sink");
  const count = 2 ** 20 + 10;
  for (let index = 0; index < count; index++) {
    under(source, "a", index);
    of.note(index, source);
  }
  expect(origins.find(writer, 0)).toBeUndefined();
  expect(origins.find(writer, count - 1)).toMatchObject({ offset: count - 1 });
  expect(origins.find(writer, count - 2 ** 18)).toMatchObject({ offset: count - 2 ** 18 });
});
