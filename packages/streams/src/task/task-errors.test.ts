import { ClusterError, UnreadableBatchError } from "@millrace/cluster";
import { decodeUtf8, encodeUtf8, type RecordBatchView } from "@millrace/model";
import type { LogFields, Logger } from "@millrace/platform";
import { int64AsNumber, json, string } from "@millrace/serde";
import { keyValueStore } from "@millrace/state";
import { describe, expect, test } from "vitest";

import { at, batchOf, catchError, taskOf } from "../../test-support/task-of.ts";
import type { StreamsBuilder } from "../dsl/streams-builder.ts";
import { StreamsError } from "../error/streams-error.ts";

const copy = (builder: StreamsBuilder) =>
  builder.stream("a", { key: string(), value: string() }).to("out");

describe("a record that fails", () => {
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

  describe.each<[string, () => unknown]>([
    ["nothing", () => undefined],
    ["an object without a prototype", () => Object.create(null)],
    [
      "an error whose message throws",
      () =>
        Object.defineProperty(new Error(), "message", { get: () => JSON.parse("{") as unknown }),
    ],
    [
      "an error that is its own cause",
      () => {
        const error = new Error("round and round");
        error.cause = error;
        return error;
      },
    ],
    [
      "an error of a nameless kind",
      () => Object.assign(new Error(), { name: 5, stack: 7, message: 9n }),
    ],
  ])("a callback that throws %s", (_, makeThrown) => {
    const throwing = (builder: StreamsBuilder) =>
      builder
        .stream("a", { key: string(), value: string() })
        .peek((value) => {
          if (value === "bad") throw makeThrown();
        })
        .to("out");
    const records = () => batchOf("a", 0, [at(1), at(2, "bad"), at(3)]);

    test("ends the task with an error that names the place", () => {
      const { task } = taskOf(throwing);
      task.initialize();
      task.addBatch(records());
      expect(catchError(() => task.process(10))).toMatchObject({
        code: "PROCESSING_FAILED",
        node: "KSTREAM-PEEK-0000000001",
        offset: 1,
      });
    });

    test("is passed over, with a dead letter", () => {
      const { task, written } = taskOf(throwing, {
        onProcessingError: "continue",
        deadLetterTopic: "dead",
      });
      task.initialize();
      task.addBatch(records());
      task.process(10);
      expect(written.map(({ topic }) => topic)).toEqual(["out", "dead", "out"]);
    });
  });

  test("records that are passed over have a line a minute in the log, with the reason and how many there were", () => {
    const lines: (LogFields | undefined)[] = [];
    const logger: Logger = {
      isEnabled: () => true,
      log: (_level, event, fields) => {
        if (event === "streams.error-passed-over") lines.push(fields);
      },
    };
    const { task } = taskOf(
      (builder) => builder.stream("a", { key: string(), value: json<number>() }).to("out"),
      { onDeserializationError: "continue" },
      { logger },
    );
    task.initialize();
    task.addBatch(batchOf("a", 5, [at(1, "{"), at(2, "{"), at(3, "{")]));
    task.process(10);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ code: "DESERIALIZATION_FAILED", offset: 5, count: 1 });
    expect(lines[0]?.["reason"]).toMatch(/^json: .*JSON/);
    expect(lines[0]).not.toHaveProperty("cause");
    expect(task.droppedRecords.value).toBe(3);
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

  // In nanoseconds, say: windows could not be counted in a number any more.
  test.each([-1, 1.7e18, 2 ** 63])(
    "a record of time %d ends the task unless an extractor gives it one",
    (time) => {
      const { task } = taskOf(copy);
      task.initialize();
      const error = catchError(() => task.addBatch(batchOf("a", 0, [at(time)])));
      expect(error).toMatchObject({ code: "INVALID_TIMESTAMP", topic: "a", offset: 0 });
      const extracting = taskOf((builder) =>
        builder
          .stream("a", { key: string(), value: string(), timestampExtractor: () => 9 })
          .to("out"),
      );
      extracting.task.initialize();
      extracting.task.addBatch(batchOf("a", 0, [at(time)]));
      extracting.task.process(1);
      expect(extracting.written).toMatchObject([{ timestamp: 9 }]);
    },
  );
});

