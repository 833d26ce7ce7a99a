import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { decodeUtf8 } from "@millrace/model";
import { int64AsNumber, json, string } from "@millrace/serde";
import {
  session,
  sliding,
  StreamsBuilder,
  StreamsError,
  Topology,
  tumbling,
  untilTimeLimit,
} from "@millrace/streams";
import { TopologyTestDriver, type TopologyTestDriverOptions } from "@millrace/testing";
import { describe, expect, test } from "vitest";

const text = { key: string(), value: string() };
const store = { value: string() };
const within = { within: "1m" } as const;
const thisFile = fileURLToPath(import.meta.url);
const lines = readFileSync(thisFile, "utf8").split("\n");

/** Throws from the second record of `in` on. */
type Fail = () => void;

interface Row {
  /** The operator as it is called. */
  readonly operator: string;
  readonly define: (builder: StreamsBuilder, fail: Fail) => unknown;
  /** Default: `in`, where the record came from. Undefined: a timer has none. */
  readonly topic?: RegExp | "none";
  /** True: the failure is that of `settle`. */
  readonly isAwaited?: boolean;
}

const input = (builder: StreamsBuilder) => builder.stream("in", text);
const right = (builder: StreamsBuilder) => builder.stream("right", text);
const table = (builder: StreamsBuilder) => builder.table("in", text);
const rows = (builder: StreamsBuilder) => builder.table("right", text);
const join =
  (fail: Fail) =>
  (left: string | null, other: string | null): string => {
    fail();
    return `${left} ${other}`;
  };
const of =
  <T>(fail: Fail, result: T) =>
  (): T => {
    fail();
    return result;
  };

