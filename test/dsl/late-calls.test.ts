import { setImmediate } from "node:timers/promises";

import { string } from "@millrace/serde";
import { keyValueStore, suppressionBuffer } from "@millrace/state";
import { StreamRecord, StreamsBuilder, Topology } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

const text = { key: string(), value: string() };

const stores = { kept: keyValueStore({ name: "kept", ...text }) };

/** What a processor does once its call is over, and what is thrown at it. */
class Later {
  thrown: unknown;

  readonly do = (act: () => void): void => {
    void Promise.resolve().then(() => {
      try {
        act();
      } catch (thrown) {
        this.thrown = thrown;
      }
    });
  };
}

const late = new StreamRecord("k", "late", 1);

/** Programs whose node `late` does something after its call. */
const programs: Readonly<
  Record<string, (builder: StreamsBuilder, later: Later["do"]) => Topology>
> = {
  "forward of process": (builder, later) => {
    builder
      .stream("in", text)
      .process({ process: (record, { forward }) => later(() => forward(record)) }, { name: "late" })
      .to("out", text);
    return builder.build();
  },
  "forwardTo of process": (builder, later) => {
    const { out } = builder.stream("in", text).process(
      {
        outputs: { out: text },
        process: (record, { forwardTo }) => later(() => forwardTo.out(record)),
      },
      { name: "late" },
    );
    out.to("out");
    return builder.build();
  },
  "forward of processValues": (builder, later) => {
    builder
      .stream("in", text)
      .processValues(
        { process: (record, { forward }) => later(() => forward(record)) },
        { name: "late" },
      )
      .to("out");
    return builder.build();
  },
  "forward from init": (builder, later) => {
    builder
      .stream("in", text)
      .process(
        { init: ({ forward }) => later(() => forward(late)), process: () => {} },
        { name: "late" },
      )
      .to("out", text);
    return builder.build();
  },
  "forward from a timer": (builder, later) => {
    builder
      .stream("in", text)
      .process(
        {
          init: ({ forward, schedule }) => {
            schedule("1s", "wallClockTime", () => later(() => forward(late)));
          },
          process: () => {},
        },
        { name: "late" },
      )
      .to("out", text);
    return builder.build();
  },
  "forward of a class": (builder, later) => {
    const topology = builder.build();
    topology.addSource("source", "in", text);
    topology.addProcessor(
      "late",
      () => {
        let forward = (_record: StreamRecord): void => {};
        return {
          init: (context) => {
            forward = (record) => context.forward(record);
          },
          process: (record) => later(() => forward(record)),
        };
      },
      { parents: "source" },
    );
    topology.addSink("sink", "out", { ...text, parents: "late" });
    return topology;
  },
  schedule: (builder, later) => {
    builder.stream("in", text).process(
      {
        process: (_record, { schedule }) => later(() => schedule("1s", "wallClockTime", () => {})),
      },
      { name: "late" },
    );
    return builder.build();
  },
  "schedule of transformValues": (builder, later) => {
    builder
      .table("in", text)
      .transformValues(
        {
          transform: (value, _key, { schedule }) => {
            later(() => schedule("1s", "wallClockTime", () => {}));
            return value;
          },
        },
        { name: "late" },
      )
      .toStream()
      .to("out", text);
    return builder.build();
  },
  "put of a store": (builder, later) => {
    builder
      .stream("in", text)
      .process(
        { stores, process: (_record, { kept }) => later(() => kept.put("k", "late")) },
        { name: "late" },
      );
    return builder.build();
  },
  "put of a store, from a timer": (builder, later) => {
    builder.stream("in", text).processValues(
      {
        stores,
        init: ({ kept, schedule }) => {
          schedule("1s", "wallClockTime", () => later(() => kept.put("k", "late")));
        },
        process: () => {},
      },
      { name: "late" },
    );
    return builder.build();
  },
  "delete of a store of transformValues": (builder, later) => {
    builder
      .table("in", text)
      .transformValues(
        {
          stores,
          transform: (value, _key, { kept }) => {
            later(() => kept.delete("k"));
            return value;
          },
        },
        { name: "late" },
      )
      .toStream()
      .to("out", text);
    return builder.build();
  },
  "put of a class": (builder, later) => {
    const topology = builder.build();
    topology.addSource("source", "in", text);
    topology.addProcessor(
      "late",
      () => {
        let put = (): void => {};
        return {
          init: (context) => {
            const store = context.store(stores.kept);
            expect(context.store("kept")).toBe(store);
            put = () => store.put("k", "late");
          },
          process: () => later(put),
        };
      },
      { parents: "source", stores: [stores.kept] },
    );
    return topology;
  },
  commit: (builder, later) => {
    builder
      .stream("in", text)
      .process({ process: (_record, { commit }) => later(commit) }, { name: "late" });
    return builder.build();
  },
};

test.for(Object.entries(programs))("%s after the call is refused by name", async ([, program]) => {
  const later = new Later();
  await using driver = new TopologyTestDriver(program(new StreamsBuilder(), later.do));
  driver.input("in", text).pipe("k", "v");
  driver.advanceWallClock("1s");
  await setImmediate();
  expect(later.thrown).toMatchObject({ code: "OUT_OF_TURN", node: "late", taskId: "0_0" });
  expect(
    driver
      .output("out", text)
      .readPairs()
      .filter(([, value]) => value === "late"),
  ).toEqual([]);
});

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

test("a store of another task is told as that", async () => {
  let first: { put(key: string, value: string): unknown } | undefined;
  const driverOf = (applicationId: string): TopologyTestDriver => {
    const builder = new StreamsBuilder();
    builder.stream("in", text).process({
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
  const failing = (at: "init" | "process"): TopologyTestDriver => {
    const fail = (where: string) => {
      if (where === at) throw new Error("it fails");
    };
    const builder = new StreamsBuilder();
    builder
      .stream("in", text)
      .process({ init: () => fail("init"), process: () => fail("process") });
    return new TopologyTestDriver(builder.build(), { applicationId: at });
  };
  expect(() => failing("init")).toThrow("it fails");
  const ended = failing("process");
  expect(() => ended.input("in", text).pipe("k", "v")).toThrow("it fails");
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

test("a record that was refused, and passed over, leaves no call open", async () => {
  const later = new Later();
  const builder = new StreamsBuilder();
  builder
    .stream("in", text)
    .process({
      process: (record, { forward }) => {
        later.do(() => forward(record));
        throw new Error("refused");
      },
    })
    .to("out", text);
  await using driver = new TopologyTestDriver(builder.build(), { onProcessingError: "continue" });
  driver.input("in", text).pipe("k", "v");
  await setImmediate();
  expect(later.thrown).toMatchObject({ code: "OUT_OF_TURN" });
});

test("a processor that is closed has its turn", async () => {
  let isClosed = false;
  const builder = new StreamsBuilder();
  builder.stream("in", text).process({
    process: () => {},
    close: ({ commit }) => {
      commit();
      isClosed = true;
    },
  });
  await new TopologyTestDriver(builder.build()).close();
  expect(isClosed).toBe(true);
});