describe("a batch that cannot be read", () => {
  const cause = new UnreadableBatchError(
    { topic: "a", partition: 0 },
    { offset: 12, nextOffset: 15, bytes: Uint8Array.of(1, 2, 3) },
    new Error("it does not match its checksum"),
  );

  /** Two good records at 10 and 11, then nothing that can be read up to 15. */
  function damaged(): RecordBatchView & { isReleased: boolean } {
    const batch = batchOf("a", 10, [at(1), at(2)]);
    const next = batch.next.bind(batch);
    let count = 0;
    return Object.assign(batch, {
      next: () => {
        if (++count > 2) throw cause;
        return next();
      },
    });
  }

  test("ends the task after the good records before it, with its place and how to skip it", () => {
    const { task, written } = taskOf(copy);
    task.initialize();
    task.addBatch(damaged());
    const error = catchError(() => task.process(10));
    expect(error).toMatchObject({
      code: "DESERIALIZATION_FAILED",
      topic: "a",
      partition: 0,
      offset: 12,
      cause,
    });
    expect(error.message).toMatch(/does not match its checksum.*commit offset 15/);
    expect(written).toHaveLength(2);
    expect(task.committableOffsets()).toMatchObject([{ offset: 12 }]);
  });

  test("is skipped where the policy says so, and goes to the dead letters as it came", () => {
    const asked: StreamsError[] = [];
    const { task, written } = taskOf(copy, {
      onDeserializationError: (error) => {
        asked.push(error);
        return "continue";
      },
      deadLetterTopic: "dead",
    });
    task.initialize();
    const batch = damaged();
    task.addBatch(batch);
    task.addBatch(batchOf("a", 15, [at(3)]));
    task.process(10);
    expect(written.map(({ topic }) => topic)).toEqual(["out", "out", "dead", "out"]);
    expect(written[2].value).toEqual(Uint8Array.of(1, 2, 3));
    expect(written.map(({ inputOffset }) => inputOffset)).toEqual([10, 11, 12, 15]);
    const headers = new Map(written[2].headers);
    expect(decodeUtf8(headers.get("__streams.errors.offset") ?? new Uint8Array())).toBe("12");
    expect(asked).toMatchObject([{ offset: 12 }]);
    expect(batch.isReleased).toBe(true);
    expect(task.droppedRecords.value).toBe(1);
    expect(task.committableOffsets()).toMatchObject([{ offset: 17 }]);
  });

  test("has one turn where all of it is skipped, as a single record that cannot be read", () => {
    const unreadable = batchOf("a", 12, []);
    const next = () => {
      throw cause;
    };
    const batches = [Object.assign(unreadable, { next }), batchOf("a", 12, [at(1, "{")])];
    const turns = batches.map((batch) => {
      let now = 0;
      const { task, written } = taskOf(
        (builder) => builder.stream(["a", "b"], { key: string(), value: json() }).to("out"),
        { onDeserializationError: "continue", maxTaskIdleMs: 10 },
        { lag: () => 0, clock: { wallMs: () => now, monotonicMs: () => now } },
      );
      task.initialize();
      task.addBatch(batchOf("b", 0, [at(3, "1")]));
      task.addBatch(batch);
      const before = [task.process(10), written.length];
      expect(task.process(10)).toBe(0);
      now = 10;
      return [...before, task.process(10), written.length];
    });
    expect(turns).toEqual([
      [1, 0, 1, 1],
      [1, 0, 1, 1],
    ]);
  });
});

describe("a writer that fails", () => {
  const failure = new ClusterError("TRANSACTION_ABORTED", "the broker was away");

  test.each(["fail", "continue"] as const)(
    "is no matter of the record at hand: no policy is asked, %s",
    (policy) => {
      const { task, collector } = taskOf(copy, {
        onProcessingError: policy,
        onProductionError: policy,
        deadLetterTopic: "dead",
      });
      task.initialize();
      task.addBatch(batchOf("a", 0, [at(1)]));
      collector.failure = failure;
      expect(catchError(() => task.process(1))).toBe(failure);
      expect(task.droppedRecords.value).toBe(0);
    },
  );
});

describe("a flush of a cache that fails", () => {
  const refused = new StreamsError("PRODUCTION_FAILED", "too large for app-counts-changelog", {});

  test("ends the task even where errors are passed over: it takes writes of other records with it", () => {
    const { task, collector } = taskOf(
      (builder) =>
        builder
          .stream("a", { key: string(), value: string() })
          .groupByKey()
          .count({ store: "counts" })
          .toStream()
          .to("out", { key: string(), value: int64AsNumber() }),
      { onProcessingError: "continue" },
    );
    task.initialize();
    collector.refusals.set("app-counts-changelog", refused);
    // More keys than the cache has room for.
    const records = Array.from({ length: 60 }, (_, index) => ({ ...at(index), key: `k${index}` }));
    task.addBatch(batchOf("a", 0, records));
    expect(catchError(() => task.process(records.length))).toBe(refused);
    expect(task.droppedRecords.value).toBe(0);
    collector.refusals.clear();
    expect(catchError(() => task.flush())).toBe(refused);
  });
});

