import { decodeUtf8 } from "@millrace/model";
import { string } from "@millrace/serde";
import { keyValueStore } from "@millrace/state";
import { StreamsBuilder, type StreamsError, type Topology } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { TestSchemas } from "./world/fetching-serde.ts";
import { TestWorld } from "./world/test-world.ts";

/** Serdes that must first fetch something, while records flow: whoever needs it waits, and nobody else. */
const guarantees = ["exactly_once", "at_least_once"] as const;
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ in: 2, out: 2, dead: 1 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

/** Values go to the two partitions of `in` in turns: the first, third … to the first one. */
const produce = (...values: readonly string[]): Promise<void> => world.produce("in", values);
const written = async (): Promise<readonly string[]> => world.readTexts("out");

/** In order. At least once, the task whose record waits may write again what it has not committed. */
async function partition(index: number, isOnce = true): Promise<readonly string[]> {
  const records = (await world.read("out")).filter((record) => record.partition === index);
  const texts = records.map(({ value }) => decodeUtf8(value ?? new Uint8Array()));
  return isOnce ? texts : [...new Set(texts)];
}

async function committed(): Promise<readonly number[]> {
  const admin = world.client.admin;
  const found = await admin.groupOffsets("app");
  return [0, 1].map(
    (index) => found.find((one) => one.topic === "in" && one.partition === index)?.offset ?? -1,
  );
}

/** Each partition of `in` to the same one of `out`. */
function copying(read: TestSchemas, write: TestSchemas): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("in", { value: read.serde() })
    .mapValues((value) => value)
    .to("out", { value: write.serde(), partitioner: (value) => Number(/p(\d)/.exec(value)?.[1]) });
  return builder.build();
}

describe.each(guarantees)("%s", (processingGuarantee) => {
  const isOnce = processingGuarantee === "exactly_once";
  const options = { processingGuarantee, stateDirectory: "/state", commitInterval: 20 };

  test("a record that cannot be read yet holds its partition, and no other", async () => {
    const schemas = new TestSchemas("a");
    await world.app(copying(schemas, new TestSchemas("a", "b")), options);
    await produce("a-p0-1", "a-p1-1", "b-p0-2", "a-p1-2", "a-p0-3", "a-p1-3");
    await expect.poll(() => partition(1)).toEqual(["a-p1-1", "a-p1-2", "a-p1-3"]);
    expect(await partition(0, isOnce)).toEqual(["a-p0-1"]);
    await expect.poll(committed).toEqual([1, 3]);
    schemas.publish("b");
    await expect.poll(() => partition(0, isOnce)).toEqual(["a-p0-1", "b-p0-2", "a-p0-3"]);
    expect(await partition(1)).toHaveLength(3);
    await expect.poll(committed).toEqual([3, 3]);
  });

  test("a record that cannot be written yet holds its task, and no other", async () => {
    const schemas = new TestSchemas("a");
    await world.app(copying(new TestSchemas("a", "b"), schemas), options);
    await produce("a-p0-1", "a-p1-1", "b-p0-2", "a-p1-2", "a-p0-3", "a-p1-3");
    await expect.poll(() => partition(1)).toEqual(["a-p1-1", "a-p1-2", "a-p1-3"]);
    await expect.poll(committed).toEqual([1, 3]);
    expect(await partition(0, isOnce)).toEqual(["a-p0-1"]);
    schemas.publish("b");
    await expect.poll(() => partition(0, isOnce)).toEqual(["a-p0-1", "b-p0-2", "a-p0-3"]);
    expect(await partition(1)).toHaveLength(3);
  });

  test.each(["read", "written"])(
    "who dies while a record waits to be %s leaves it to the next",
    async (what) => {
      const waiting = new TestSchemas("a");
      const ready = new TestSchemas("a", "b");
      const process = world.process();
      const topology = what === "read" ? copying(waiting, ready) : copying(ready, waiting);
      await world.app(topology, options, process);
      await produce("a-p0-1", "a-p1-1", "b-p0-2", "a-p1-2", "a-p0-3", "a-p1-3");
      await expect.poll(async () => new Set(await written()).size).toBe(4);
      await expect.poll(committed).toEqual([1, 3]);
      await process.die();
      await world.app(copying(ready, ready), options);
      await expect.poll(() => partition(0, isOnce)).toEqual(["a-p0-1", "b-p0-2", "a-p0-3"]);
      await expect.poll(() => partition(1)).toEqual(["a-p1-1", "a-p1-2", "a-p1-3"]);
    },
  );

  test("a store whose schema is not there yet holds its task; it counts each record once", async () => {
    const schemas = new TestSchemas("0", "1");
    const builder = new StreamsBuilder();
    builder
      .stream("in", { value: string() })
      .selectKey((value) => value)
      .groupByKey({ key: string(), value: string() })
      .aggregate(
        () => "0",
        (count) => String(Number(count) + 1),
        { store: "counts", value: schemas.serde() },
      )
      .toStream()
      .to("out", { value: string(), partitioner: () => 0 });
    await world.app(builder.build(), { ...options, cacheBytesMax: 0 });
    await produce("x", "x");
    await expect.poll(() => [...schemas.asked.keys()]).toEqual(["2"]);
    schemas.publish("2");
    await expect.poll(written).toContain("2");
    await produce("x");
    await expect.poll(() => schemas.asked.has("3")).toBe(true);
    schemas.publish("3");
    await expect.poll(written).toContain("3");
    if (isOnce) expect(await written()).toEqual(["1", "2", "3"]);
    else expect(new Set(await written())).toEqual(new Set(["1", "2", "3"]));
  });

  test("what is not there in time is decided by the policy for records that cannot be read", async () => {
    const errors: StreamsError[] = [];
    await world.app(copying(new TestSchemas("a"), new TestSchemas("a", "b")), {
      ...options,
      serdeTimeout: 150,
      onDeserializationError: (error) => {
        errors.push(error);
        return "continue";
      },
    });
    await produce("a-p0-1", "a-p1-1", "b-p0-2", "a-p1-2", "a-p0-3");
    await expect.poll(() => partition(0, isOnce)).toEqual(["a-p0-1", "a-p0-3"]);
    expect(errors[0]).toMatchObject({
      code: "DESERIALIZATION_FAILED",
      topic: "in",
      partition: 0,
      offset: 1,
      cause: { code: "SERDE_PENDING" },
      message: expect.stringContaining("waits for schema b"),
    });
  });

  test("what is not there in time is decided by the policy for records that cannot be written", async () => {
    const errors: StreamsError[] = [];
    await world.app(copying(new TestSchemas("a", "b"), new TestSchemas("a")), {
      ...options,
      serdeTimeout: 150,
      onProductionError: (error) => {
        errors.push(error);
        return "continue";
      },
    });
    await produce("a-p0-1", "a-p1-1", "b-p0-2", "a-p1-2", "a-p0-3");
    await expect.poll(() => partition(0, isOnce)).toEqual(["a-p0-1", "a-p0-3"]);
    expect(errors[0]).toMatchObject({
      code: "PRODUCTION_FAILED",
      offset: 1,
      cause: { code: "SERDE_PENDING" },
    });
  });

  test("a call that is awaited again begins once its record can be read", async () => {
    const asked: string[] = [];
    const asking = (schemas: TestSchemas, answer: () => Promise<string>): Topology => {
      const builder = new StreamsBuilder();
      builder
        .stream("in", { value: schemas.serde() })
        .mapValuesAsync(
          (value) => {
            asked.push(value);
            return answer();
          },
          { value: string(), onGiveUp: "continue" },
        )
        .to("out");
      return builder.build();
    };
    const first = await world.app(
      asking(new TestSchemas("a"), () => new Promise(() => {})),
      options,
    );
    await produce("a-p0-1");
    await expect.poll(async () => (await committed())[0]).toBe(1);
    await first.close();
    const schemas = new TestSchemas();
    await world.app(
      asking(schemas, async () => "answer"),
      options,
    );
    await expect.poll(() => schemas.asked.has("a")).toBe(true);
    expect(asked).toEqual(["a-p0-1"]);
    schemas.publish("a");
    await expect.poll(written).toEqual(["answer"]);
  });

  test("an application that waits is closed at once, and has lost nothing", async () => {
    const schemas = new TestSchemas("a");
    const app = await world.app(copying(schemas, schemas), options);
    await produce("a-p0-1", "a-p1-1", "b-p0-2", "a-p1-2");
    await expect.poll(async () => new Set(await written()).size).toBe(3);
    await app.close();
    const all = new TestSchemas("a", "b");
    await world.app(copying(all, all), options);
    await expect.poll(() => partition(0, isOnce)).toEqual(["a-p0-1", "b-p0-2"]);
    expect(await partition(1)).toEqual(["a-p1-1", "a-p1-2"]);
  });
});