const failing: readonly Row[] = [
  { operator: "filter", define: (b, fail) => input(b).filter(of(fail, true)) },
  { operator: "filterNot", define: (b, fail) => input(b).filterNot(of(fail, true)) },
  { operator: "map", define: (b, fail) => input(b).map(of(fail, { key: "k", value: "v" })) },
  { operator: "mapValues", define: (b, fail) => input(b).mapValues(of(fail, "v")) },
  { operator: "flatMap", define: (b, fail) => input(b).flatMap(of(fail, [])) },
  { operator: "flatMapValues", define: (b, fail) => input(b).flatMapValues(of(fail, [])) },
  { operator: "selectKey", define: (b, fail) => input(b).selectKey(of(fail, "k")) },
  { operator: "peek", define: (b, fail) => input(b).peek(fail) },
  { operator: "foreach", define: (b, fail) => input(b).foreach(fail) },
  { operator: "print", define: (b, fail) => input(b).print(fail) },
  { operator: "split", define: (b, fail) => input(b).split({ some: of(fail, true) }) },
  {
    operator: "to",
    define: (b, fail) =>
      input(b)
        .peek(() => {})
        .to(of(fail, "out")),
  },
  { operator: "groupBy", define: (b, fail) => input(b).groupBy(of(fail, "k"), text).count() },
  {
    operator: "reduce",
    define: (b, fail) => input(b).groupByKey().reduce(of(fail, "v")),
  },
  {
    operator: "aggregate",
    define: (b, fail) =>
      input(b)
        .groupByKey()
        .aggregate(() => "", of(fail, "v"), store),
  },
  {
    operator: "aggregate",
    define: (b, fail) =>
      input(b)
        .groupByKey()
        .windowedBy(tumbling("1m"))
        .aggregate(() => "", of(fail, "v"), store),
  },
  {
    operator: "reduce",
    define: (b, fail) => input(b).groupByKey().windowedBy(sliding("1m")).reduce(of(fail, "v")),
  },
  {
    operator: "aggregate",
    define: (b, fail) =>
      input(b)
        .groupByKey()
        .windowedBy(session("1m"))
        .aggregate(() => "", { aggregator: () => "v", merger: of(fail, "v") }, store),
  },
  {
    operator: "aggregate",
    define: (b, fail) =>
      input(b)
        .groupByKey()
        .cogroup(of(fail, "v"), store)
        .aggregate(() => ""),
  },
  { operator: "filter", define: (b, fail) => table(b).filter(of(fail, true)) },
  { operator: "mapValues", define: (b, fail) => table(b).mapValues(of(fail, "v"), store) },
  {
    operator: "groupBy",
    define: (b, fail) =>
      table(b)
        .groupBy(of(fail, { key: "k", value: "v" }), text)
        .count(),
  },
  {
    operator: "reduce",
    topic: /-repartition$/,
    define: (b, fail) =>
      table(b)
        .groupBy((value, key) => ({ key, value }), text)
        .reduce({ adder: () => "v", subtractor: of(fail, "v") }),
  },
  { operator: "join", define: (b, fail) => input(b).join(right(b), join(fail), within) },
  { operator: "leftJoin", define: (b, fail) => input(b).leftJoin(right(b), join(fail), within) },
  { operator: "outerJoin", define: (b, fail) => input(b).outerJoin(right(b), join(fail), within) },
  { operator: "join", define: (b, fail) => input(b).join(rows(b), join(fail)) },
  {
    operator: "leftJoin",
    define: (b, fail) =>
      input(b).leftJoin(b.globalTable("right", text), join(fail), { keySelector: () => "k" }),
  },
  { operator: "join", define: (b, fail) => table(b).join(rows(b), join(fail)) },
  { operator: "outerJoin", define: (b, fail) => table(b).outerJoin(rows(b), join(fail)) },
  {
    operator: "join",
    topic: /SUBSCRIPTION-RESPONSE/,
    define: (b, fail) => table(b).join(rows(b), join(fail), { foreignKey: () => "k" }),
  },
  {
    operator: "join",
    define: (b, fail) =>
      table(b).join(
        rows(b),
        join(() => {}),
        { foreignKey: of(fail, "k") },
      ),
  },
  { operator: "process", define: (b, fail) => input(b).process({ process: fail }) },
  { operator: "processValues", define: (b, fail) => input(b).processValues({ process: fail }) },
  {
    operator: "process",
    topic: "none",
    define: (b, fail) =>
      input(b).process({
        init: ({ schedule }) => void schedule("1ms", "streamTime", fail),
        process: () => {},
      }),
  },
  {
    operator: "mapValuesAsync",
    isAwaited: true,
    define: (b, fail) => input(b).mapValuesAsync(async () => of(fail, "v")(), store),
  },
  {
    operator: "foreachAsync",
    isAwaited: true,
    define: (b, fail) => input(b).foreachAsync(async () => fail()),
  },
];

/** Runs two records, of which the second one fails, and perhaps a third one, which does not. */
async function run({ define, isAwaited }: Row, options: TopologyTestDriverOptions = {}) {
  const builder = new StreamsBuilder();
  let isArmed = false;
  define(builder, () => {
    if (isArmed) throw new RangeError("asked to");
  });
  const driver = new TopologyTestDriver(builder.build(), options);
  const pipe = async (topic: string, value: string, timestamp: number) => {
    const isRead =
      topic === "in" ||
      builder
        .build()
        .description()
        .subtopologies.some(({ nodes }) =>
          nodes.some((node) => node.kind === "source" && node.topics.includes(topic)),
        );
    if (isRead) driver.input(topic, text).pipe("k", value, { timestamp });
    if (isAwaited === true) await driver.settle();
  };
  await pipe("right", "r", 0);
  await pipe("in", "a", 1);
  isArmed = true;
  let error: unknown;
  try {
    await pipe("in", "b", 2);
  } catch (thrown) {
    error = thrown;
  }
  isArmed = false;
  return { driver, error: error as StreamsError, pipe };
}

/** The program at a place, from its column on. */
function programAt(place: string | undefined): string {
  const [, file, line, column] = /^(.*):(\d+):(\d+)$/.exec(place ?? "") ?? [];
  expect(file?.replace("file://", "")).toBe(thisFile);
  return lines[Number(line) - 1].slice(Number(column) - 1);
}

