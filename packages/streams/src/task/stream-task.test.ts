import { encodeUtf8, noHeaders, type RecordBatchView } from "@millrace/model";
import { MetricRegistry, silentLogger } from "@millrace/platform";
import { json, optional, string } from "@millrace/serde";
import { CacheBudget, MemoryEngine, openTaskStores } from "@millrace/state";
import { describe, expect, test } from "vitest";

import { StreamsBuilder } from "../dsl/streams-builder.ts";
import { StreamsError } from "../error/streams-error.ts";
import type { RecordCollector, TopicAppender } from "./record-collector.ts";
import { storeOpenings } from "./store-openings.ts";
import { StreamTask } from "./stream-task.ts";
import type { StreamTaskOptions, TaskConfig } from "./stream-task-options.ts";
import { TaskRecordContext } from "./task-record-context.ts";

interface Written {
  readonly topic: string;
  readonly timestamp: number;
  readonly value: Uint8Array | null;
}

function taskOf(
  build: (builder: StreamsBuilder) => void,
  config: Partial<TaskConfig> = {},
  options: Partial<StreamTaskOptions> = {},
) {
  const builder = new StreamsBuilder();
  build(builder);
  const subtopology = builder.build().merged("app");
  const written: Written[] = [];
  const collector = {
    hasRoom: true,
    topic: (topic: string): TopicAppender => {
      const appender: TopicAppender = {
        partitionCount: 1,
        append: (timestamp, _key, value) => written.push({ topic, timestamp, value }),
        partition: () => appender,
      };
      return appender;
    },
    partition: (topic: string) => collector.topic(topic),
  };
  const recordContext = new TaskRecordContext();
  const cache = new CacheBudget(1024);
  const task = new StreamTask({
    taskId: { subtopology: 0, partition: 0 },
    subtopology,
    stores: openTaskStores({
      engine: new MemoryEngine(),
      stores: storeOpenings(subtopology, {
        partition: 0,
        collector: collector as RecordCollector,
        cache,
      }),
      recordContext,
      cache,
      taskId: "0_0",
    }),
    recordContext,
    collector: collector as RecordCollector,
    clock: { wallMs: () => 0, monotonicMs: () => 0 },
    metrics: new MetricRegistry(),
    logger: silentLogger,
    config: { applicationId: "app", ...config },
    ...options,
  });
  return { task, written, collector };
}

interface Entry {
  readonly timestamp: number;
  readonly value: string | null;
  readonly key?: string | null;
}

function batchOf(topic: string, baseOffset: number, entries: readonly Entry[]) {
  let index = -1;
  const bytes = (text: string | null | undefined) =>
    text === null || text === undefined ? null : encodeUtf8(text);
  return {
    topic,
    partition: 0,
    sizeBytes: 0,
    isReleased: false,
    get remaining() {
      return entries.length - index - 1;
    },
    get nextOffset() {
      return baseOffset + entries.length + 1;
    },
    get offset() {
      return baseOffset + index;
    },
    get timestamp() {
      return entries[index].timestamp;
    },
    get key() {
      return bytes(entries[index].key ?? "k");
    },
    get value() {
      return bytes(entries[index].value);
    },
    headers: noHeaders,
    next() {
      index += 1;
      return index < entries.length;
    },
    release() {
      this.isReleased = true;
    },
  } satisfies RecordBatchView & { isReleased: boolean };
}

const copy = (builder: StreamsBuilder) =>
  builder.stream(["a", "b"], { key: string(), value: string() }).to("out");

const at = (timestamp: number, value: string | null = "v"): Entry => ({ timestamp, value });