describe("a record that is refused after it was handed over", () => {
  const refused = {
    topic: "out",
    partition: 3,
    timestamp: 77,
    headers: [["own", encodeUtf8("header")]] as const,
    node: "KSTREAM-SINK-0000000001",
    isChangelog: false,
    inputTopic: "a",
    inputPartition: 0,
    inputOffset: 5,
  };
  const cause = new ClusterError("WRITE_REFUSED", "records for out-3: no", {
    cause: new Error("INVALID_TIMESTAMP: too old"),
  });

  test("is told by its input, with the broker's own reason", () => {
    const { collector } = taskOf(copy);
    const error = catchError(() => collector.owner?.onRefused(refused, cause));
    expect(error).toMatchObject({
      code: "PRODUCTION_FAILED",
      node: "KSTREAM-SINK-0000000001",
      taskId: "0_0",
      topic: "a",
      partition: 0,
      offset: 5,
      cause,
    });
    expect(error.message).toContain("a record for out-3 was refused: INVALID_TIMESTAMP: too old");
  });

  test("is left out, counted and told where the policy says so", () => {
    const events: unknown[] = [];
    const logger = {
      isEnabled: () => true,
      log: (...event: readonly unknown[]) => events.push(event),
    };
    const { task, written, collector } = taskOf(
      copy,
      { onProductionError: "continue", deadLetterTopic: "dead" },
      { logger },
    );
    collector.owner?.onRefused(refused, cause);
    expect(task.droppedRecords.value).toBe(1);
    expect(written).toMatchObject([{ topic: "dead", timestamp: 77, value: null }]);
    expect(written[0].headers.map(([name]) => name)).toEqual([
      "own",
      ...["exception", "message", "stacktrace", "topic", "partition", "offset"].map(
        (name) => `__streams.errors.${name}`,
      ),
    ]);
    expect(events).toMatchObject([
      [
        "warn",
        "streams.error-passed-over",
        { code: "PRODUCTION_FAILED", topic: "a", offset: 5, cause },
      ],
    ]);
  });
});

describe("a message tells what happened once, and what to do once", () => {
  test("of a record that cannot be read", () => {
    const { task } = taskOf((builder) =>
      builder.stream("a", { value: int64AsNumber() }).to("out", { value: int64AsNumber() }),
    );
    task.initialize();
    const unread = batchOf("a", 0, [{ ...at(1, "x"), key: "k" }]);
    const error = catchError(() => task.addBatch(unread)) as StreamsError;
    expect(error.message).toBe(
      "a record cannot be read: int64AsNumber: expected 8 bytes, got 1. Use the serde it was written with, " +
        `or set onDeserializationError (node KSTREAM-SOURCE-0000000000 at ${error.place}, task 0_0, record a-0 at offset 0)`,
    );
    expect(error.place).toMatch(/task-errors\.test\.ts:\d+:\d+$/);
  });

  test("of one that cannot be written", () => {
    const { task } = taskOf((builder) =>
      builder
        .stream("a", { key: string(), value: string() })
        .mapValues(() => NaN)
        .to("out", { key: string(), value: json<number>() }),
    );
    task.initialize();
    task.addBatch(batchOf("a", 0, [{ ...at(1), key: "k" }]));
    const error = catchError(() => task.process(1)) as StreamsError;
    expect(error.message).toBe(
      "a record for topic out cannot be written: json: JSON has no form for it: value is NaN. Give the sink the " +
        `serde of its values, or set onProductionError (node KSTREAM-SINK-0000000002 at ${error.place}, task 0_0, record a-0 at offset 0)`,
    );
  });

  test("of one without a usable time", () => {
    const { task } = taskOf((builder) =>
      builder
        .stream("a", { key: string(), value: string(), timestampExtractor: () => 1.5 })
        .to("out"),
    );
    task.initialize();
    expect(
      catchError(() => task.addBatch(batchOf("a", 0, [{ ...at(1), key: "k" }]))).message,
    ).toMatch(/^the callback of timestampExtractor gave 1.5; return whole milliseconds/);
  });
});

test("a processor that catches what a child throws goes on in its own record's context", () => {
  const { task, written } = taskOf((builder) =>
    builder
      .stream("a", { key: string(), value: string() })
      .process({
        stores: { kept: keyValueStore({ name: "kept", key: string(), value: string() }) },
        process(record, { kept, forward }) {
          expect(() => forward(record.withTimestamp(77).withHeaders([["h", null]]))).toThrow("no");
          kept.put(record.key, record.value);
        },
      })
      .peek(() => {
        throw new RangeError("no");
      }),
  );
  task.initialize();
  task.addBatch(batchOf("a", 0, [at(5)]));
  task.process(1);
  task.flush();
  expect(written).toMatchObject([{ topic: "app-kept-changelog", timestamp: 5, headers: [] }]);
});
