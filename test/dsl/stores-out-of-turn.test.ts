import { setImmediate } from "node:timers/promises";

import { string } from "@millrace/serde";
import { keyValueStore, suppressionBuffer } from "@millrace/state";
import { StreamsBuilder, Topology, type KStream } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

import { Later } from "./later.ts";

const text = { key: string(), value: string() };

const stores = { kept: keyValueStore({ name: "kept", ...text }) };

test.each(["addReadOnlyStateStore", "addGlobalStore"] as const)(
  "a put of the processor that feeds a store of %s after its call is refused, too",
  async (method) => {
    const later = new Later();
    const topology = new StreamsBuilder().build();
    topology[method](stores.kept, "in", {
      ...text,
      processorName: "late",
      supplier: () => {
        let put = (): void => {};
        return {
          init: (context) => {
            put = () => context.store(stores.kept).put("k", "late");
          },
          process: () => later.do(put),
        };
      },
    });
    await using driver = new TopologyTestDriver(topology);
    driver.input("in", text).pipe("k", "v");
    await setImmediate();
    expect(later.thrown).toMatchObject({ code: "OUT_OF_TURN", node: "late" });
  },
);

test("so is whatever else a store has that is no read", async () => {
  const later = new Later();
  const topology = new Topology();
  const buffer = suppressionBuffer({ name: "held", key: text.key, value: text.value });
  topology.addSource("source", "in", text);
  let evict = (): void => {};
  topology.addProcessor(
    "late",
    () => ({
      init: (context) => {
        const { evictWhile } = context.store(buffer);
        evict = () =>
          evictWhile(
            () => true,
            () => {},
          );
      },
      process: () => later.do(evict),
    }),
    { parents: "source", stores: [buffer] },
  );
  await using driver = new TopologyTestDriver(topology);
  driver.input("in", text).pipe("k", "v");
  await setImmediate();
  expect(later.thrown).toMatchObject({
    code: "OUT_OF_TURN",
    message: expect.stringContaining("calls evictWhile of store held"),
  });
});

test("and so is one of the DSL's global store", async () => {
  const later = new Later();
  const builder = new StreamsBuilder();
  builder.addGlobalStore(stores.kept, "in", {
    process: (_record, { store }) => later.do(() => store.put("k", "late")),
  });
  await using driver = new TopologyTestDriver(builder.build());
  driver.input("in", text).pipe("k", "v");
  await setImmediate();
  expect(later.thrown).toMatchObject({ code: "OUT_OF_TURN" });
});

test.each<readonly [string, (builder: StreamsBuilder) => KStream<string, string | null>]>([
  ["as records come", (builder) => builder.stream("in", text)],
  [
    "as caches are flushed",
    (builder) => builder.table("in", { ...text, store: "rows" }).toStream(),
  ],
])("a store of another task is told as that, %s", async (_when, streamOf) => {
  let first: { put(key: string, value: string | null): unknown } | undefined;
  const driverOf = (applicationId: string): TopologyTestDriver => {
    const builder = new StreamsBuilder();
    streamOf(builder).process({
      stores,
      process: ({ key, value }, { kept }) => {
        first ??= kept;
        first.put(key, value);
      },
    });
    return new TopologyTestDriver(builder.build(), { applicationId });
  };
  await using one = driverOf("one");
  await using other = driverOf("other");
  one.input("in", text).pipe("k", "v");
  expect(() => other.input("in", text).pipe("k", "v")).toThrow(
    expect.objectContaining({
      code: "OUT_OF_TURN",
      message: expect.stringMatching(
        /^a processor calls put of store kept in the turn of another task, 0_0 of application other: each task has stores of its own/,
      ),
    }),
  );
});

test("a call that comes late is told as that also where another task has failed in its turn", async () => {
  const failing = (at: "init" | "process" | "global"): TopologyTestDriver => {
    const fail = (where: string) => {
      if (where === at) throw new Error("it fails");
    };
    const builder = new StreamsBuilder();
    builder
      .stream("in", text)
      .process({ init: () => fail("init"), process: () => fail("process") });
    builder.addGlobalStore(stores.kept, "rows", { process: () => fail("global") });
    return new TopologyTestDriver(builder.build(), { applicationId: at });
  };
  expect(() => failing("init")).toThrow("it fails");
  for (const [at, topic] of [
    ["process", "in"],
    ["global", "rows"],
  ] as const)
    expect(() => failing(at).input(topic, text).pipe("k", "v")).toThrow("it fails");
  let kept: { put(key: string, value: string): unknown } | undefined;
  const builder = new StreamsBuilder();
  builder.stream("in", text).process({
    stores,
    process: (_, own) => {
      kept = own.kept;
    },
  });
  await using driver = new TopologyTestDriver(builder.build());
  driver.input("in", text).pipe("k", "v");
  expect(() => kept?.put("k", "v")).toThrow("outside of its process");
});

test("a put behind a call that has failed is refused, of the processor that feeds a global store too", () => {
  const builder = new StreamsBuilder();
  let put = (): void => {};
  builder.addGlobalStore(stores.kept, "rows", {
    process: (_record, { store }) => {
      put = () => store.put("k", "late");
      throw new Error("it fails");
    },
  });
  const driver = new TopologyTestDriver(builder.build());
  expect(() => driver.input("rows", text).pipe("k", "v")).toThrow("it fails");
  expect(put).toThrow(expect.objectContaining({ code: "OUT_OF_TURN" }));
});

test("a store is read outside of a turn, and written in each", async () => {
  const builder = new StreamsBuilder();
  const read: unknown[] = [];
  builder.stream("in", text).process({
    stores,
    init: ({ kept, schedule }) => {
      kept.put("init", "1");
      schedule("1s", "wallClockTime", () => kept.put("timer", "2"));
    },
    process: ({ key, value }, { kept }) => {
      kept.put(key, value);
      void Promise.resolve().then(() => read.push(kept.get("k"), kept.name));
    },
  });
  await using driver = new TopologyTestDriver(builder.build());
  driver.input("in", text).pipe("k", "v");
  driver.advanceWallClock("1s");
  await setImmediate();
  expect(read).toEqual(["v", "kept"]);
  const store = driver.store(stores.kept);
  expect(["init", "timer", "k"].map((key) => store.get(key))).toEqual(["1", "2", "v"]);
  store.put("k", "of the test"); // as in Kafka, whose driver stands outside too
  expect(store.get("k")).toBe("of the test");
});
