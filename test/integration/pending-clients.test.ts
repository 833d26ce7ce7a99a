import { string, type Serde, type SerdeUse } from "@millrace/serde";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { TestSchemas } from "./world/fetching-serde.ts";
import { TestWorld } from "./world/test-world.ts";

/** Consumers and producers whose serdes must first fetch something. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ in: 2, out: 1 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const produce = (...values: readonly string[]): Promise<void> => world.produce("in", values);

/** What a consumer gives, in order, while it is read. */
function consuming(value: Serde<string>, options: { serdeTimeout?: number; skips?: boolean } = {}) {
  const { serdeTimeout, skips = false } = options;
  const consumer = world.client.consumer({
    groupId: "readers",
    topics: ["in"],
    value,
    autoOffsetReset: "earliest",
    autoCommitInterval: 20,
    ...(serdeTimeout === undefined ? {} : { serdeTimeout }),
    ...(skips ? { onDeserializationError: "skip" as const } : {}),
  });
  const given: string[] = [];
  const over = (async () => {
    for await (const record of consumer) given.push(`${record.partition} ${record.value}`);
  })();
  over.catch(() => {});
  const of = (partition: number): readonly string[] =>
    given.filter((one) => one.startsWith(`${partition} `));
  return { consumer, given, over, of };
}

describe("a consumer", () => {
  test("holds the partition whose record cannot be read yet, and no other", async () => {
    const schemas = new TestSchemas("a");
    const { consumer, of } = consuming(schemas.serde());
    await produce("a1", "a1", "b2", "a2", "a3", "a3");
    await expect.poll(() => of(1)).toEqual(["1 a1", "1 a2", "1 a3"]);
    expect(of(0)).toEqual(["0 a1"]);
    const committed = async (): Promise<readonly number[]> => {
      const found = await world.client.admin.groupOffsets("readers");
      return [0, 1].map(
        (index) => found.find(({ partition }) => partition === index)?.offset ?? -1,
      );
    };
    await expect.poll(committed).toEqual([1, 3]);
    schemas.publish("b");
    await expect.poll(() => of(0)).toEqual(["0 a1", "0 b2", "0 a3"]);
    await expect.poll(committed).toEqual([3, 3]);
    expect(schemas.asked.get("b")).toBe(1);
    await consumer.close();
  });

  test("goes on fetching the others, however much the one that waits has", async () => {
    const schemas = new TestSchemas("a");
    const text = "x".repeat(1000);
    await produce("b", "a", ...Array.from({ length: 200 }, () => `a${text}`));
    const { consumer, of } = consuming(schemas.serde());
    await expect.poll(() => of(1).length).toBe(101);
    expect(of(0)).toEqual([]);
    await consumer.close();
  });

  test("fails with a record whose serde has waited for too long, or skips it", async () => {
    await produce("a1", "a1", "b2");
    const failing = consuming(new TestSchemas("a").serde(), { serdeTimeout: 100 });
    await expect(failing.over).rejects.toMatchObject({
      code: "DESERIALIZATION_FAILED",
      offset: 1,
      part: "value",
      cause: { code: "SERDE_PENDING" },
    });
    await failing.consumer.close();
    await produce("a2", "a3");
    const skipping = consuming(new TestSchemas("a").serde(), { serdeTimeout: 100, skips: true });
    await expect.poll(() => skipping.of(0).at(-1)).toBe("0 a3");
    expect(skipping.given).not.toContain("0 b2");
    await skipping.consumer.close();
  });

  test("is closed while it waits, and leaves the record to the next one", async () => {
    const schemas = new TestSchemas("a");
    const first = consuming(schemas.serde());
    await produce("b1", "a1");
    await expect.poll(() => first.of(1)).toEqual(["1 a1"]);
    await first.consumer.close();
    await first.over;
    const second = consuming(new TestSchemas("a", "b").serde());
    await expect.poll(() => second.of(0)).toEqual(["0 b1"]);
    await second.consumer.close();
  });

  test("has its serdes prepared before it reads; what is refused ends the loop", async () => {
    const uses: SerdeUse[] = [];
    const gate = Promise.withResolvers<void>();
    const serde: Serde<string> = {
      ...string(),
      prepare: (use) => {
        uses.push(use);
        return gate.promise;
      },
    };
    await produce("a");
    const { consumer, given, over } = consuming(serde);
    await expect
      .poll(() => uses)
      .toEqual([{ topic: "in", part: "value", reads: true, writes: false }]);
    expect(given).toEqual([]);
    gate.reject(new TypeError("no such subject"));
    await expect(over).rejects.toThrow("no such subject");
    await consumer.close();
  });
});

