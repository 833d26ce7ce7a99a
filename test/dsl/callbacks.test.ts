import { json, optional, string } from "@millrace/serde";
import { StreamsBuilder, StreamsError, type KStream } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const text = { key: string(), value: string() };
const pair = { key: "k", value: "v" };
const nothing = optional(json<null>());

/** As if types had been escaped, or the program were written in JavaScript. */
const escaped = (result: unknown) => (): never => result as never;

type Source = KStream<string, string, "known", "known">;

/** What becomes of one record, `k` and `v`, behind what `define` adds. */
async function outcome(define: (source: Source) => void): Promise<StreamsError | "none"> {
  const builder = new StreamsBuilder();
  define(builder.stream("in", text));
  await using driver = new TopologyTestDriver(builder.build());
  try {
    driver.input("in", text).pipe("k", "v", { timestamp: 5 });
    return "none";
  } catch (thrown) {
    if (thrown instanceof StreamsError) return thrown;
    throw thrown;
  }
}

/** Each operator with a callback that gives `result`. */
const operators: Readonly<Record<string, (source: Source, result: unknown) => void>> = {
  filter: (source, result) => source.filter(escaped(result)),
  filterNot: (source, result) => source.filterNot(escaped(result)),
  map: (source, result) => source.map(escaped(result)),
  mapValues: (source, result) => source.mapValues(escaped(result)),
  flatMap: (source, result) => source.flatMap(escaped(result)),
  flatMapValues: (source, result) => source.flatMapValues(escaped(result)),
  selectKey: (source, result) => source.selectKey(escaped(result)),
  groupBy: (source, result) =>
    source.groupBy(() => escaped(result)() as string, { key: string() }).count(),
  peek: (source, result) => source.peek(escaped(result)),
  foreach: (source, result) => source.foreach(escaped(result)),
  print: (source, result) => source.print(escaped(result)),
  reduce: (source, result) => {
    const twice = source.flatMapValues((value) => [value, value]).groupByKey({ value: string() });
    twice.reduce(escaped(result));
  },
  aggregate: (source, result) =>
    source.groupByKey().aggregate(() => 0, escaped(result), { value: json<number>() }),
  "aggregate's initialiser": (source, result) =>
    source.groupByKey().aggregate(escaped(result), () => 1, { value: json<number>() }),
  "topic extractor": (source, result) => source.to(escaped(result)),
  partitioner: (source, result) => source.to("out", { partitioner: escaped(result) }),
};

describe("DSL-4: a promise is not a value", () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): number => unhandled.push(reason);
  beforeEach(() => void process.on("unhandledRejection", note));
  afterEach(() => void process.off("unhandledRejection", note));

  test.each(Object.keys(operators))("%s refuses one by name", async (operator) => {
    const error = await outcome((source) => operators[operator](source, Promise.resolve("v")));
    expect(error).toMatchObject({
      code: "PROCESSING_FAILED",
      cause: { code: "CALLBACK_GAVE_PROMISE" },
    });
    expect(String(error)).toContain(operator);
    expect(String(error)).toContain("await");
  });

  test("the timestamp extractor refuses one", async () => {
    const builder = new StreamsBuilder();
    builder.stream("in", { ...text, timestampExtractor: escaped(Promise.resolve(5)) });
    await using driver = new TopologyTestDriver(builder.build());
    expect(() => driver.input("in", text).pipe("k", "v")).toThrow(
      expect.objectContaining({
        code: "INVALID_TIMESTAMP",
        cause: expect.objectContaining({ code: "CALLBACK_GAVE_PROMISE" }),
      }),
    );
  });

  test("one that rejects is refused too, and its rejection does not end the process", async () => {
    const rejected = outcome((source) =>
      source.peek(() => Promise.reject(new Error("later")) as never),
    );
    expect(await rejected).toMatchObject({ cause: { code: "CALLBACK_GAVE_PROMISE" } });
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });

  test("anything with a then is taken for one", async () => {
    // oxlint-disable-next-line unicorn/no-thenable -- as the promises of other libraries are
    const then = { then: () => {} };
    expect(await outcome((source) => source.mapValues(escaped(then)))).toMatchObject({
      cause: { code: "CALLBACK_GAVE_PROMISE" },
    });
  });
});

describe("DSL-4: an error handler", () => {
  const failing = (builder: StreamsBuilder): void =>
    builder.stream("in", text).foreach(() => {
      throw new Error("broken");
    });

  test.each([Promise.resolve("continue"), undefined, "skip", true])(
    "that gives %s ends the task instead of passing records over in silence",
    async (response) => {
      const builder = new StreamsBuilder();
      failing(builder);
      const onProcessingError = () => response as "continue";
      await using driver = new TopologyTestDriver(builder.build(), { onProcessingError });
      expect(() => driver.input("in", text).pipe("k", "v")).toThrow(/"fail" or "continue"/);
    },
  );

  test("may pass a record over", async () => {
    const builder = new StreamsBuilder();
    failing(builder);
    const onProcessingError = () => "continue" as const;
    await using driver = new TopologyTestDriver(builder.build(), { onProcessingError });
    driver.input("in", text).pipe("k", "v");
    expect(driver.droppedRecords).toBe(1);
  });
});

