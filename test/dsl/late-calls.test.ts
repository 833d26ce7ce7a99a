import { setImmediate } from "node:timers/promises";

import { string } from "@millrace/serde";
import { keyValueStore } from "@millrace/state";
import { StreamRecord, StreamsBuilder, type Topology } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

import { Later } from "./later.ts";

const text = { key: string(), value: string() };

const stores = { kept: keyValueStore({ name: "kept", ...text }) };

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
