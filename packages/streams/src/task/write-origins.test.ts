import type { PartitionWriter } from "@millrace/cluster";
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { unknownInput } from "../processor/unknown-input.ts";
import { TaskRecordContext } from "./task-record-context.ts";
import { WriteOrigins } from "./write-origins.ts";
import type { WriteSource } from "./write-source.ts";

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

test("what waited in a store that has not kept its place is not found with the one under way", () => {
  const origins = new WriteOrigins();
  const source = sourceOf("sink");
  under(source, "a", 7);
  origins.of(writer).note(0, source);
  source.context.input = unknownInput;
  origins.of(writer).note(1, source);
  expect([0, 1].map((index) => origins.find(writer, index)?.topic)).toEqual(["a", ""]);
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

test("what a commit settles is forgotten with its end, and what was appended beside it is not", () => {
  const origins = new WriteOrigins();
  const source = sourceOf("sink");
  const note = (from: number, to: number): void => {
    for (let index = from; index < to; index++) {
      under(source, "a", index);
      origins.of(writer).note(index, source);
    }
  };
  note(0, 10);
  origins.divide();
  note(10, 20);
  for (const index of [0, 9, 10, 19])
    expect(origins.find(writer, index)).toMatchObject({ offset: index });
  origins.forgetDivided();
  note(20, 25);
  expect(origins.find(writer, 9)).toBeUndefined();
  for (const index of [10, 19, 20, 24])
    expect(origins.find(writer, index)).toMatchObject({ offset: index });
});

test("appends are found whatever offsets, inputs and sources follow on each other", () => {
  const sources = [sourceOf("left"), sourceOf("right")];
  const step = fc.record({
    source: fc.constantFrom(...sources),
    topic: fc.constantFrom("a", "b"),
    offset: fc.oneof(fc.integer({ min: -1, max: 300 }), fc.integer({ min: 0, max: 2 ** 48 })),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const origins = new WriteOrigins();
      for (const [index, { source, topic, offset }] of steps.entries()) {
        under(source, topic, offset);
        origins.of(writer).note(index, source);
      }
      for (const [index, { source, topic, offset }] of steps.entries()) {
        const found = origins.find(writer, index);
        expect(found).toEqual({ source, topic, partition: 3, offset });
      }
      expect(origins.find(writer, steps.length)).toBeUndefined();
    }),
  );
});

test("the oldest are forgotten beyond a bound for all partitions, the latest are kept", () => {
  const origins = new WriteOrigins();
  const other = { ...writer, partition: 2 } as PartitionWriter;
  const source = sourceOf("sink");
  under(source, "a", 5);
  origins.of(other).note(0, source);
  const of = origins.of(writer);
  const count = 8.5 * 2 ** 20;
  for (let index = 0; index < count; index++) {
    source.context.offset = index;
    of.note(index, source);
  }
  expect(origins.find(other, 0)).toBeUndefined();
  expect(origins.find(writer, 0)).toBeUndefined();
  expect(origins.find(writer, count - 1)).toMatchObject({ offset: count - 1 });
  expect(origins.find(writer, count - 2 ** 22)).toMatchObject({ offset: count - 2 ** 22 });
  origins.of(other).note(1, source);
  expect(origins.find(other, 1)).toMatchObject({ offset: count - 1 });
});

test("a source of two inputs in turns costs no more than others", () => {
  const origins = new WriteOrigins();
  const of = origins.of(writer);
  const source = sourceOf("sink");
  const before = process.memoryUsage();
  const count = 2 ** 21;
  for (let index = 0; index < count; index++) {
    under(source, index % 2 === 0 ? "a" : "b", index);
    of.note(index, source);
  }
  const after = process.memoryUsage();
  const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  expect(grown / count).toBeLessThan(16); // bytes, garbage of the test included
  expect(origins.find(writer, count - 1)).toMatchObject({ topic: "b", offset: count - 1 });
});
