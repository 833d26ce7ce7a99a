import { double, int64, int64AsNumber, json, optional, string, type Serde } from "@millrace/serde";
import { keyValueStore } from "@millrace/state";
import { describe, expect, test } from "vitest";

import { StreamsBuilder } from "../../dsl/streams-builder.ts";
import { calendar } from "../../dsl/windows/calendar-windows.ts";
import { countWindows } from "../../dsl/windows/count-windows.ts";
import { session } from "../../dsl/windows/session-windows.ts";
import { sliding } from "../../dsl/windows/sliding-windows.ts";
import { tumbling } from "../../dsl/windows/time-windows.ts";
import type { PlanOptions } from "../../plan/lower-plan.ts";
import { Topology } from "../topology.ts";
import { diffTopologies } from "./diff-topologies.ts";

const text = { key: string(), value: string() };

function program(write: (builder: StreamsBuilder) => void, options?: PlanOptions): Topology {
  const builder = new StreamsBuilder();
  write(builder);
  return builder.build(options);
}

/** Each change in a line; those of topics and operators, which touch no state, only where they are asked for. */
function told(old: Topology, now: Topology, { harmless = false } = {}): readonly string[] {
  return diffTopologies(old, now)
    .changes.filter(({ severity }) => harmless || severity !== "survives")
    .map(({ severity, kind, subject }) => `${severity} ${kind} ${subject}`);
}

/** The words of `lines`, counted by themselves. */
function counting(
  {
    before = (builder) => builder.stream("lines", text),
    value = string(),
    store,
  }: {
    readonly before?: (builder: StreamsBuilder) => ReturnType<typeof lines>;
    readonly value?: Serde<string>;
    readonly store?: string | { readonly name?: string; readonly caching?: boolean };
  } = {},
  options?: PlanOptions,
): Topology {
  return program((builder) => {
    const words = before(builder).groupBy((word) => word, { key: string(), value });
    (store === undefined ? words.count() : words.count({ store })).toStream().to("counts");
  }, options);
}

const lines = (builder: StreamsBuilder) => builder.stream("lines", text);
const longLines = (builder: StreamsBuilder) => lines(builder).filter((line) => line.length > 3);

const generated = "KSTREAM-AGGREGATE-STATE-STORE-0000000002";
const shifted = "KSTREAM-AGGREGATE-STATE-STORE-0000000003";

describe("the difference between two versions of a program", () => {
  test("is none where nothing changed, also through JSON", () => {
    const file: unknown = JSON.parse(JSON.stringify(counting().description()));
    expect(file).toEqual(counting().description());
    expect(diffTopologies(file as never, counting())).toEqual({
      severity: "survives",
      stateSurvives: true,
      canRunTogether: true,
      changes: [],
    });
  });

  test("generated names that an operator above has shifted lose state and records on their way", () => {
    const old = counting();
    const now = counting({ before: longLines });
    expect(told(old, now)).toEqual([
      `lost storeRenamed ${generated}`,
      `lost repartitionRenamed ${generated}-repartition`,
    ]);
    const { stateSurvives, canRunTogether, changes } = diffTopologies(old, now);
    expect({ stateSurvives, canRunTogether }).toEqual({
      stateSurvives: false,
      canRunTogether: false,
    });
    expect(changes[0].message).toContain(`${generated} is ${shifted} now`);
    expect(changes[0].advice).toBe(`give it its old name: { store: "${generated}" }`);
  });

  test("the advice helps: with its old name the store survives, and so does its repartition topic", () => {
    const now = counting({ before: longLines, store: generated });
    expect(told(counting(), now)).toEqual([]);
    expect(told(counting(), now, { harmless: true })).toEqual([
      "survives operatorAdded KSTREAM-FILTER-#",
    ]);
    expect(diffTopologies(counting(), now).canRunTogether).toBe(true);
  });

  test("a store and a repartition topic with names of their own stay, whatever is put before them", () => {
    const now = counting({ before: longLines, store: "counts" });
    expect(told(counting({ store: "counts" }), now)).toEqual([]);
  });

  test("naming a store that had a generated name loses it, too", () => {
    expect(told(counting(), counting({ store: "counts" }))).toEqual([
      `lost storeRenamed ${generated}`,
      `lost repartitionRenamed ${generated}-repartition`,
    ]);
  });

  test("a generated name that passes to another operator asks for a restart", () => {
    const two = (topics: readonly string[]) =>
      program((builder) => {
        for (const topic of topics) builder.stream(topic, text).groupByKey().count();
      });
    const first = "KSTREAM-AGGREGATE-STATE-STORE-0000000001";
    const second = "KSTREAM-AGGREGATE-STATE-STORE-0000000004";
    expect(told(two(["a", "b"]), two(["b", "a"]))).toEqual([
      `restart storeTakenOver ${first}`,
      `restart storeTakenOver ${second}`,
      `lost storeRenamed ${first}`,
      `lost storeRenamed ${second}`,
    ]);
    expect(told(two(["b"]), two(["a", "b"]))).toEqual([
      `restart storeTakenOver ${first}`,
      `lost storeRenamed ${first}`,
    ]);
  });

  test("a store that goes is lost, one that comes knows nothing of the past", () => {
    const both = program((builder) => {
      const grouped = builder.stream("lines", text).groupByKey();
      grouped.count({ store: "counts" });
      grouped.reduce((left, right) => left + right, { store: "all" });
    });
    const one = program((builder) => {
      builder.stream("lines", text).groupByKey().count({ store: "counts" });
    });
    expect(told(both, one)).toEqual(["lost storeRemoved all"]);
    expect(told(one, both, { harmless: true })).toEqual([
      "survives storeAdded all",
      "survives operatorAdded KSTREAM-REDUCE-#",
    ]);
  });
});

