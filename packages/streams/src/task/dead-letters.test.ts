import { decodeUtf8 } from "@millrace/model";
import { optional, string } from "@millrace/serde";
import { describe, expect, test } from "vitest";

import { batchOf, taskOf, type Entry, type Written } from "../../test-support/task-of.ts";
import { untilTimeLimit } from "../dsl/suppressed.ts";
import type { StreamsBuilder } from "../dsl/streams-builder.ts";
import { InputBytes } from "./input-bytes.ts";
import type { TaskConfig } from "./stream-task-options.ts";

const texts = { key: string(), value: string() };
const letters: Partial<TaskConfig> = { onProcessingError: "continue", deadLetterTopic: "dead" };

function failOnBad(value: string | null): void {
  if (value?.includes("bad") === true) throw new RangeError("asked to");
}

function lettersIn(written: readonly Written[]): (readonly [number, string | null])[] {
  return written
    .filter(({ topic }) => topic === "dead")
    .map(({ inputOffset, value }) => [inputOffset, value === null ? null : decodeUtf8(value)]);
}

const bad: Entry = { timestamp: 1, key: "a", value: "bad" };
const good: Entry = { timestamp: 2, key: "b", value: "good" };

test("what is kept of an input are copies, made once", () => {
  const value = Uint8Array.of(1);
  const input = new InputBytes(null, value);
  const kept = input.kept();
  value[0] = 2;
  expect([kept.key, kept.value]).toEqual([null, Uint8Array.of(1)]);
  expect(input.kept().value).toBe(kept.value);
});

describe("a dead letter has the bytes of the record that it is for", () => {
  const suppressing = (builder: StreamsBuilder) =>
    builder
      .table("a", { ...texts, store: { caching: false } })
      .suppress(untilTimeLimit("1m", { records: 1, whenFull: "emitEarly" }))
      .toStream()
      .peek((value) => failOnBad(value));

  test("where that waited, and another one let it out", () => {
    const { task, written } = taskOf(suppressing, letters);
    task.initialize();
    task.addBatch(batchOf("a", 5, [bad, good]));
    task.process(10);
    expect(lettersIn(written)).toEqual([[5, "bad"]]);
  });

  test("where a flush of the cache forwards what it wrote", () => {
    const { task, written } = taskOf((builder) => {
      builder
        .stream("a", texts)
        .groupByKey()
        .reduce((_old, value) => value)
        .toStream()
        .peek((value) => failOnBad(value));
    }, letters);
    task.initialize();
    task.addBatch(batchOf("a", 5, [bad, good]));
    task.process(10);
    expect(lettersIn(written)).toEqual([]);
    task.flush();
    expect(lettersIn(written)).toEqual([[5, "bad"]]);
  });

  test("none for a row that is deleted from a cached store with headers, as in Kafka", () => {
    const { task, written } = taskOf((builder) => {
      builder
        .stream("a", { ...texts, value: optional(string()) })
        .groupByKey()
        .reduce(() => null, { store: { headers: true } })
        .toStream()
        .peek((value) => failOnBad(value ?? "bad"));
    }, letters);
    task.initialize();
    for (const offset of [5, 7]) {
      task.addBatch(batchOf("a", offset, [good]));
      task.process(10);
      task.flush();
    }
    expect(lettersIn(written)).toEqual([[7, null]]);
  });

  test("none where those were written before it came to the cache", () => {
    const { task, written } = taskOf((builder) => {
      const stream = builder.stream("a", texts);
      const counted = stream.filter((value) => value !== null);
      counted.to("out");
      counted
        .groupByKey()
        .reduce((_old, value) => value)
        .toStream()
        .peek((value) => failOnBad(value));
    }, letters);
    task.initialize();
    task.addBatch(batchOf("a", 5, [bad]));
    task.process(10);
    task.flush();
    expect(lettersIn(written)).toEqual([[5, null]]);
  });
});