const title = (row: Row, index: number): string => `${row.operator} (${index})`;

describe.each(failing.map((row, index) => [title(row, index), row] as const))("%s", (_, row) => {
  test("that throws ends the task, and names operator, record and the line of the program", async () => {
    const { driver, error } = await run(row);
    expect(error).toBeInstanceOf(StreamsError);
    expect(error).toMatchObject({ code: "PROCESSING_FAILED", cause: new RangeError("asked to") });
    expect(error.node).toMatch(/[A-Z]-\d{10}|-repartition/);
    if (row.topic === "none") expect(error).toMatchObject({ topic: undefined, offset: undefined });
    else {
      expect(error.topic).toMatch(row.topic ?? /^in$/);
      expect(error).toMatchObject({ partition: 0, offset: expect.any(Number) });
      if (row.topic === undefined) expect(error.offset).toBe(1);
    }
    expect(programAt(error.place)).toMatch(new RegExp(`^${row.operator}\\(`));
    expect(error.message).toContain(` at ${error.place}`);
    await driver.close();
  });

  test("may be passed over: counted, with a dead letter, and what follows is processed", async () => {
    const { driver, error, pipe } = await run(row, {
      onProcessingError: "continue",
      deadLetterTopic: "dead",
    });
    expect(error).toBeUndefined();
    expect(driver.droppedRecords).toBe(1);
    const letters = driver.takeProduced().filter(({ topic }) => topic === "dead");
    expect(letters).toHaveLength(1);
    const headers = new Map(
      letters[0].headers.map(([name, value]) => [
        name.replace("__streams.errors.", ""),
        value === null ? null : decodeUtf8(value),
      ]),
    );
    expect(headers.get("exception")).toBe("RangeError");
    expect(headers.get("message")).toBe("asked to");
    if (row.topic === "none") expect(headers.get("topic")).toBeNull();
    else {
      expect(headers.get("topic")).toMatch(row.topic ?? /^in$/);
      expect(headers.get("partition")).toBe("0");
      if (row.topic === undefined) expect(headers.get("offset")).toBe("1");
    }
    await pipe("in", "c", 3);
    expect(driver.droppedRecords).toBe(1);
    await driver.close();
  });
});

test("a sink, a source and a full buffer name their lines, too", async () => {
  const cases: readonly [string, (b: StreamsBuilder) => unknown, string][] = [
    ["to", (b) => input(b).to("out", { value: int64AsNumber() as never }), "PRODUCTION_FAILED"],
    [
      "suppress",
      (b) => table(b).suppress(untilTimeLimit("1h", { records: 1, whenFull: "shutDown" })),
      "SUPPRESS_BUFFER_FULL",
    ],
    ["stream", (b) => b.stream("in", { value: json() }), "DESERIALIZATION_FAILED"],
  ];
  for (const [operator, define, code] of cases) {
    const builder = new StreamsBuilder();
    define(builder);
    const driver = new TopologyTestDriver(builder.build());
    const thrown = (): unknown => {
      try {
        driver.input("in", text).pipe("k", "\u{1}{");
        driver.input("in", text).pipe("l", "\u{1}{");
        return undefined;
      } catch (error) {
        return error;
      }
    };
    const error = thrown() as StreamsError;
    expect(error).toMatchObject({ code });
    expect(programAt(error.place)).toMatch(new RegExp(`^${operator}\\(`));
    await driver.close();
  }
});

test("a processor of a topology by hand names the line that added it", async () => {
  const topology = new Topology().addSource("source", "in", text).addProcessor(
    "work",
    () => ({
      process() {
        throw new RangeError("asked to");
      },
    }),
    { parents: "source" },
  );
  const driver = new TopologyTestDriver(topology);
  try {
    driver.input("in", text).pipe("k", "v");
  } catch (error) {
    expect(programAt((error as StreamsError).place)).toMatch(/^addProcessor\(/);
  }
  expect.assertions(2);
  await driver.close();
});