describe("a producer", () => {
  test("waits for a record's serde, and keeps the order", async () => {
    const schemas = new TestSchemas("a");
    await using producer = world.client.producer({ value: schemas.serde() });
    const sends = ["a1", "b2", "a3"].map((value) => producer.send({ topic: "out", value }));
    await expect.poll(() => schemas.asked.has("b")).toBe(true);
    schemas.publish("b");
    expect((await Promise.all(sends)).map(({ offset }) => offset)).toEqual([0, 1, 2]);
    expect(await world.readTexts("out")).toEqual(["a1", "b2", "a3"]);
  });

  test("writes to other topics while a record's serde is waited for", async () => {
    const schemas = new TestSchemas("a");
    await using producer = world.client.producer({ value: schemas.serde() });
    const waiting = producer.send({ topic: "out", value: "b1" });
    const behind = producer.send({ topic: "out", value: "a2" });
    await producer.send({ topic: "in", value: "a3" });
    await producer.send({ topic: "in", value: "a4" });
    expect(await world.readTexts("out")).toEqual([]);
    const flushed = producer.flush();
    schemas.publish("b");
    await flushed;
    expect(await world.readTexts("out")).toEqual(["b1", "a2"]);
    await Promise.all([waiting, behind]);
  });

  test("prepares its serdes before the first record of a topic, once", async () => {
    const schemas = new TestSchemas("a");
    await using producer = world.client.producer({ value: schemas.serde() });
    await producer.send({ topic: "out", value: "a1" });
    await producer.send({ topic: "out", value: "a2" });
    await producer.send({ topic: "in", value: "a3" });
    const use = { part: "value", reads: false, writes: true };
    expect(schemas.uses).toEqual([
      { ...use, topic: "out" },
      { ...use, topic: "in" },
    ]);
  });

  test("refuses a record whose serde has waited for too long; the others go on", async () => {
    await using producer = world.client.producer({
      value: new TestSchemas("a").serde(),
      serdeTimeout: 50,
    });
    const refused = producer.send({ topic: "out", value: "b1" });
    const sent = producer.send({ topic: "out", value: "a2" });
    await expect(refused).rejects.toMatchObject({
      code: "SERDE_TIMED_OUT",
      message: expect.stringContaining("schema b did not come within 50 ms") as string,
    });
    await sent;
    expect(await world.readTexts("out")).toEqual(["a2"]);
  });

  test("has no record wait for longer than its time, however many wait before it", async () => {
    await using producer = world.client.producer({
      value: new TestSchemas("a").serde(),
      serdeTimeout: 300,
    });
    const sinceMs = performance.now();
    const values = Array.from({ length: 20 }, (_, index) => `b${index}`);
    const sends = values.map((value) => producer.send({ topic: "out", value }));
    const ends = await Promise.allSettled(sends);
    expect(new Set(ends.map(({ status }) => status))).toEqual(new Set(["rejected"]));
    expect(performance.now() - sinceMs).toBeLessThan(3000);
    await producer.send({ topic: "out", value: "a" });
  });

  test("nor for what is prepared before the first record of a topic", async () => {
    const gate = Promise.withResolvers<void>();
    const value = { ...new TestSchemas("a").serde(), prepare: () => gate.promise };
    await using producer = world.client.producer({ value, serdeTimeout: 50 });
    await expect(producer.send({ topic: "out", value: "a1" })).rejects.toMatchObject({
      code: "SERDE_TIMED_OUT",
      message: expect.stringContaining("the values of out did not come within 50 ms") as string,
    });
    gate.resolve();
    await producer.send({ topic: "out", value: "a2" });
    expect(await world.readTexts("out")).toEqual(["a2"]);
  });

  test("within a transaction: what waited is part of it", async () => {
    const schemas = new TestSchemas("a");
    await using producer = world.client.producer({
      value: schemas.serde(),
      transactionalId: "writer",
    });
    const over = producer.transaction(async () => {
      await producer.send({ topic: "out", value: "a1" });
      void producer.send({ topic: "out", value: "b2" });
    });
    await expect.poll(() => schemas.asked.has("b")).toBe(true);
    schemas.publish("b");
    await over;
    expect(await world.readTexts("out")).toEqual(["a1", "b2"]);
  });

  test("is closed while a record waits, whose promise is told", async () => {
    const producer = world.client.producer({ value: new TestSchemas("a").serde() });
    const waiting = producer.send({ topic: "out", value: "b1" });
    waiting.catch(() => {});
    await producer.close(100);
    await expect(waiting).rejects.toMatchObject({ code: "WRITER_CLOSED" });
  });
});