test("a processor that catches what a sink throws does not lose the record", async () => {
  const schemas = new TestSchemas("a");
  const builder = new StreamsBuilder();
  builder
    .stream("in", { value: string() })
    .process({
      process: (record, context) => {
        try {
          context.forward(record);
        } catch {
          // It goes on without.
        }
      },
    })
    .to("out", { value: schemas.serde() });
  await world.app(builder.build(), {});
  await produce("b-1", "b-2");
  await expect.poll(() => schemas.asked.has("b")).toBe(true);
  schemas.publish("b");
  await expect.poll(async () => (await written()).toSorted()).toEqual(["b-1", "b-2"]);
});

test("a processor that catches what a store throws does not lose the record", async () => {
  const schemas = new TestSchemas("a");
  const seen = keyValueStore({ name: "seen", key: string(), value: schemas.serde() });
  const builder = new StreamsBuilder();
  builder
    .stream("in", { value: string() })
    .process({
      stores: { seen },
      process: (record, { seen: store, forward }) => {
        try {
          store.put(record.value, record.value);
        } catch {
          // It goes on without.
        }
        forward(record.withValue(store.get(record.value) ?? "lost"));
      },
    })
    .to("out", { value: string() });
  await world.app(builder.build(), {});
  await produce("b-1", "b-2");
  await expect.poll(() => schemas.asked.has("b")).toBe(true);
  schemas.publish("b");
  await expect.poll(async () => (await written()).toSorted()).toEqual(["b-1", "b-2"]);
});

test("a global table is there only once all that it held at the start can be read", async () => {
  await world.createTopics({ table: 1 });
  const writer = world.client.producer();
  await writer.send({ topic: "table", key: "k", value: "b-row" });
  await writer.close();
  const schemas = new TestSchemas("a");
  const builder = new StreamsBuilder();
  const table = builder.globalTable("table", { key: string(), value: schemas.serde() });
  builder
    .stream("in", { value: string() })
    .join(table, (value, row) => `${value} ${row}`, { keySelector: () => "k" })
    .to("out", { value: string() });
  await produce("x");
  const starting = world.app(builder.build(), {});
  await expect.poll(() => schemas.asked.has("b")).toBe(true);
  schemas.publish("b");
  await starting;
  await expect.poll(written).toEqual(["x b-row"]);
});
