import { encodeUtf8 } from "@millrace/model";
import { int64AsNumber, string } from "@millrace/serde";
import { keyValueStore, type KeyValueStore } from "@millrace/state";
import { describe, expect, test } from "vitest";

import { at, batchOf, taskOn } from "../../test-support/task-of.ts";
import { StreamsBuilder } from "../dsl/streams-builder.ts";
import type { Processor, ProcessorContext } from "../processor/processor.ts";
import type { StreamRecord } from "../processor/stream-record.ts";
import { Topology } from "./topology.ts";

const text = { key: string(), value: string() };
const seen = keyValueStore({ name: "seen", key: string(), value: int64AsNumber() });

/** Counts the records of each key in a store; a processor as a class. */
class Counter implements Processor<string, string, string, string> {
  #context: ProcessorContext<string, string> | undefined;
  #store: KeyValueStore<string, number> | undefined;

  init(context: ProcessorContext<string, string>): void {
    this.#context = context;
    this.#store = context.store(seen);
  }

  process(record: StreamRecord<string, string>): void {
    const count = (this.#store?.get(record.key) ?? 0) + 1;
    this.#store?.put(record.key, count);
    this.#context?.forward(record.withValue(String(count)));
  }
}

class Idle implements Processor {
  process(): void {}
}

const counting = (): Topology =>
  new Topology()
    .addSource("source", "a", text)
    .addProcessor("counter", () => new Counter(), { parents: "source", stores: [seen] })
    .addSink("sink", "out", { parents: ["counter"], ...text });

function valuesOf(topology: Topology, topics: readonly string[] = ["a", "a"]): readonly string[] {
  const { task, written } = taskOn(topology.merged("app"));
  task.initialize();
  topics.forEach((topic, index) => {
    task.addBatch(batchOf(topic, index * 10, [at(index)]));
    task.process(1);
  });
  return written
    .filter(({ topic }) => topic === "out")
    .map(({ value }) => new TextDecoder().decode(value ?? encodeUtf8("null")));
}

describe("wrapped processors", () => {
  const wrapped = (calls: string[]): Topology => {
    const builder = new StreamsBuilder();
    builder
      .stream("a", text)
      .mapValues((value) => value.toUpperCase(), { value: string() })
      .groupByKey()
      .count({ store: { name: "counts", caching: false } })
      .toStream()
      .to("out", { key: string(), value: int64AsNumber() });
    return builder.build().wrapProcessors((supplier, name) => () => {
      const processor = supplier();
      return {
        init: (context) => processor.init?.(context),
        process: (record) => {
          calls.push(name);
          processor.process(record);
        },
        close: () => processor.close?.(),
      };
    });
  };

  test("see each record of each node, those of the DSL too", () => {
    const calls: string[] = [];
    expect(valuesOf(wrapped(calls))).toHaveLength(2);
    const names = ["KSTREAM-MAPVALUES-0000000001", "KSTREAM-AGGREGATE-0000000002"];
    expect(calls.filter((name) => names.includes(name))).toEqual([...names, ...names]);
  });

  test("keep names, stores and children", () => {
    const topology = wrapped([]);
    expect(topology.describe())
      .toContain(`Processor: KSTREAM-AGGREGATE-0000000002 (stores: [counts])
      --> KTABLE-TOSTREAM-0000000003`);
  });

  test("may bring stores along", () => {
    const topology = counting().wrapProcessors((supplier) =>
      Object.assign(() => supplier(), {
        stores: [keyValueStore({ name: "trace", key: string(), value: string() })],
      }),
    );
    expect(topology.storeNames).toEqual(["seen", "trace"]);
  });

  test("are refused where they are no suppliers", () => {
    const wrongs = [undefined, () => undefined, () => async () => new Idle(), () => Idle];
    for (const wrong of wrongs)
      expect(() => counting().wrapProcessors(wrong as never)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
  });
});

describe("a topology by hand", () => {
  test("runs, and is described as Kafka does", () => {
    const topology = counting();
    expect(valuesOf(topology)).toEqual(["1", "2"]);
    expect(topology.describe()).toBe(`Topologies:
   Sub-topology: 0
    Source: source (topics: [a])
      --> counter
    Processor: counter (stores: [seen])
      --> sink
      <-- source
    Sink: sink (topic: out)
      <-- counter

`);
  });

  test("is glued together by a store that is connected later, and by its supplier's", () => {
    const topology = counting()
      .addSource("other", "b", text)
      .addProcessor("reader", () => new Counter(), { parents: "other" });
    expect(topology.subtopologies("app")).toHaveLength(2);
    topology.connectProcessorAndStateStores("reader", seen);
    expect(topology.subtopologies("app")).toHaveLength(1);
    const supplier = Object.assign(() => new Counter(), { stores: [seen] });
    topology
      .addSource("third", "c", text)
      .addProcessor("supplied", supplier, { parents: ["third"] });
    expect(topology.subtopologies("app")).toHaveLength(1);
    topology.addSink("late", "out", { parents: ["supplied"], ...text });
    expect(valuesOf(topology, ["a", "b", "c"])).toEqual(["1", "3"]);
  });

  test("goes on where a builder ended, whose next one is not touched", () => {
    const builder = new StreamsBuilder();
    builder.stream("a", { ...text, name: "begin" });
    const topology = builder
      .build()
      .addProcessor("counter", () => new Counter(), { parents: "begin" })
      .addStateStore(seen, "counter")
      .addSink("sink", "out", { parents: "counter", ...text });
    expect(valuesOf(topology)).toEqual(["1", "2"]);
    expect(builder.build().nodes).toHaveLength(1);
  });

  test("feeds a read-only store from its topic, which is its changelog", () => {
    class Put implements Processor<string, number> {
      #store: KeyValueStore<string, number> | undefined;
      init(context: ProcessorContext): void {
        this.#store = context.store(seen);
      }
      process(record: StreamRecord<string, number>): void {
        this.#store?.put(record.key, record.value);
      }
    }
    const topology = new Topology()
      .addReadOnlyStateStore(seen, "counts", { supplier: () => new Put() })
      .addSource("source", "a", text)
      .addProcessor("counter", () => new Counter(), { parents: "source" })
      .connectProcessorAndStateStores("counter", "seen")
      .addSink("sink", "out", { parents: "counter", ...text });
    const [part] = topology.subtopologies("app");
    expect(part.changelogTopics).toMatchObject([{ name: "counts", isSourceTopic: true }]);
    expect(part.nodes.map(({ name }) => name)).toContain("seen-source");
    const { task, written } = taskOn(topology.merged("app"));
    task.initialize();
    const value = "\0\0\0\0\0\0\0\u0005";
    task.addBatch(batchOf("counts", 0, [at(0, value)]));
    task.addBatch(batchOf("a", 0, [at(1)]));
    task.process(2);
    expect(written).toMatchObject([{ topic: "out", value: encodeUtf8("6") }]);
  });
});

describe("a global store by hand", () => {
  const global = (): Topology =>
    new Topology()
      .addSource("source", "a", text)
      .addGlobalStore(seen, "counts", { supplier: () => new Idle() })
      .addProcessor("reader", () => new Idle(), { parents: "source" })
      .addSource("other", "b", text);

  test("is described, makes no tasks, and takes a number as a sub-topology does", () => {
    const topology = global();
    expect(topology.describe()).toBe(`Topologies:
   Sub-topology: 0
    Source: source (topics: [a])
      --> reader
    Processor: reader (stores: [])
      --> none
      <-- source

  Sub-topology: 1 for global store (will not generate tasks)
    Source: seen-source (topics: [counts])
      --> seen-processor
    Processor: seen-processor (stores: [seen])
      --> none
      <-- seen-source
  Sub-topology: 2
    Source: other (topics: [b])
      --> none

`);
    expect(topology.subtopologies("app").map(({ id }) => id)).toEqual([0, 2]);
    expect(topology.merged("app").nodes.map(({ name }) => name)).toEqual([
      "source",
      "reader",
      "other",
    ]);
    expect(topology.globalStores).toMatchObject([{ topic: "counts", specification: seen }]);
    expect(topology.storeNames).toEqual(["seen"]);
  });

  test("is not part of the fingerprint: who shares work need not share it", () => {
    const without = new Topology().addSource("source", "a", text);
    const before = without.fingerprint();
    without.addGlobalStore(seen, "counts", { supplier: () => new Idle() });
    expect(without.fingerprint()).toBe(before);
  });

  test.each<[string, string, (topology: Topology) => unknown]>([
    [
      "to be connected",
      "GLOBAL_STORE_CONNECTED",
      (topology) => topology.connectProcessorAndStateStores("reader", "seen"),
    ],
    [
      "another store of its name",
      "GLOBAL_STORE_CONNECTED",
      (topology) => topology.addStateStore(seen, "reader"),
    ],
    [
      "to be added twice",
      "DUPLICATE_STORE",
      (topology) => topology.addGlobalStore(seen, "c", { supplier: () => new Idle() }),
    ],
    [
      "a topic that is read already",
      "TOPIC_REGISTERED_TWICE",
      (topology) =>
        topology.addGlobalStore(keyValueStore({ ...text, name: "stock" }), "a", {
          supplier: () => new Idle(),
        }),
    ],
    [
      "a topic of a pattern",
      "TOPIC_REGISTERED_TWICE",
      (topology) => topology.addSource("all", /c.*/),
    ],
    [
      "one name for both nodes",
      "DUPLICATE_NODE",
      (topology) =>
        topology.addGlobalStore(keyValueStore({ ...text, name: "stock" }), "c", {
          supplier: () => new Idle(),
          sourceName: "same",
          processorName: "same",
        }),
    ],
    [
      "children",
      "GLOBAL_STORE_AS_PARENT",
      (topology) => topology.addSink("late", "out", { parents: "seen-processor", ...text }),
    ],
  ])("refuses %s", (_, code, build) => {
    expect(() => build(global())).toThrow(expect.objectContaining({ code }));
  });
});

describe("a topology by hand refuses", () => {
  const idle = (): Processor => new Idle();
  const refusals: readonly (readonly [string, string, () => unknown])[] = [
    ["a second node of a name", "DUPLICATE_NODE", () => counting().addSource("counter", "b")],
    ["a source without topics", "NO_TOPICS", () => new Topology().addSource("s", [])],
    [
      "a topic that is read already",
      "TOPIC_REGISTERED_TWICE",
      () => counting().addSource("s", "a"),
    ],
    [
      "a parent that is not there, such as the node itself",
      "UNKNOWN_PARENT",
      () => counting().addProcessor("p", idle, { parents: "p" }),
    ],
    [
      "a node without parents",
      "UNKNOWN_PARENT",
      () => counting().addSink("p", "out", { parents: [] }),
    ],
    [
      "a sink for a parent",
      "SINK_AS_PARENT",
      () => counting().addProcessor("p", idle, { parents: "sink" }),
    ],
    [
      "another store of a name",
      "DUPLICATE_STORE",
      () => counting().addStateStore(keyValueStore({ ...text, name: "seen" })),
    ],
    [
      "a store that is not there",
      "UNKNOWN_STORE",
      () => counting().connectProcessorAndStateStores("counter", "stock"),
    ],
    [
      "no store at all",
      "UNKNOWN_STORE",
      () => counting().connectProcessorAndStateStores("counter"),
    ],
    [
      "a store at a sink",
      "UNKNOWN_PROCESSOR",
      () => counting().connectProcessorAndStateStores("sink", seen),
    ],
    [
      "a store at a processor that is not there",
      "UNKNOWN_PROCESSOR",
      () => counting().addStateStore(seen, "p"),
    ],
    [
      "a supplier that shares its processor",
      "SHARED_PROCESSOR",
      () => {
        const one = new Idle();
        counting().addProcessor("p", () => one, { parents: "source" });
      },
    ],
    [
      "a processor in place of its supplier",
      "INVALID_ARGUMENT",
      () => counting().addProcessor("p", new Idle() as never, { parents: "source" }),
    ],
    [
      "a class in place of a supplier",
      "INVALID_ARGUMENT",
      () => counting().addProcessor("p", Idle as never, { parents: "source" }),
    ],
    [
      "a supplier of what is no processor",
      "INVALID_ARGUMENT",
      () => counting().addProcessor("p", (() => ({})) as never, { parents: "source" }),
    ],
    ["a store that is none", "INVALID_ARGUMENT", () => counting().addStateStore({} as never)],
    [
      "a processor's store that is none",
      "INVALID_ARGUMENT",
      () => counting().addProcessor("p", idle, { parents: "source", stores: [5] as never }),
    ],
    [
      "a store to connect that is none",
      "INVALID_ARGUMENT",
      () => counting().connectProcessorAndStateStores("counter", 5 as never),
    ],
    [
      "a read-only store that is none",
      "INVALID_ARGUMENT",
      () => counting().addReadOnlyStateStore(undefined as never, "t", { supplier: idle }),
    ],
    [
      "a read-only store without options",
      "INVALID_OPTION",
      () => counting().addReadOnlyStateStore(seen, "t", undefined as never),
    ],
    [
      "a topic that is no name",
      "INVALID_ARGUMENT",
      () => counting().addReadOnlyStateStore(seen, 5 as never, { supplier: idle }),
    ],
    ["a node without a name", "INVALID_ARGUMENT", () => new Topology().addSource("", "a")],
    [
      "an option that is none",
      "UNKNOWN_OPTION",
      () => counting().addProcessor("p", idle, { parents: "source", store: [] } as never),
    ],
  ];

  test.each(refusals)("%s: %s", (_what, code, build) => {
    const thrown = (() => {
      try {
        build();
      } catch (error) {
        return error;
      }
      return undefined;
    })();
    expect(thrown).toMatchObject({ code });
    expect(String(thrown)).toContain("topology.test.ts");
  });
});
