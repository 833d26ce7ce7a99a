import { encodeUtf8, noHeaders } from "@millrace/model";
import { int64AsNumber, string } from "@millrace/serde";
import { keyValueStore, type TimestampedKeyValueStore } from "@millrace/state";
import { StreamsBuilder, Topology, type Processor, type StreamsApp } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createPartitions } from "./world/create-partitions.ts";
import { TestWorld } from "./world/test-world.ts";

/** Tables and stores that every process has whole. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ orders: 2, products: 3, out: 1 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const text = { key: string(), value: string() };
const settings = { stateDirectory: "/s" } as const;

/** Orders name their product; the label is looked up. */
function labelled(store: string | { name: string; engine: "memory" } = "products"): Topology {
  const builder = new StreamsBuilder();
  const products = builder.globalTable("products", { ...text, store });
  builder
    .stream("orders", { value: string() })
    .leftJoin(products, (order, label) => `${order}=${label}`, { keySelector: (order) => order })
    .to("out", { value: string() });
  return builder.build();
}

async function write(topic: string, entries: Readonly<Record<string, string | null>>) {
  const writer = world.client.openWriter({});
  await writer.prepare([topic]);
  const count = writer.partitionCount(topic) ?? 1;
  for (const [key, value] of Object.entries(entries))
    writer
      .partition(topic, (key.codePointAt(0) ?? 0) % count)
      .append(5, encodeUtf8(key), value === null ? null : encodeUtf8(value), noHeaders);
  await writer.flush();
  await writer.close();
}

