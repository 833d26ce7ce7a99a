import { int64AsNumber, string } from "@millrace/serde";
import { keyValueStore } from "@millrace/state";
import {
  StreamRecord,
  StreamsBuilder,
  Topology,
  type Processor,
  type ProcessorContext,
} from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { describe, expect, test } from "vitest";

const text = { key: string(), value: string() };
const counts = { key: string(), value: int64AsNumber() };
const seenStore = () => keyValueStore({ name: "seen", ...counts });

/** What comes out of a topic when values are written to topic `in`, each under the key `k`. */
async function outputOf(topology: Topology, ...values: readonly string[]) {
  await using driver = new TopologyTestDriver(topology);
  const input = driver.input("in", text);
  for (const value of values) input.pipe("k", value, { timestamp: values.indexOf(value) });
  return driver.output("out", text).readPairs();
}

function thrownBy(body: () => unknown): unknown {
  try {
    body();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}

describe("process", () => {
  test("an inventory: stores, outputs, a timer, what is kept in memory", async () => {
    const stock = keyValueStore({ name: "stock", ...counts });
    const builder = new StreamsBuilder();
    const { shipped, short } = builder.stream("orders", counts).process({
      stores: { stock },
      outputs: { shipped: counts, short: text },
      state: () => ({ refused: 0 }),
      init({ schedule, stock: store, state, forwardTo }) {
        schedule("1m", "wallClockTime", (now) => {
          using entries = store.all();
          for (const { key, value } of entries)
            if (value === 0)
              forwardTo.short(new StreamRecord(key, `none, ${state.refused} refused`, now));
        });
      },
      process(record, { stock: store, state, forwardTo }) {
        const left = store.get(record.key) ?? 10;
        if (left >= record.value) {
          store.put(record.key, left - record.value);
          forwardTo.shipped(record);
        } else {
          state.refused += 1;
          forwardTo.short(record.withValue(`${left} left`));
        }
      },
    });
    shipped.to("shipped");
    short.to("short");
    await using driver = new TopologyTestDriver(builder.build());
    const orders = driver.input("orders", counts);
    orders.pipe("pear", 7);
    orders.pipe("pear", 4);
    orders.pipe("pear", 3);
    driver.advanceWallClock("5m");
    expect(driver.output("shipped", counts).readPairs()).toEqual([
      ["pear", 7],
      ["pear", 3],
    ]);
    expect(driver.output("short", text).readAll()).toMatchObject([
      { key: "pear", value: "3 left", timestamp: 0 },
      { key: "pear", value: "none, 1 refused", timestamp: 300_000, headers: [] },
    ]);
    expect(driver.store(stock).get("pear")).toBe(0);
  });

  test("is named as Kafka names it, and its outputs after it", () => {
    const builder = new StreamsBuilder();
    const source = builder.stream("in", text);
    const { left } = source.process({
      outputs: { left: text },
      process: () => {},
    });
    left.processValues({ process: () => {} });
    source.process({ process: () => {} }, { name: "mine" });
    source.peek(() => {});
    expect(builder.build().nodes.map(({ name }) => name)).toEqual([
      "KSTREAM-SOURCE-0000000000",
      "KSTREAM-PROCESSOR-0000000001",
      "KSTREAM-PROCESSOR-0000000001-left",
      "KSTREAM-PROCESSVALUES-0000000002",
      "mine",
      "KSTREAM-PEEK-0000000003",
    ]);
  });

  test("sends a record to the child that is named, or to all", async () => {
    const builder = new StreamsBuilder();
    const routed = builder.stream("in", text).process({
      process: (record, { forward }) =>
        record.value === "all" ? forward(record) : forward(record, record.value),
    });
    for (const name of ["one", "two"])
      routed
        .mapValues((value) => `${name}: ${value}`, { name, value: string() })
        .to("out", { name: `${name}-sink` });
    expect(await outputOf(builder.build(), "two", "all")).toEqual([
      ["k", "two: two"],
      ["k", "one: all"],
      ["k", "two: all"],
    ]);
  });

  test("a store of two processors glues their sub-topologies together", async () => {
    const seen = seenStore();
    const builder = new StreamsBuilder();
    builder.stream("in", text).process({
      stores: { seen },
      process: (record, { seen: store }) => store.put(record.key, record.value.length),
    });
    builder
      .stream("asks", text)
      .processValues({
        stores: { lengths: seen },
        value: string(),
        process: (record, { lengths, forward }) =>
          forward(record.withValue(String(lengths.get(record.key)))),
      })
      .to("out");
    const topology = builder.build();
    expect(topology.subtopologies("app")).toHaveLength(1);
    await using driver = new TopologyTestDriver(topology);
    driver.input("in", text).pipe("k", "four");
    driver.input("asks", text).pipe("k", "?");
    expect(driver.output("out", text).readPairs()).toEqual([["k", "4"]]);
  });

  test("keys may have changed below it, and have not below processValues", () => {
    const builder = new StreamsBuilder();
    const source = builder.stream("in", text);
    source
      .processValues({ process: (record, { forward }) => forward(record) })
      .groupByKey()
      .count();
    expect(builder.build().subtopologies("app")).toHaveLength(1);
    source
      .process({ process: (record, { forward }) => forward(record) })
      .groupByKey()
      .count();
    expect(builder.build().subtopologies("app")).toHaveLength(2);
  });

  test("tells where a record came from, and that a timer's came from nowhere", async () => {
    const builder = new StreamsBuilder();
    const seen: unknown[] = [];
    builder.stream("in", text).process({
      init: (context) =>
        void context.schedule(10, "streamTime", () =>
          seen.push(context.metadata, context.currentStreamTimeMs()),
        ),
      process: (record, { metadata, taskId, nodeName, currentSystemTimeMs }) =>
        void seen.push(metadata, record.header("h"), taskId, nodeName, currentSystemTimeMs()),
    });
    await using driver = new TopologyTestDriver(builder.build(), { startMs: 7 });
    const headers = [
      ["h", Uint8Array.of(1)],
      ["h", Uint8Array.of(2)],
    ] as const;
    driver.input("in", text).pipe("k", "v", { timestamp: 3, headers });
    expect(seen).toEqual([
      { topic: "in", partition: 0, offset: 0 },
      Uint8Array.of(2),
      { subtopology: 0, partition: 0 },
      "KSTREAM-PROCESSOR-0000000001",
      7,
      undefined,
      3,
    ]);
  });

  test("makes what it keeps anew for each task, and counts what it drops", async () => {
    const builder = new StreamsBuilder();
    builder
      .stream("in", text)
      .process({
        state: () => new Set<string>(),
        process(record, { state, forward, dropRecord }) {
          if (state.has(record.value)) dropRecord("seen before");
          else forward(record);
          state.add(record.value);
        },
      })
      .to("out");
    const topology = builder.build();
    for (let round = 0; round < 2; round++) {
      await using driver = new TopologyTestDriver(topology);
      const input = driver.input("in", text);
      for (const value of ["a", "b", "a"]) input.pipe("k", value);
      expect(driver.output("out", text).readPairs()).toHaveLength(2);
      expect(driver.droppedRecords).toBe(1);
    }
  });

  test("what its start throws names it", () => {
    const builder = new StreamsBuilder();
    builder.stream("in", text).process({
      init() {
        throw new RangeError("no licence");
      },
      process: () => {},
    });
    const topology = builder.build();
    expect(thrownBy(() => new TopologyTestDriver(topology))).toMatchObject({
      code: "PROCESSING_FAILED",
      node: "KSTREAM-PROCESSOR-0000000001",
      message: expect.stringContaining("a processor could not be started: no licence"),
    });
  });

  test("is closed with its task, with its stores", async () => {
    const builder = new StreamsBuilder();
    const closed: unknown[] = [];
    builder.stream("in", text).process({
      stores: { seen: seenStore() },
      process: () => {},
      close: ({ seen }) => void closed.push(seen.name),
    });
    await new TopologyTestDriver(builder.build()).close();
    expect(closed).toEqual(["seen"]);
  });
});

describe("the store of a table", () => {
  const flagged = (process: (table: Readonly<Record<string, unknown>>) => void): Topology => {
    const builder = new StreamsBuilder();
    const customers = builder.table("customers", { ...text, store: "customers" });
    builder
      .stream("in", text)
      .processValues({
        stores: { customers },
        process(record, { customers: table, forward }) {
          process(table as unknown as Readonly<Record<string, unknown>>);
          using entries = table.all();
          const all = [...entries].map(({ key, value }) => `${key}=${value.value}`);
          forward(record.withValue(`${table.get("k")?.value ?? "?"} of ${all.join()}`));
        },
      })
      .to("out");
    return builder.build();
  };

  test("is read by a processor", async () => {
    await using driver = new TopologyTestDriver(flagged(() => {}));
    driver.input("customers", text).pipe("k", "Ada");
    driver.input("in", text).pipe("order", "1");
    expect(driver.output("out", text).readPairs()).toEqual([["order", "Ada of k=Ada"]]);
  });

  test("is not written by one, by no way", async () => {
    const topology = flagged((table) => {
      expect(Object.keys(table)).not.toContain("writeUpdated");
      (table["put"] as (key: string, value: null) => void)("k", null);
    });
    await using driver = new TopologyTestDriver(topology);
    expect(thrownBy(() => driver.input("in", text).pipe("k", "1"))).toMatchObject({
      cause: { code: "READ_ONLY_STORE" },
    });
  });
});

const forwardingInTheDsl = (given: unknown): Topology => {
  const builder = new StreamsBuilder();
  builder.stream("in", text).process({
    process: (_record, { forward }) => forward(given as StreamRecord<string, string>),
  });
  return builder.build();
};

const forwardingByHand = (given: unknown): Topology => {
  const supplier = (): Processor<string, string, string, string> => {
    let context: ProcessorContext<string, string> | undefined;
    return {
      init: (itsContext) => void (context = itsContext),
      process: () => context?.forward(given as StreamRecord<string, string>),
    };
  };
  return new Topology()
    .addSource("source", "in", text)
    .addProcessor("work", supplier, { parents: "source" })
    .addSink("sink", "out", { parents: "work", ...text });
};

describe.each([
  ["in the DSL", forwardingInTheDsl],
  ["by hand", forwardingByHand],
])("a processor %s refuses to forward", (_where, forwarding) => {
  test.each([[{ key: "a", value: "b" }], ["text"], [null]])(
    "what is no record: %j",
    async (given) => {
      await using driver = new TopologyTestDriver(forwarding(given));
      expect(thrownBy(() => driver.input("in", text).pipe("k", "v"))).toMatchObject({
        cause: { code: "CALLBACK_GAVE_NO_RECORD" },
      });
    },
  );

  test.each([-5, 1.5, NaN, Infinity, 2 ** 53, undefined, null, "5", 5n])(
    "a record whose time is %s",
    async (time) => {
      const record = new StreamRecord("k", "v", time as number);
      await using driver = new TopologyTestDriver(forwarding(record));
      expect(thrownBy(() => driver.input("in", text).pipe("k", "v"))).toMatchObject({
        cause: { code: "CALLBACK_GAVE_NO_TIMESTAMP" },
      });
    },
  );

  test.each([
    ["key", new StreamRecord("k", "v", 5).withKey(undefined)],
    ["value", new StreamRecord("k", "v", 5).withValue(undefined)],
  ])("a record whose %s is undefined: null is what deletes", async (_part, record) => {
    await using driver = new TopologyTestDriver(forwarding(record));
    expect(thrownBy(() => driver.input("in", text).pipe("k", "v"))).toMatchObject({
      cause: { code: "CALLBACK_GAVE_UNDEFINED" },
    });
  });
});

test("a processor of fixed keys refuses to forward another key", async () => {
  const builder = new StreamsBuilder();
  builder.stream("in", text).processValues({
    process: (record, { forward }) =>
      forward(new StreamRecord("other", record.value, 0) as unknown as typeof record),
  });
  await using driver = new TopologyTestDriver(builder.build());
  expect(thrownBy(() => driver.input("in", text).pipe("k", "v"))).toMatchObject({
    cause: { code: "CALLBACK_GAVE_NO_RECORD" },
  });
});

describe("process is refused", () => {
  const stream = () => new StreamsBuilder().stream("in", text);
  const noop = (): void => {};
  const seen = seenStore();
  const other = new StreamsBuilder();

  const refusals: readonly (readonly [string, string, () => unknown])[] = [
    [
      "a store by the name of something else",
      "INVALID_NAME",
      () => stream().process({ stores: { commit: seen }, process: noop } as never),
    ],
    [
      "a store that is none",
      "INVALID_ARGUMENT",
      () => stream().process({ stores: { seen: "seen" }, process: noop } as never),
    ],
    [
      "a table without a store",
      "UNKNOWN_STORE",
      () => {
        const builder = new StreamsBuilder();
        const table = builder.table("t", text);
        builder.stream("in", text).process({ stores: { table }, process: noop } as never);
      },
    ],
    [
      "a table of another builder",
      "FOREIGN_STREAM",
      () =>
        stream().process({
          stores: { table: other.table("t", { ...text, store: "t" }) },
          process: noop,
        }),
    ],
    [
      "an output and several",
      "INVALID_ARGUMENT",
      () => stream().process({ output: text, outputs: { a: text }, process: noop } as never),
    ],
    [
      "an output without a serde",
      "INVALID_OPTION",
      () => stream().process({ output: { key: string() }, process: noop } as never),
    ],
    [
      "one of several outputs without a serde",
      "INVALID_ARGUMENT",
      () => stream().process({ outputs: { a: { key: string() } }, process: noop } as never),
    ],
    [
      "outputs that are none",
      "INVALID_ARGUMENT",
      () => stream().process({ outputs: {}, process: noop }),
    ],
    [
      "an output that cannot be a name",
      "INVALID_NAME",
      () => stream().process({ outputs: { "a b": text }, process: noop }),
    ],
    ["nothing to process with", "INVALID_OPTION", () => stream().process({} as never)],
    [
      "an asynchronous function",
      "INVALID_OPTION",
      () => stream().process({ process: async () => {} } as never),
    ],
    [
      "a definition that is none",
      "INVALID_OPTION",
      () => stream().processValues((() => {}) as never),
    ],
    [
      "what is misspelled",
      "UNKNOWN_OPTION",
      () => stream().processValues({ process: noop, store: { seen } } as never),
    ],
  ];

  test.each(refusals)("with %s: %s, and its place", (_what, code, build) => {
    const thrown = thrownBy(build);
    expect(thrown).toMatchObject({ code });
    expect(String(thrown)).toContain("processors.test.ts");
  });
});

test("a store that no processor lists is connected by hand", async () => {
  const seen = seenStore();
  const builder = new StreamsBuilder();
  builder.addStateStore(seen);
  builder.stream("in", { ...text, name: "begin" });
  const topology = builder
    .build()
    .addProcessor(
      "counter",
      () => ({
        init(context) {
          context.store(seen).put("k", 1);
        },
        process() {},
      }),
      { parents: "begin" },
    )
    .connectProcessorAndStateStores("counter", seen);
  await using driver = new TopologyTestDriver(topology);
  expect(driver.store(seen).get("k")).toBe(1);
});

describe("a record that is forwarded while its processor has no turn is refused by name", () => {
  const refused = expect.objectContaining({
    code: "OUT_OF_TURN",
    node: "KSTREAM-PROCESSOR-0000000001",
    message: expect.stringContaining("setTimeout"),
  });

  function keeping() {
    const kept: { forward?: (record: StreamRecord<string, string>) => void } = {};
    const builder = new StreamsBuilder();
    builder
      .stream("in", text)
      .process({
        output: text,
        init({ forward, schedule }) {
          kept.forward = forward;
          schedule("1s", "wallClockTime", (now) => forward(new StreamRecord("timer", "v", now)));
        },
        process: (record, { forward }) => forward(record),
      })
      .to("out");
    const driver = new TopologyTestDriver(builder.build());
    const forwardLate = () => kept.forward?.(new StreamRecord("late", "v", 1));
    return { driver, forwardLate };
  }

  test("before the first record, between two, after a timer and after the close", async () => {
    const { driver, forwardLate } = keeping();
    expect(forwardLate).toThrow(refused);
    driver.input("in", text).pipe("k", "v");
    expect(forwardLate).toThrow(refused);
    driver.advanceWallClock("1s");
    expect(forwardLate).toThrow(refused);
    driver.input("in", text).pipe("k", "v");
    const keys = driver.output("out", text).readAll();
    expect(keys.map(({ key }) => key)).toEqual(["k", "timer", "k"]);
    await driver.close();
    expect(forwardLate).toThrow(refused);
  });
});
