import { int64AsNumber, json, string } from "@millrace/serde";
import { keyValueStore, type KeyValueStore } from "@millrace/state";
import {
  StreamsBuilder,
  Topology,
  type Processor,
  type ProcessorContext,
  type StreamRecord,
} from "@millrace/streams";
import { describe, expect, test } from "vitest";

import { TestDriverError } from "./test-driver-error.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

const text = { key: string(), value: string() };
const counted = { key: string(), value: int64AsNumber() };

function wordCount() {
  const builder = new StreamsBuilder();
  const counts = builder
    .stream("lines", text)
    .flatMapValues((line) => line.split(" "))
    .groupBy((word) => word, text)
    .count({ store: "counts" });
  counts.toStream().to("counts");
  return { topology: builder.build(), counts };
}

describe("a topology that feeds itself", () => {
  function endless() {
    const builder = new StreamsBuilder();
    builder.stream("loop", text).to("loop");
    return builder.build();
  }

  test.each(["fail", "continue"] as const)(
    "ends at recordsPerCallMax, whatever the policy for errors is: %s",
    async (policy) => {
      await using driver = new TopologyTestDriver(endless(), {
        recordsPerCallMax: 100,
        onProcessingError: policy,
        onProductionError: policy,
      });
      const loop = driver.input("loop", text);
      const tooMany = expect.objectContaining({ code: "TOO_MANY_RECORDS" });
      expect(() => loop.pipe("k", "v")).toThrow(tooMany);
      expect(driver.output("loop", text).readAll()).toHaveLength(100);
      expect(() => loop.pipe("k", "v")).toThrow(expect.objectContaining({ code: "DRIVER_CLOSED" }));
    },
  );
});

