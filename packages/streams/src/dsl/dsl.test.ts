import { json, optional, string } from "@millrace/serde";
import { describe, expect, test } from "vitest";

import { TopologyConfigError, TopologyError } from "../error/topology-error.ts";
import { otherwise } from "./operators/split.ts";
import type { KStream } from "./types/k-stream.ts";
import { StreamsBuilder } from "./streams-builder.ts";

function codeOf(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    if (error instanceof TopologyError || error instanceof TopologyConfigError) return error.code;
    throw error;
  }
  return "none";
}

function wordCount(): StreamsBuilder {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { key: optional(string()), value: string() })
    .flatMapValues((line) => line.toLowerCase().split(" "))
    .groupBy((word) => word, { key: string(), value: string() })
    .count({ store: "counts" })
    .toStream()
    .to("counts");
  return builder;
}

describe("names", () => {
  test("word count is described as Kafka describes it", () => {
    expect(wordCount().build().describe()).toBe(
      `Topologies:
   Sub-topology: 0
    Source: KSTREAM-SOURCE-0000000000 (topics: [lines])
      --> KSTREAM-FLATMAPVALUES-0000000001
    Processor: KSTREAM-FLATMAPVALUES-0000000001 (stores: [])
      --> KSTREAM-KEY-SELECT-0000000002
      <-- KSTREAM-SOURCE-0000000000
    Processor: KSTREAM-KEY-SELECT-0000000002 (stores: [])
      --> counts-repartition-filter
      <-- KSTREAM-FLATMAPVALUES-0000000001
    Processor: counts-repartition-filter (stores: [])
      --> counts-repartition-sink
      <-- KSTREAM-KEY-SELECT-0000000002
    Sink: counts-repartition-sink (topic: counts-repartition)
      <-- counts-repartition-filter

  Sub-topology: 1
    Source: counts-repartition-source (topics: [counts-repartition])
      --> KSTREAM-AGGREGATE-0000000003
    Processor: KSTREAM-AGGREGATE-0000000003 (stores: [counts])
      --> KTABLE-TOSTREAM-0000000007
      <-- counts-repartition-source
    Processor: KTABLE-TOSTREAM-0000000007 (stores: [])
      --> KSTREAM-SINK-0000000008
      <-- KSTREAM-AGGREGATE-0000000003
    Sink: KSTREAM-SINK-0000000008 (topic: counts)
      <-- KTABLE-TOSTREAM-0000000007

`,
    );
  });

  test("DSL-1: naming an operator leaves the names of the others alone", () => {
    const namesOf = (name?: string): readonly string[] => {
      const builder = new StreamsBuilder();
      const options = name === undefined ? {} : { name };
      builder
        .stream("in")
        .filter(() => true, options)
        .peek(() => {})
        .to("out");
      return builder.build().nodes.map((node) => node.name);
    };
    const named = namesOf("mine");
    expect(named[1]).toBe("mine");
    expect(named.toSpliced(1, 1)).toEqual(namesOf().toSpliced(1, 1));
  });

  test("a name that Kafka would not take as a topic's is refused", () => {
    const builder = new StreamsBuilder();
    expect(codeOf(() => builder.stream("in", { name: "a b" }))).toBe("INVALID_NAME");
    expect(codeOf(() => builder.stream("in").groupByKey({ name: "" }))).toBe("INVALID_NAME");
    expect(codeOf(() => builder.table("in", { store: ".." }))).toBe("INVALID_NAME");
  });

  test("two operators of one name are refused when the topology is built", () => {
    const builder = new StreamsBuilder();
    const stream = builder.stream("in");
    stream.filter(() => true, { name: "same" }).peek(() => {}, { name: "same" });
    expect(codeOf(() => builder.build())).toBe("DUPLICATE_NODE");
  });

  test("two stores of one name are refused with the operators and places of both", () => {
    const builder = new StreamsBuilder();
    const grouped = builder.stream("in", { key: string(), value: string() }).groupByKey();
    grouped.count({ store: "same" });
    grouped.reduce((left) => left, { store: "same" });
    expect(codeOf(() => builder.build())).toBe("DUPLICATE_STORE");
    expect(() => builder.build()).toThrow(
      /store same already with KSTREAM-AGGREGATE-\d{10} at \S*dsl\.test\.ts:\d+:\d+; it comes again with KSTREAM-REDUCE-\d{10} at \S*dsl\.test\.ts:\d+:\d+: give each store/,
    );
  });

  test("generated names of stores and topics are refused where explicit ones are required", () => {
    const builder = new StreamsBuilder();
    builder.stream("in", { key: string(), value: string() }).groupByKey().count();
    expect(codeOf(() => builder.build({ requireExplicitNames: true }))).toBe(
      "UNNAMED_INTERNAL_RESOURCE",
    );
    expect(() => builder.build({ requireExplicitNames: true })).toThrow(
      /KSTREAM-AGGREGATE-STATE-STORE-\d{10} \(at \S*dsl\.test\.ts:\d+:\d+\); give each operator the option store, or name/,
    );
    expect(codeOf(() => wordCount().build({ requireExplicitNames: true }))).toBe("none");
  });

  test.each([
    [{}, "UNNAMED_INTERNAL_RESOURCE"],
    [{ name: "orders" }, "none"],
  ])("topics and store of a foreign-key join with %j have explicit names: %s", (options, code) => {
    const builder = new StreamsBuilder();
    const serdes = { key: string(), value: string() };
    builder
      .table("in", { ...serdes, store: "in" })
      .join(builder.table("others", { ...serdes, store: "others" }), (left) => left, {
        foreignKey: (value) => value,
        value: string(),
        store: "joined",
        ...options,
      });
    expect(codeOf(() => builder.build({ requireExplicitNames: true }))).toBe(code);
  });
});