describe("a task", () => {
  test("takes records in the order of their time over all inputs", () => {
    const { task, written } = taskOf(copy);
    task.initialize();
    task.addBatch(batchOf("a", 0, [at(1), at(5)]));
    task.addBatch(batchOf("b", 0, [at(3), at(4)]));
    expect(task.process(100)).toBe(4);
    expect(written.map(({ timestamp }) => timestamp)).toEqual([1, 3, 4, 5]);
  });

  test("TASK-4: stream time never goes back, and goes on where it was committed", () => {
    const { task } = taskOf(copy);
    task.initialize([{ topic: "a", partition: 0, offset: 7, metadata: "AgAAAAAAAABk" }]);
    expect(task.streamTime).toBe(100);
    task.addBatch(batchOf("a", 7, [at(5)]));
    task.process(1);
    expect(task.streamTime).toBe(100);
  });

  test("TASK-6: commits the offset of the first record that was not processed", () => {
    const { task } = taskOf(copy);
    task.initialize();
    expect(task.committableOffsets()).toEqual([]);
    const batch = batchOf("a", 10, [at(1), at(2), at(3)]);
    task.addBatch(batch);
    task.process(2);
    expect(task.committableOffsets()).toMatchObject([{ topic: "a", offset: 12 }]);
    expect(batch.isReleased).toBe(false);
    task.process(2);
    // The batch covers one more offset, that of a control record.
    expect(task.committableOffsets()).toMatchObject([{ topic: "a", offset: 14 }]);
    expect(batch.isReleased).toBe(true);
    expect(task.needsCommit).toBe(true);
    task.markCommitted();
    expect(task.needsCommit).toBe(false);
  });

  test("TASK-6: commits a position that passes what holds no records, once", () => {
    let position = 7;
    const { task } = taskOf(
      copy,
      {},
      {
        position: (topic) => (topic === "a" ? position : undefined),
      },
    );
    task.initialize([{ topic: "a", partition: 0, offset: 7 }]);
    expect(task.needsCommit).toBe(false);
    position = 9; // a transaction that was aborted
    expect(task.committableOffsets()).toMatchObject([{ topic: "a", offset: 9 }]);
    task.markCommitted();
    expect(task.needsCommit).toBe(false);
    task.addBatch(batchOf("a", 9, [at(1)]));
    position = 11;
    expect(task.committableOffsets()).toEqual([]);
    task.process(1);
    expect(task.committableOffsets()).toMatchObject([{ topic: "a", offset: 11 }]);
    task.markCommitted();
    position = 3; // reset to where the log has something
    expect(task.committableOffsets()).toMatchObject([{ topic: "a", offset: 3 }]);
  });

  test("TASK-1: is initialised once", () => {
    const { task } = taskOf(copy);
    task.initialize();
    expect(() => task.initialize()).toThrow(expect.objectContaining({ law: "TASK-1" }));
  });

  test("waits for an input that the cluster has more of, and no longer than it is told", () => {
    let lag: number | undefined = undefined;
    let now = 0;
    const clock = { wallMs: () => now, monotonicMs: () => now };
    const { task } = taskOf(copy, { maxTaskIdleMs: 10 }, { lag: () => lag, clock });
    task.initialize();
    task.addBatch(batchOf("a", 0, [at(1)]));
    expect(task.process(1)).toBe(0);
    lag = 1;
    expect(task.process(1)).toBe(0);
    lag = 0;
    expect(task.process(1)).toBe(0);
    now = 10;
    expect(task.process(1)).toBe(1);
  });

  test("says when an input has enough records", () => {
    const { task } = taskOf(copy, { bufferedRecordsPerPartitionMax: 2 });
    task.initialize();
    task.addBatch(batchOf("a", 0, [at(1), at(2), at(3)]));
    expect(task.isFull("a")).toBe(true);
    expect(task.bufferedRecords("a")).toBe(3);
    task.process(1);
    expect(task.isFull("a")).toBe(false);
  });

  test("stops after the record under way when the collector has no room", () => {
    const { task, collector } = taskOf(copy);
    task.initialize();
    task.addBatch(batchOf("a", 0, [at(1), at(2)]));
    collector.hasRoom = false;
    expect(task.process(10)).toBe(0);
    collector.hasRoom = true;
    expect(task.process(10)).toBe(2);
  });

  test("DSL-3: a value that is not mapped is written as it came", () => {
    const text = `{"b" : 1,   "a":2}`;
    const { task, written } = taskOf((builder) =>
      builder
        .stream("a", { key: string(), value: json<{ b: number }>() })
        .filter((v) => v.b === 1)
        .to("out"),
    );
    task.initialize();
    task.addBatch(batchOf("a", 0, [at(1, text)]));
    task.process(1);
    expect(written[0].value).toEqual(encodeUtf8(text));
  });

  test("a null value is dropped and counted unless the serde is optional", () => {
    const strict = taskOf(copy);
    strict.task.initialize();
    strict.task.addBatch(batchOf("a", 0, [at(1, null), at(2)]));
    strict.task.process(10);
    expect(strict.written).toHaveLength(1);
    expect(strict.task.droppedRecords.value).toBe(1);
    const lenient = taskOf((builder) =>
      builder.stream("a", { key: string(), value: optional(string()) }).to("out"),
    );
    lenient.task.initialize();
    lenient.task.addBatch(batchOf("a", 0, [at(1, null), at(2)]));
    lenient.task.process(10);
    expect(lenient.written.map(({ value }) => value)).toEqual([null, encodeUtf8("v")]);
  });
});

