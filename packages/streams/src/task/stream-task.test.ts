import { decodeUtf8, encodeUtf8, noBytes } from "@millrace/model";
import { json, optional, string, type StandardSchema } from "@millrace/serde";
import { describe, expect, test } from "vitest";

import { at, batchOf, catchError, taskOf, taskOfProcessor } from "../../test-support/task-of.ts";
import type { StreamsBuilder } from "../dsl/streams-builder.ts";

/** A schema that leaves out what it does not know, as those of zod do. */
const picking: StandardSchema<{ n: number }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (given) => ({ value: { n: (given as { n: number }).n } }),
  },
};

const copy = (builder: StreamsBuilder) =>
  builder.stream(["a", "b"], { key: string(), value: string() }).to("out");

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

  test("asks once in a turn what the cluster has of an empty input, and again once another is empty", () => {
    let lag = 1;
    let askedCount = 0;
    const lagOf = (): number => {
      askedCount += 1;
      return lag;
    };
    const { task } = taskOf(copy, { maxTaskIdleMs: 0 }, { lag: lagOf });
    task.initialize();
    task.addBatch(batchOf("a", 0, [at(1), at(3), at(4), at(5)]));
    task.addBatch(batchOf("b", 0, [at(2)]));
    expect(task.process(10)).toBe(2);
    expect(askedCount).toBe(1);
    lag = 0;
    expect(task.process(10)).toBe(3);
    expect(askedCount).toBe(2);
  });

  test("TASK-2: an input of which all was left out has one turn, and is chosen no more", () => {
    const { task, written } = taskOf(copy);
    task.initialize();
    task.addBatch(batchOf("a", 0, [at(1, null), at(2, null)]));
    task.addBatch(batchOf("b", 0, [at(3), at(4)]));
    expect(task.process(1)).toBe(1);
    expect(written).toEqual([]);
    expect(task.process(10)).toBe(2);
    expect(written.map(({ timestamp }) => timestamp)).toEqual([3, 4]);
    expect(task.process(10)).toBe(0);
  });

  test.each([
    ["the bytes that came", json(), true, '{ "n": 1.0, "note": "-" }'],
    ["the bytes that came", json(), false, '{ "n": 1.0, "note": "-" }'],
    ["what its schema makes of the value", json(picking), true, '{"n":1}'],
    ["what its schema makes of the value", json(picking), false, '{"n":1}'],
  ])("a table writes %s to its changelog (%#)", (_what, value, caching, expected) => {
    const { task, written } = taskOf((builder) => {
      builder.table("a", { key: string(), value, store: { name: "rows", caching } });
    });
    task.initialize();
    task.addBatch(batchOf("a", 0, [at(1, '{ "n": 1.0, "note": "-" }')]));
    task.process(1);
    task.flush();
    expect(written.map((one) => [one.topic, decodeUtf8(one.value ?? noBytes)])).toEqual([
      ["app-rows-changelog", expected],
    ]);
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

  test("TASK-3: a batch of a topic that no source reads is refused, and closing twice is fine", async () => {
    const { task } = taskOf(copy);
    task.initialize();
    const error = catchError(() => task.addBatch(batchOf("other", 0, [at(1)])));
    expect(error).toMatchObject({ code: "UNKNOWN_PARTITION" });
    await task.close();
    await task.close();
  });

  test("what a processor throws as it is closed is told as that, with its node", async () => {
    const { task } = taskOfProcessor({
      process: () => {},
      close: () => {
        throw new Error("bad");
      },
    });
    task.initialize();
    task.addBatch(batchOf("a", 0, [at(1)]));
    task.process(1);
    const error: unknown = await task.close().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      message: "a processor could not be closed: bad (node processor, task 0_0)",
      node: "processor",
      offset: undefined,
    });
  });
});