describe("DSL-4: undefined is not a value", () => {
  test.each([
    "map",
    "mapValues",
    "flatMap",
    "flatMapValues",
    "selectKey",
    "groupBy",
    "reduce",
    "aggregate",
    "aggregate's initialiser",
    "topic extractor",
  ])("%s refuses it by name", async (operator) => {
    const error = await outcome((source) => operators[operator](source, undefined));
    expect(error).toMatchObject({ cause: { code: "CALLBACK_GAVE_UNDEFINED" } });
    expect(String(error)).toContain(operator);
  });

  test.each([
    ["map", (source: Source) => source.map(escaped({ key: "k" }))],
    ["map", (source: Source) => source.map(escaped({ value: "v" }))],
    ["flatMap", (source: Source) => source.flatMap(escaped([{ key: "k" }]))],
    ["flatMap", (source: Source) => source.flatMap(escaped([undefined]))],
    ["flatMapValues", (source: Source) => source.flatMapValues(escaped(["a", undefined]))],
  ] as const)("%s refuses it within its result", async (operator, define) => {
    const error = await outcome(define);
    expect(error).toMatchObject({ cause: { code: "CALLBACK_GAVE_UNDEFINED" } });
    expect(String(error)).toContain(operator);
  });

  test.each([null, "", "..", "a topic", 5])("a topic extractor is refused %j", async (chosen) => {
    const error = await outcome((source) => source.to(escaped(chosen)));
    expect(error).toMatchObject({ cause: { code: "CALLBACK_GAVE_NO_TOPIC" } });
    expect(String(error)).toContain("the topic extractor gave");
  });

  test("null is one: it deletes in tables, and is written as a tombstone", async () => {
    const builder = new StreamsBuilder();
    const source = builder.stream("in", text);
    source.mapValues(() => null).to("out", { value: nothing });
    const counts = source.groupByKey().aggregate(
      () => null,
      (_, value): string | null => (value === "end" ? null : value),
      { value: optional(string()), store: "last" },
    );
    await using driver = new TopologyTestDriver(builder.build());
    driver.input("in", text).pipe("k", "v");
    expect(driver.store(counts).get("k")).toMatchObject({ value: "v" });
    driver.input("in", text).pipe("k", "end");
    expect(driver.store(counts).get("k")).toBeNull();
    expect(driver.output("out", { ...text, value: nothing }).read()).toMatchObject({
      value: null,
    });
  });
});

describe("DSL-4: a list of results", () => {
  test.each(["flatMap", "flatMapValues"])(
    "%s refuses a string, which is one value",
    async (operator) => {
      const error = await outcome((source) => operators[operator](source, "words"));
      expect(error).toMatchObject({ cause: { code: "CALLBACK_GAVE_NO_LIST" } });
      expect(String(error)).toContain(operator);
    },
  );

  test.each([null, 5, { key: "k", value: "v" }])("%j is none", async (result) => {
    for (const operator of ["flatMap", "flatMapValues"])
      expect(await outcome((source) => operators[operator](source, result))).toMatchObject({
        cause: { code: "CALLBACK_GAVE_NO_LIST" },
      });
  });

  test("is an array, a set or a generator", async () => {
    const builder = new StreamsBuilder();
    const source = builder.stream("in", text);
    source.flatMapValues((value) => [value, value]).to("array", { value: string() });
    source.flatMapValues((value) => new Set([value])).to("set", { value: string() });
    source
      .flatMapValues(function* (value) {
        yield value;
        yield `${value}!`;
      })
      .to("generator", { value: string() });
    await using driver = new TopologyTestDriver(builder.build());
    driver.input("in", text).pipe("k", "v");
    const written = (topic: string) =>
      driver
        .output(topic, text)
        .readAll()
        .map(({ value }) => value);
    expect(written("array")).toEqual(["v", "v"]);
    expect(written("set")).toEqual(["v"]);
    expect(written("generator")).toEqual(["v", "v!"]);
  });

  test.each<[unknown, string]>([
    [["k", "v"], "an array"],
    [{ k: 1, v: 2 }, "an object with k, v"],
    [{}, "an object with nothing in it"],
  ])("who makes records refuses %j, which is none", async (result, shown) => {
    const makers: readonly ((source: Source) => unknown)[] = [
      (source) => source.map(escaped(result)),
      (source) => source.flatMap(escaped([result])),
      (source) =>
        source
          .toTable()
          .groupBy(escaped(result) as () => typeof pair, text)
          .count(),
    ];
    for (const make of makers)
      expect(await outcome(make)).toMatchObject({
        cause: {
          code: "CALLBACK_GAVE_NO_RECORD",
          message: expect.stringContaining(`${shown}; return { key, value }`),
        },
      });
  });

  test.each([null, "text", 5])("map refuses %j, which is no record", async (result) => {
    expect(await outcome((source) => source.map(escaped(result)))).toMatchObject({
      cause: { code: "CALLBACK_GAVE_NO_RECORD" },
    });
  });
});

describe("a predicate", () => {
  test.each([1, "yes", {}, [], true, 0, "", null, undefined, NaN, false])(
    "that gives %j keeps as JavaScript's filter does",
    async (result) => {
      const builder = new StreamsBuilder();
      const source = builder.stream("in", text);
      source.filter(() => result).to("kept");
      source.filterNot(() => result).to("left");
      await using driver = new TopologyTestDriver(builder.build());
      driver.input("in", text).pipe("k", "v");
      const kept = ["v"].filter(() => result).length;
      expect(driver.output("kept", text).readAll()).toHaveLength(kept);
      expect(driver.output("left", text).readAll()).toHaveLength(1 - kept);
    },
  );
});