describe("errors", () => {
  const failing = (builder: StreamsBuilder) =>
    builder
      .stream("a", { key: string(), value: string() })
      .peek((value) => {
        if (value === "bad") throw new RangeError("asked to");
      })
      .to("out");

  test("a callback that throws ends the task with an error that names the place", () => {
    const { task } = taskOf(failing);
    task.initialize();
    task.addBatch(batchOf("a", 40, [at(1), at(2, "bad")]));
    const error = catchError(() => task.process(10));
    expect(error).toMatchObject({
      code: "PROCESSING_FAILED",
      node: "KSTREAM-PEEK-0000000001",
      topic: "a",
      partition: 0,
      offset: 41,
      cause: new RangeError("asked to"),
    });
    // What failed is not covered, whoever might still commit.
    expect(task.committableOffsets()).toMatchObject([{ topic: "a", offset: 41 }]);
  });

  test("a record may be passed over instead, and is counted", () => {
    const { task, written } = taskOf(failing, { onProcessingError: () => "continue" });
    task.initialize();
    task.addBatch(batchOf("a", 0, [at(1), at(2, "bad"), at(3)]));
    task.process(10);
    expect(written.map(({ timestamp }) => timestamp)).toEqual([1, 3]);
    expect(task.droppedRecords.value).toBe(1);
  });

  test("a record that cannot be read ends the task, or goes to the dead letters", () => {
    const read = (builder: StreamsBuilder) =>
      builder.stream("a", { key: string(), value: json<number>() }).to("out");
    const strict = taskOf(read);
    strict.task.initialize();
    const error = catchError(() => strict.task.addBatch(batchOf("a", 5, [at(1, "{")])));
    expect(error).toMatchObject({ code: "DESERIALIZATION_FAILED", topic: "a", offset: 5 });
    const lenient = taskOf(read, { onDeserializationError: "continue", deadLetterTopic: "dead" });
    lenient.task.initialize();
    lenient.task.addBatch(batchOf("a", 5, [at(1, "{"), at(2, "1")]));
    lenient.task.process(10);
    expect(lenient.written.map(({ topic }) => topic)).toEqual(["dead", "out"]);
  });

  test("a record without a time ends the task unless an extractor gives it one", () => {
    const { task } = taskOf(copy);
    task.initialize();
    const error = catchError(() => task.addBatch(batchOf("a", 0, [at(-1)])));
    expect(error).toMatchObject({ code: "INVALID_TIMESTAMP" });
    const extracting = taskOf((builder) =>
      builder
        .stream("a", { key: string(), value: string(), timestampExtractor: () => 9 })
        .to("out"),
    );
    extracting.task.initialize();
    extracting.task.addBatch(batchOf("a", 0, [at(-1)]));
    extracting.task.process(1);
    expect(extracting.written).toMatchObject([{ timestamp: 9 }]);
  });

  test("a batch of a foreign partition is refused, and closing twice is fine", async () => {
    const { task } = taskOf(copy);
    task.initialize();
    const error = catchError(() => task.addBatch(batchOf("other", 0, [at(1)])));
    expect(error).toMatchObject({ code: "UNKNOWN_PARTITION" });
    await task.close();
    await task.close();
  });
});

function catchError(body: () => unknown): StreamsError {
  try {
    body();
  } catch (error) {
    if (error instanceof StreamsError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