test("a time to live is told where it comes and where it changes, and needs no start over", () => {
  const kept = (options: object) =>
    program((builder) => {
      builder.table("in", { ...text, store: { name: "kept", ...options } });
    });
  const come = diffTopologies(kept({}), kept({ ttl: "1d" })).changes;
  expect(come.map(({ message, advice }) => [message, advice])).toEqual([
    ["store kept-deadlines is new; it is filled from the rows that are there", ""],
  ]);
  const changed = diffTopologies(kept({ ttl: "1d" }), kept({ ttl: "1h" })).changes;
  expect(changed.map(({ message }) => message)).toEqual([
    "store kept-deadlines: ttlMs was 86400000 and is 3600000",
  ]);
});

describe("what becomes of a store of the same name", () => {
  const kept = (
    options: Partial<Parameters<typeof keyValueStore<unknown, unknown>>[0]> = {},
    make: typeof keyValueStore<unknown, unknown> = keyValueStore,
  ) =>
    new Topology().addSource("source", "in", text).addProcessor("work", () => ({ process() {} }), {
      parents: "source",
      stores: [make({ name: "kept", ...text, ...options } as never)],
    });
  const table = (store: object) =>
    program((builder) => {
      builder.table("in", { ...text, store: { name: "kept", ...store } });
    });
  const windowed = (size: "1m" | "5m", store: object = {}) =>
    program((builder) => {
      builder
        .stream("in", text)
        .groupByKey()
        .windowedBy(tumbling(size))
        .count({ store: { name: "kept", ...store } });
    });
  const days = (
    options: { timeZone: string; weekStartsOn?: "sunday" },
    unit: "day" | "week" = "day",
  ) =>
    program((builder) => {
      builder
        .stream("in", text)
        .groupByKey()
        .windowedBy(calendar(unit, options))
        .count({ store: "kept" });
    });
  const filled = (size: number) =>
    program((builder) => {
      builder
        .stream("in", text)
        .groupByKey()
        .windowedBy(countWindows(size))
        .count({ store: "kept" });
    });
  const sessions = (store: object) =>
    program((builder) => {
      builder
        .stream("in", text)
        .groupByKey()
        .windowedBy(session("1m"))
        .count({ store: { name: "kept", ...store } });
    });
  const joined = (within: "10m" | "1m") =>
    program((builder) => {
      const other = builder.stream("other", text);
      const options = { within, grace: 0, value: string() };
      builder
        .stream("in", text)
        .join(other, (left, right) => left + right, options)
        .to("out");
    });
  const joinStores = ["KSTREAM-JOINTHIS-0000000004-store", "KSTREAM-JOINOTHER-0000000005-store"];
  const slid = (size: "1m") =>
    program((builder) => {
      const grouped = builder.stream("in", text).groupByKey();
      grouped.windowedBy(sliding(size)).count({ store: { name: "kept", retention: "9d" } });
    });
  const named = (...names: readonly string[]) =>
    program((builder) => {
      const grouped = builder.stream("in", text).groupByKey();
      for (const name of names) grouped.count({ name });
    });
  const fold = (stream: (builder: StreamsBuilder) => ReturnType<typeof lines>) =>
    program((builder) => {
      stream(builder).groupByKey(text).count({ store: "kept" });
    });

  test.for<[string, Topology, Topology, readonly string[]]>([
    ["another kind", windowed("1m"), table({}), ["restart storeKindChanged kept"]],
    [
      "a kind with the same changelog",
      table({}),
      table({ historyRetention: "1d" }),
      ["rebuilt storeKindChanged kept"],
    ],
    [
      "another layout on the disk",
      table({}),
      table({ timestamps: false }),
      ["rebuilt storeKindChanged kept"],
    ],
    ["a time to live", table({}), table({ ttl: "1d" }), []],
    ["fewer entries", table({ entriesMax: 9 }), table({ entriesMax: 5 }), []],
    ["other values", kept(), kept({ value: double() }), ["restart storeSerdeChanged kept"]],
    ["other keys", kept(), kept({ key: int64() }), ["restart storeSerdeChanged kept"]],
    ["the same bytes", kept({ key: int64() }), kept({ key: int64AsNumber() }), []],
    ["null as well", kept({ value: json() }), kept({ value: optional(json()) }), []],
    [
      "other windows",
      windowed("1m"),
      windowed("5m"),
      ["restart storeWindowChanged kept", "rebuilt storeRetentionChanged kept"],
    ],
    [
      "days of another place",
      days({ timeZone: "UTC" }),
      days({ timeZone: "Europe/Berlin" }),
      ["restart storeWindowChanged kept"],
    ],
    [
      "weeks from another day on",
      days({ timeZone: "UTC" }, "week"),
      days({ timeZone: "UTC", weekStartsOn: "sunday" }, "week"),
      ["restart storeWindowChanged kept"],
    ],
    [
      "windows of other numbers of records",
      filled(10),
      filled(20),
      ["restart storeWindowChanged kept"],
    ],
    [
      "another time within which streams are joined",
      joined("10m"),
      joined("1m"),
      [
        `rebuilt storeRetentionChanged ${joinStores[0]}`,
        `rebuilt storeRetentionChanged ${joinStores[1]}`,
      ],
    ],
    ["headers", table({}), table({ headers: true }), ["rebuilt storeKindChanged kept"]],
    [
      "headers of windows",
      windowed("1m"),
      windowed("1m", { headers: true }),
      ["rebuilt storeKindChanged kept"],
    ],
    [
      "headers of sessions",
      sessions({}),
      sessions({ headers: true }),
      ["rebuilt storeKindChanged kept"],
    ],
    [
      "another retention",
      windowed("1m"),
      windowed("1m", { retention: "1d" }),
      ["rebuilt storeRetentionChanged kept"],
    ],
    [
      "another retention, in segments of the same time",
      windowed("1m"),
      windowed("1m", { retention: "2m" }),
      [],
    ],
    [
      "sliding windows of the same size",
      windowed("1m", { retention: "9d" }),
      slid("1m"),
      ["restart storeWindowChanged kept"],
    ],
    ["rows that do not expire any more", table({ ttl: "1d" }), table({}), []],
    ["another name of its operator", named("one"), named("other"), []],
    [
      "the names of its operator and another one, changed for each other",
      named("one", "other"),
      named("other", "one"),
      [
        "restart storeTakenOver KSTREAM-AGGREGATE-STATE-STORE-0000000001",
        "restart storeTakenOver KSTREAM-AGGREGATE-STATE-STORE-0000000003",
        "lost storeRenamed KSTREAM-AGGREGATE-STATE-STORE-0000000001",
        "lost storeRenamed KSTREAM-AGGREGATE-STATE-STORE-0000000003",
      ],
    ],
    ["caching", windowed("1m"), windowed("1m", { caching: false }), []],
    ["memory", kept(), kept({ engine: "memory" }), ["rebuilt storeEngineChanged kept"]],
    [
      "memory, with no changelog",
      kept({ logging: false }),
      kept({ logging: false, engine: "memory" }),
      ["lost storeEngineChanged kept"],
    ],
    ["no changelog any more", kept(), kept({ logging: false }), []],
    [
      "a changelog from now on",
      kept({ logging: false }),
      kept(),
      ["lost storeLoggingChanged kept"],
    ],
    [
      "another key",
      fold(lines),
      fold((builder) => lines(builder).selectKey((line) => line, { key: string() })),
      ["restart storeInputChanged kept", "rebuilt subtopologyMoved 0"],
    ],
    ["another topic", fold(lines), fold((builder) => builder.stream("rows", text)), []],
  ])("%s", ([, old, now, expected]) => {
    expect(told(old, now)).toEqual(expected);
  });

  test("a source topic in place of a changelog holds it all, the other way round nothing", () => {
    const optimized = (optimize: "all" | "none") =>
      program((builder) => void builder.table("in", { ...text, store: "kept" }), { optimize });
    expect(told(optimized("none"), optimized("all"))).toEqual(["rebuilt storeLoggingChanged kept"]);
    expect(told(optimized("all"), optimized("none"))).toEqual(["lost storeLoggingChanged kept"]);
  });

  test("tells what else must be done: the retention of a changelog that is there", () => {
    const day = { retention: "1d" };
    const [change] = diffTopologies(windowed("1m"), windowed("1m", day)).changes;
    expect(change.advice).toBe(
      "set retention.ms of APPLICATION-kept-changelog to 172800000: the topic that is there keeps its own",
    );
    expect(diffTopologies(windowed("1m", day), windowed("1m")).changes[0].advice).toBe("");
  });
});