describe("the driver", () => {
  test("DRIVER-1: runs a topology through its repartition topics before a call returns", async () => {
    const { topology, counts } = wordCount();
    await using driver = new TopologyTestDriver(topology);
    const lines = driver.input("lines", text);
    lines.pipe("a", "to be or not to be");
    expect(driver.output("counts", counted).readTable()).toEqual(
      new Map([
        ["to", 2],
        ["be", 2],
        ["or", 1],
        ["not", 1],
      ]),
    );
    expect(driver.store(counts).get("be")).toEqual({ value: 2, timestamp: 0 });
    expect(driver.store("counts").get("else")).toBeNull();
  });

  test("shows all that was written, changelogs and repartition topics too, in order", async () => {
    await using driver = new TopologyTestDriver(wordCount().topology, { applicationId: "app" });
    driver.input("lines", text).pipe("a", "one");
    expect(driver.takeProduced().map(({ topic }) => topic)).toEqual([
      "app-counts-repartition",
      "app-counts-changelog",
      "counts",
    ]);
    expect(driver.takeProduced()).toEqual([]);
  });

  test("DRIVER-3: gives records the time of the wall clock, which only a call moves", async () => {
    const builder = new StreamsBuilder();
    builder.stream("in", text).to("out");
    await using driver = new TopologyTestDriver(builder.build(), { startMs: 1000 });
    const input = driver.input("in", text);
    input.pipe("k", "a");
    driver.advanceWallClock("5s");
    input.pipe("k", "b");
    input.pipe("k", "c", { timestamp: 7 });
    driver.input("in", { ...text, startMs: 100, advance: "1s" }).pipe("k", "d");
    const times = driver
      .output("out", text)
      .readAll()
      .map(({ timestamp }) => timestamp);
    expect(times).toEqual([1000, 6000, 7, 100]);
  });

  test("reads each output from its beginning, each record once", async () => {
    const builder = new StreamsBuilder();
    builder.stream("in", text).to("out");
    await using driver = new TopologyTestDriver(builder.build());
    driver.input("in", text).pipe("k", "v");
    const output = driver.output("out", text);
    expect(output.read()).toMatchObject({ key: "k", value: "v" });
    expect(output.isEmpty).toBe(true);
    expect(() => output.read()).toThrow(TestDriverError);
    expect(driver.output("out", text).readPairs()).toEqual([["k", "v"]]);
  });

  test("counts what is dropped", async () => {
    const builder = new StreamsBuilder();
    builder.stream("in", text).to("out");
    await using driver = new TopologyTestDriver(builder.build());
    driver.input("in", text).pipe("k", null);
    expect(driver.droppedRecords).toBe(1);
  });

  test("applies what comes for a global store at once, also what the topology writes itself", async () => {
    const builder = new StreamsBuilder();
    const labels = builder.globalTable("labels", { ...text, store: "labels" });
    const orders = builder.stream("orders", text);
    orders.leftJoin(labels, (order, label) => `${order} ${label}`).to("out", text);
    orders.mapValues((order) => `seen ${order}`, { value: string() }).to("labels");
    await using driver = new TopologyTestDriver(builder.build());
    driver.input("labels", text).pipe("a", "lamp");
    const input = driver.input("orders", text);
    input.pipe("a", "1");
    input.pipe("a", "2");
    expect(driver.output("out", text).readPairs()).toEqual([
      ["a", "1 lamp"],
      ["a", "2 seen 1"],
    ]);
    expect(driver.store(labels).get("a")).toEqual({ value: "seen 2", timestamp: 0 });
    expect(driver.stores.map(({ name }) => name)).toEqual(["labels"]);
    expect(() => driver.store(labels).delete("a")).toThrow(
      expect.objectContaining({ code: "READ_ONLY_STORE" }),
    );
  });

  test("lets every processor by hand read a global store that it is not connected to", async () => {
    class Put implements Processor<string, string> {
      #store: KeyValueStore<string, string> | undefined;
      init(context: ProcessorContext): void {
        this.#store = context.store(blocked);
      }
      process({ key, value }: StreamRecord<string, string>): void {
        this.#store?.put(key, value);
      }
    }
    class Look implements Processor<string, string, string, string> {
      #context: ProcessorContext<string, string> | undefined;
      init(context: ProcessorContext<string, string>): void {
        this.#context = context;
      }
      process(record: StreamRecord<string, string>): void {
        const found = this.#context?.store<KeyValueStore<string, string>>("blocked");
        this.#context?.forward(record.withValue(`${record.value} ${found?.get(record.key)}`));
      }
    }
    const blocked = keyValueStore({ name: "blocked", ...text });
    const topology = new Topology()
      .addGlobalStore(blocked, "blocked", { supplier: () => new Put() })
      .addSource("source", "in", text)
      .addProcessor("look", () => new Look(), { parents: "source" })
      .addSink("sink", "out", { parents: "look", ...text });
    await using driver = new TopologyTestDriver(topology);
    driver.input("blocked", text).pipe("a", "yes");
    driver.input("in", text).pipe("a", "1");
    driver.input("in", text).pipe("b", "2");
    expect(driver.output("out", text).readPairs()).toEqual([
      ["a", "1 yes"],
      ["b", "2 null"],
    ]);
    expect(driver.store(blocked).get("a")).toBe("yes");
  });

  test("refuses topics that nothing reads, and goes on", async () => {
    await using driver = new TopologyTestDriver(wordCount().topology);
    const input = driver.input("elsewhere", text);
    expect(() => input.pipe("k", "v")).toThrow(
      expect.objectContaining({ code: "UNKNOWN_INPUT_TOPIC" }),
    );
    driver.input("lines", text).pipe("k", "v");
  });

  test("is of no use after a failure, or once closed", async () => {
    const builder = new StreamsBuilder();
    builder.stream("in", { key: string(), value: json<number>() }).to("out");
    const driver = new TopologyTestDriver(builder.build());
    const input = driver.input("in", text);
    expect(() => input.pipe("k", "{")).toThrow(
      expect.objectContaining({ code: "DESERIALIZATION_FAILED" }),
    );
    expect(() => input.pipe("k", "1")).toThrow(expect.objectContaining({ code: "DRIVER_CLOSED" }));
    await driver.close();
    await driver.close();
  });
});

test("has the cache of an application: the first row of a table replaces nothing", async () => {
  const builder = new StreamsBuilder();
  const text = { key: string(), value: string() };
  builder
    .stream("visits", text)
    .groupByKey()
    .count()
    .groupBy((_count, user) => ({ key: "all", value: user }), text)
    .count()
    .toStream()
    .to("users");
  await using driver = new TopologyTestDriver(builder.build());
  const visits = driver.input("visits", text);
  for (const user of ["ada", "bob", "eve", "ada"]) visits.pipe(user, "/");
  const users = driver.output("users", { key: string(), value: int64AsNumber() });
  expect(users.readValues()).toEqual([1, 2, 3, 3]);
});