describe("streams of other builders", () => {
  test.each([
    ["another builder's stream", () => new StreamsBuilder().stream("a")],
    ["no stream", () => ({})],
  ])("merge refuses %s", (_what, other) => {
    const merge = () => new StreamsBuilder().stream("b").merge(other() as KStream<never, never>);
    expect(codeOf(merge)).toBe("FOREIGN_STREAM");
  });
});

describe("topics", () => {
  test("a topic read as a stream and as a table is refused", () => {
    const builder = new StreamsBuilder();
    builder.stream("in");
    builder.table("in");
    expect(codeOf(() => builder.build())).toBe("TOPIC_REGISTERED_TWICE");
  });

  test("lists of topics that overlap are refused, equal ones share a source (PLAN-2)", () => {
    const overlapping = new StreamsBuilder();
    overlapping.stream(["a", "b"]);
    overlapping.stream("b");
    expect(codeOf(() => overlapping.build())).toBe("OVERLAPPING_TOPICS");
    const equal = new StreamsBuilder();
    equal.stream(["a", "b"]).to("out-1");
    equal.stream(["b", "a"]).to("out-2");
    expect(equal.build().nodes.filter((node) => node.kind === "source")).toHaveLength(1);
  });

  test("different offset resets on one topic are refused", () => {
    const builder = new StreamsBuilder();
    builder.stream("a", { offsetReset: "earliest" });
    builder.stream("a", { offsetReset: "latest" });
    expect(codeOf(() => builder.build())).toBe("OFFSET_RESET_CONFLICT");
  });

  test("a pattern that matches a topic of another source is refused", () => {
    const builder = new StreamsBuilder();
    builder.stream("orders-1");
    builder.stream(/orders-\d/);
    expect(codeOf(() => builder.build())).toBe("TOPIC_REGISTERED_TWICE");
  });

  test("of branches of one change of key, a repartition topic that cannot be merged stays", () => {
    const builder = new StreamsBuilder();
    const words = builder
      .stream("lines", { key: string(), value: string() })
      .selectKey((line) => line, { key: string() });
    const { long, rest } = words.split({ long: (word) => word.length > 5, rest: otherwise });
    long.groupByKey().count({ store: "long" });
    rest.groupByKey().count({ store: "rest" });
    const topics = builder
      .build({ optimize: ["merge.repartition.topics"] })
      .subtopologies("app")
      .flatMap(({ repartitionTopics }) => repartitionTopics.map(({ name }) => name));
    expect(topics).toEqual(["app-long-repartition", "app-rest-repartition"]);
  });

  test("an unknown optimisation is refused", () => {
    const optimize = ["everything" as "merge.repartition.topics"];
    expect(codeOf(() => wordCount().build({ optimize }))).toBe("INVALID_CONFIG");
  });
});

describe("the plan", () => {
  test("PLAN-1: building twice gives equal topologies", () => {
    const builder = wordCount();
    expect(builder.build().describe()).toBe(builder.build().describe());
  });

  test("PLAN-3: repartitions below one change of key become one where that is asked for", () => {
    const builder = new StreamsBuilder();
    const byName = builder
      .stream("in", { key: string(), value: string() })
      .selectKey((value) => value);
    const serdes = { key: string() };
    byName.groupByKey(serdes).count({ store: "first" });
    byName.groupByKey(serdes).count({ store: "second" });
    const topicsOf = (optimize: "all" | "none"): readonly string[] =>
      builder
        .build({ optimize })
        .subtopologies("app")
        .flatMap((part) => part.repartitionTopics.map((topic) => topic.name));
    expect(topicsOf("none")).toEqual(["app-first-repartition", "app-second-repartition"]);
    expect(topicsOf("all")).toEqual(["app-first-repartition"]);
  });

  test("PLAN-4: a table's source topic serves as its changelog where that is asked for", () => {
    const builder = new StreamsBuilder();
    builder.table("customers", { key: string(), value: string(), store: "customers" });
    const changelogs = (optimize: "all" | "none") =>
      builder.build({ optimize }).subtopologies("app")[0].changelogTopics;
    expect(changelogs("none")[0].name).toBe("app-customers-changelog");
    expect(changelogs("all")[0]).toMatchObject({ name: "customers", isSourceTopic: true });
  });

  test("the fingerprint covers topics and stores, not operators", () => {
    const build = (change: "none" | "operator" | "store"): string => {
      const builder = new StreamsBuilder();
      const stream = builder.stream("in", { key: string(), value: json<number>() });
      const next = change === "operator" ? stream.filter((value) => value > 0) : stream;
      next.groupByKey().count({ store: change === "store" ? "other" : "counts" });
      return builder.build().fingerprint();
    };
    expect(build("operator")).toBe(build("none"));
    expect(build("store")).not.toBe(build("none"));
    expect(build("none")).toMatch(/^[0-9a-f]{16}$/);
  });
});