describe("tasks and topics", () => {
  test("a source before the others moves sub-topologies: stores are restored, or not found", () => {
    const old = (logging: boolean) =>
      program((builder) => {
        builder
          .stream("a", text)
          .groupByKey()
          .count({ store: { name: "kept", logging } });
      });
    const now = (logging: boolean) =>
      program((builder) => {
        builder.stream("new", text).to("out");
        builder
          .stream("a", text)
          .groupByKey()
          .count({ store: { name: "kept", logging } });
      });
    expect(told(old(true), now(true), { harmless: true })).toEqual([
      "rebuilt subtopologyMoved 0",
      "survives sourceTopicAdded new",
      "survives sinkTopicAdded out",
    ]);
    expect(told(old(false), now(false))).toEqual(["lost subtopologyMoved 0"]);
  });

  test("a sub-topology without stores moves without harm", () => {
    const old = program((builder) => builder.stream("a", text).to("out"));
    const now = program((builder) => {
      builder.stream("new", text).to("out");
      builder.stream("a", text).to("out");
    });
    expect(told(old, now, { harmless: true })).toContain("survives subtopologyMoved 0");
  });

  test("what is under way in a repartition topic counts: its serdes, its partitions, its end", () => {
    const through = (options: object) =>
      program((builder) => {
        const again = { name: "again", ...text, ...options };
        lines(builder).repartition(again).to("out", text);
      });
    expect(told(through({}), through({ value: json() }))).toEqual([
      "lost repartitionSerdeChanged again-repartition",
    ]);
    expect(told(through({ partitions: 2 }), through({ partitions: 3 }))).toEqual([
      "restart partitionCountChanged again-repartition",
    ]);
    const without = program((builder) => lines(builder).to("out"));
    expect(told(through({}), without)).toEqual(["lost repartitionRemoved again-repartition"]);
    expect(told(without, through({}))).toEqual([]);
  });

  test("inputs and outputs that change harm no state, and are told", () => {
    const old = program((builder) => lines(builder).to("out"));
    const now = program((builder) => {
      builder
        .stream("lines", { key: string(), value: json<string>(), offsetReset: "latest" })
        .to("out");
      builder.stream(/rows-.*/, text).to("other");
    });
    expect(told(old, now, { harmless: true })).toEqual([
      "survives sourceChanged lines",
      "survives sourceTopicAdded /rows-.*/",
      "survives sinkChanged out",
      "survives sinkTopicAdded other",
    ]);
    expect(told(now, old, { harmless: true })).toContain("survives sourceTopicRemoved /rows-.*/");
  });

  test("global stores are read again from their topics, whatever they are called", () => {
    const labels = (store: string) =>
      program((builder) => {
        builder.globalTable("labels", { ...text, store });
        lines(builder).to("out");
      });
    expect(told(labels("labels"), labels("names"))).toEqual(["rebuilt storeRenamed labels"]);
    const without = program((builder) => lines(builder).to("out"));
    expect(told(labels("labels"), without, { harmless: true })).toEqual([
      "survives storeRemoved labels",
      "survives subtopologyMoved 1",
      "survives sourceTopicRemoved labels",
      "survives operatorRemoved KTABLE-SOURCE-#",
    ]);
  });
});

test.for([
  [undefined, "undefined is no description of a topology"],
  [{}, "is no description of a topology"],
  [{ format: 2 }, "has format 2, this Millrace knows 1"],
  [{ format: 1 }, "fingerprint is no text"],
  [{ format: 1, fingerprint: "" }, "subtopologies is no list"],
  [{ ...counting().description(), subtopologies: [{}] }, "subtopologies[0] is none"],
] as const)("refuses %j as a description", ([given, message]) => {
  expect(() => diffTopologies(given as never, counting())).toThrow(
    expect.objectContaining({
      code: "INVALID_DESCRIPTION",
      message: expect.stringContaining(message),
    }),
  );
});