const outputs = async (): Promise<readonly string[]> => (await world.readTexts("out")).toSorted();
const failureOf = (app: StreamsApp): Promise<unknown> =>
  app.closed.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("a global table", () => {
  test("holds all that its topic held before the first record is processed", async () => {
    const products = Object.fromEntries(
      Array.from({ length: 3000 }, (_, index) => [`${index}`, `label-${index}`]),
    );
    await write("products", products);
    await world.produce("orders", Object.keys(products));
    const process = world.process();
    await world.app(labelled(), { ...settings, slice: 1 }, process);
    const expected = Object.entries(products).map(([key, label]) => `${key}=${label}`);
    await expect.poll(outputs, { timeout: 10_000 }).toEqual(expected.toSorted());
    const names = process.events.map(({ name }) => name);
    expect(names.indexOf("streams.global-stores-loaded")).toBeLessThan(
      names.indexOf("streams.tasks-assigned"),
    );
    expect(process.platform.metrics.snapshot()).toContainEqual(
      expect.objectContaining({ name: "restore-records-total", value: 3000 }),
    );
  });

  test("is whole in every process, whatever the partitions of its topic", async () => {
    await write("products", { a: "apple", b: "beer", c: "corn" });
    for (const stateDirectory of ["/s1", "/s2"]) await world.app(labelled(), { stateDirectory });
    await world.produce("orders", ["a", "b", "c", "a", "b", "c"]);
    await expect
      .poll(outputs)
      .toEqual(["a=apple", "a=apple", "b=beer", "b=beer", "c=corn", "c=corn"]);
  });

  test("follows its topic while the application runs, deletions and new partitions too", async () => {
    await world.app(labelled(), { ...settings, metadataMaxAge: 100 });
    const ask = async (order: string, expected: string): Promise<void> => {
      await expect
        .poll(async () => {
          await world.produce("orders", [order]);
          return (await world.readTexts("out")).includes(expected);
        })
        .toBe(true);
    };
    await write("products", { a: "apple" });
    await ask("a", "a=apple");
    await write("products", { a: "avocado" });
    await ask("a", "a=avocado");
    await write("products", { a: null });
    await ask("a", "a=null");
    await createPartitions(world, "products", 5);
    await expect.poll(async () => (await world.read("products")).length).toBe(3);
    await write("products", { d: "date", c: "corn" }); // partitions 0 and 4 of 5
    await ask("c", "c=corn");
    await ask("d", "d=date");
  });

  test.each([{ name: "products", engine: "memory" } as const, "products"])(
    "goes on from its local state after a restart: %j",
    async (store) => {
      await write("products", { a: "apple", b: "beer" });
      const app = await world.app(labelled(store), settings);
      await app.close();
      await write("products", { b: null, c: "corn" });
      const process = world.process();
      await world.app(labelled(store), settings, process);
      await world.produce("orders", ["a", "b", "c"]);
      await expect.poll(outputs).toEqual(["a=apple", "b=null", "c=corn"]);
      const loading = process.events.find(({ name }) => name === "streams.global-stores-loading");
      expect(loading?.fields["offsets"]).toBe(typeof store === "string" ? 2 : 4);
    },
  );

  test("goes on from its local state after a kill, with what came in the meantime", async () => {
    await write("products", { a: "apple" });
    const process = world.process();
    await world.app(labelled(), settings, process);
    await write("products", { b: "beer" });
    await world.produce("orders", ["b"]);
    await expect.poll(outputs).toHaveLength(1);
    process.die();
    await write("products", { c: "corn" });
    await world.app(labelled(), settings);
    await world.produce("orders", ["a", "b", "c"]);
    await expect
      .poll(async () => (await outputs()).slice(-3), { timeout: 10_000 })
      .toEqual(expect.arrayContaining(["c=corn"]));
    expect(await outputs()).toEqual(expect.arrayContaining(["a=apple", "b=beer", "c=corn"]));
  });

  test("is built anew from a topic that was made anew, or has lost what was to be read", async () => {
    await write("products", { a: "apple", b: "beer" });
    const first = await world.app(labelled(), settings);
    await first.close();
    await world.client.admin.deleteTopics(["products"]);
    await world.createTopics({ products: 3 });
    await write("products", { b: "bread", c: "corn", f: "fig" });
    const second = await world.app(labelled(), settings);
    await world.produce("orders", ["a", "b", "c"]);
    await expect.poll(outputs).toEqual(["a=null", "b=bread", "c=corn"]);
    await second.close();
    await write("products", { b: "beer" });
    const ends = await world.client.admin.listOffsets(
      [0, 1, 2].map((partition) => ({ topic: "products", partition, at: "latest" as const })),
    );
    await world.client.admin.deleteRecords(ends);
    await write("products", { b: "butter" });
    await world.app(labelled(), settings);
    await world.produce("orders", ["b", "c"]);
    await expect.poll(outputs).toEqual(["a=null", "b=bread", "b=butter", "c=corn", "c=null"]);
  });

  test("reads what is committed alone, exactly once", async () => {
    const writer = world.client.openWriter({ transactionalId: "stranger" });
    await writer.prepare(["products"]);
    await writer.initialize();
    writer.begin();
    writer.partition("products", 0).append(1, encodeUtf8("a"), encodeUtf8("open"), noHeaders);
    await writer.flush();
    await world.app(labelled(), settings);
    await world.produce("orders", ["a"]);
    await expect.poll(outputs).toEqual(["a=null"]);
    await writer.abort();
    await writer.close();
    await world.produce("orders", ["a"]);
    await expect.poll(outputs).toEqual(["a=null", "a=null"]);
  });

  test("ends the application by name where its topic is not there, or goes", async () => {
    await world.client.admin.deleteTopics(["products"]);
    await expect(world.app(labelled(), settings)).rejects.toMatchObject({
      code: "MISSING_SOURCE_TOPIC",
      message: expect.stringContaining("products (of the global store products)"),
    });
    await world.createTopics({ products: 1 });
    const app = await world.app(labelled(), { ...settings, metadataMaxAge: 100 });
    await world.client.admin.deleteTopics(["products"]);
    expect(await failureOf(app)).toMatchObject({ code: "MISSING_SOURCE_TOPIC" });
    expect(app.state).toBe("failed");
  });

  test.each(["fail", "continue"] as const)(
    "asks the policy about records that cannot be read, before it runs and while: %s",
    async (onDeserializationError) => {
      const builder = new StreamsBuilder();
      const counts = builder.globalTable("products", { key: string(), value: int64AsNumber() });
      builder
        .stream("orders", { value: string() })
        .leftJoin(counts, (order, count) => `${order}=${count}`, { keySelector: (order) => order })
        .to("out", { value: string() });
      const topology = builder.build();
      await write("products", { a: "no", b: "\0\0\0\0\0\0\0\u0007" });
      const starting = world.app(topology, { ...settings, onDeserializationError });
      if (onDeserializationError === "fail") {
        const refusal = { code: "DESERIALIZATION_FAILED", topic: "products", offset: 0 };
        await expect(starting).rejects.toMatchObject(refusal);
        return;
      }
      await starting;
      await write("products", { c: "neither", b: "\0\0\0\0\0\0\0\u0008" });
      await expect
        .poll(async () => {
          await world.produce("orders", ["b"]);
          return (await outputs()).includes("b=8");
        })
        .toBe(true);
    },
  );

  test("that cannot be read while the application runs ends it", async () => {
    const app = await world.app(labelled(), { ...settings });
    const bad = world.client.openWriter({});
    await bad.prepare(["products"]);
    bad.partition("products", 0).append(-1, encodeUtf8("a"), encodeUtf8("v"), noHeaders);
    await bad.flush();
    await bad.close();
    expect(await failureOf(app)).toMatchObject({ code: "INVALID_TIMESTAMP", topic: "products" });
  });

  test("closes while it loads", async () => {
    await write("products", { a: "apple" });
    const process = world.process();
    const stop = new AbortController();
    const starting = world.app(labelled(), { ...settings, signal: stop.signal }, process);
    await expect.poll(() => process.has("streams.global-stores-loading")).toBe(true);
    stop.abort();
    await starting.then(
      (app) => app.close(),
      (error: unknown) => expect(error).toBe(stop.signal.reason),
    );
    await world.app(labelled(), settings); // the folder is free
  });
});

describe("a global store of one's own", () => {
  test("is fed by its function, also for what was there before, and read by every processor", async () => {
    const longest = keyValueStore({ name: "longest", key: string(), value: string() });
    const builder = new StreamsBuilder();
    builder.addGlobalStore(longest, "products", {
      ...text,
      process: ({ key, value }, { store }) => {
        const known = store.get(key) ?? "";
        if ((value ?? "").length > known.length) store.put(key, value);
      },
    });
    builder
      .stream("orders", { value: string() })
      .process({
        stores: { longest },
        process: (record, { longest: store, forward }) =>
          forward(record.withValue(`${record.value}=${store.get(record.value)}`)),
      })
      .to("out", { value: string() });
    const topology = builder.build();
    await write("products", { a: "aaa" });
    await write("products", { a: "b" });
    const app = await world.app(topology, settings);
    await world.produce("orders", ["a"]);
    await expect.poll(outputs).toEqual(["a=aaa"]);
    await app.close();
    await write("products", { a: "cccc" });
    await write("products", { a: "d" });
    await world.app(topology, settings);
    await world.produce("orders", ["a"]);
    await expect.poll(outputs).toEqual(["a=aaa", "a=cccc"]);
  });

  test("may be all that an application has", async () => {
    const builder = new StreamsBuilder();
    builder.globalTable("products", { ...text, store: "products" });
    const app = await world.app(builder.build(), settings);
    expect([app.state, app.tasks]).toEqual(["running", []]);
    await app.close();
    expect(app.state).toBe("closed");
  });

  test("whose processor cannot be closed hides nothing that ended the application, and ends none", async () => {
    const bad = (name: string, processor: Partial<Processor>) =>
      [
        keyValueStore({ name, ...text }),
        "products",
        { ...text, supplier: () => ({ process: () => {}, ...processor }) },
      ] as const;
    const unclosed = new Error("unclosed");
    const throwing = (error: Error) => () => {
      throw error;
    };
    const close = throwing(unclosed);
    for (const [name, init, ends] of [
      ["started", undefined, undefined],
      [
        "unstarted",
        throwing(new Error("unstarted")),
        { message: expect.stringContaining("unstarted") },
      ],
    ] as const) {
      const process = world.process();
      const topology = new Topology().addGlobalStore(
        ...bad(name, { close, ...(init && { init }) }),
      );
      const starting = world.app(topology, { stateDirectory: `/${name}` }, process);
      const ended = starting
        .then((app) => app.close().then(() => app.closed))
        .catch((error: unknown) => error);
      if (ends === undefined) expect(await ended).toBeUndefined();
      else expect(await ended).toMatchObject(ends);
      expect(process.events).toContainEqual(
        expect.objectContaining({
          name: "streams.close-incomplete",
          fields: { cause: expect.objectContaining({ cause: unclosed }) },
        }),
      );
    }
  });

  test("cannot be written by those who read it", async () => {
    const builder = new StreamsBuilder();
    const products = builder.globalTable("products", { ...text, store: "products" });
    builder.stream("orders", { value: string() }).process({
      stores: { products },
      process: (_record, { products: store }) =>
        (store as unknown as TimestampedKeyValueStore<string, string>).delete("a"),
    });
    const app = await world.app(builder.build(), settings);
    await world.produce("orders", ["a"]);
    expect(await failureOf(app)).toMatchObject({
      code: "PROCESSING_FAILED",
      cause: expect.objectContaining({ code: "READ_ONLY_STORE" }),
    });
  });
});
