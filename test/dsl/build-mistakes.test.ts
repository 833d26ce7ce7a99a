import { inspect } from "node:util";

import { BaseError } from "@millrace/model";
import { int64AsNumber, string } from "@millrace/serde";
import { keyValueStore } from "@millrace/state";
import { StreamsBuilder, Topology } from "@millrace/streams";
import { describe, expect, test } from "vitest";

import { isVerify } from "../interop/apache-kafka.ts";

/** What a program in JavaScript may do: the types would refuse it. */
type Loose = Readonly<Record<string, (...given: unknown[]) => Loose>>;

const serdes = { key: string(), value: string() };

function loose(): { readonly builder: Loose; readonly lines: Loose; readonly grouped: Loose } {
  const builder = new StreamsBuilder() as unknown as Loose;
  const lines = builder.stream("lines", serdes);
  return { builder, lines, grouped: lines.groupByKey() };
}

function refused(misuse: () => unknown): { readonly code: string; readonly message: string } {
  try {
    misuse();
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error("it was to be refused");
}

type Misuse = (given: unknown, program: ReturnType<typeof loose>) => unknown;
const some = (): null => null;

/** Each operator with something in the place of its callback. */
const callbacks: Readonly<Record<string, Misuse>> = {
  filter: (given, { lines }) => lines.filter(given),
  filterNot: (given, { lines }) => lines.filterNot(given),
  map: (given, { lines }) => lines.map(given),
  mapValues: (given, { lines }) => lines.mapValues(given),
  flatMap: (given, { lines }) => lines.flatMap(given),
  flatMapValues: (given, { lines }) => lines.flatMapValues(given),
  selectKey: (given, { lines }) => lines.selectKey(given),
  groupBy: (given, { lines }) => lines.groupBy(given, serdes),
  peek: (given, { lines }) => lines.peek(given),
  foreach: (given, { lines }) => lines.foreach(given),
  print: (given, { lines }) => lines.print(given),
  reduce: (given, { grouped }) => grouped.reduce(given),
  aggregate: (given, { grouped }) => grouped.aggregate(some, given, { value: int64AsNumber() }),
  "aggregate's initialiser": (given, { grouped }) =>
    grouped.aggregate(given, some, { value: int64AsNumber() }),
};

/** The same within options. */
const optionCallbacks: Readonly<Record<string, Misuse>> = {
  stream: (timestampExtractor, { builder }) => builder.stream("x", { timestampExtractor }),
  table: (timestampExtractor, { builder }) => builder.table("x", { timestampExtractor }),
  to: (partitioner, { lines }) => lines.to("out", { partitioner }),
};

const noFunctions = [undefined, null, "x", 5, {}, [], Promise.resolve(some), async () => null];
const place = /\(at .*build-mistakes\.test\.ts:\d+:\d+\)$/;

describe("DSL-6: what is no synchronous function is refused where the operator is called", () => {
  test.each(Object.keys(callbacks))("%s", (name) => {
    const operator = name.split("'")[0];
    for (const given of noFunctions) {
      const { code, message } = refused(() => callbacks[name](given, loose()));
      expect(code).toBe("INVALID_ARGUMENT");
      expect(message).toMatch(
        new RegExp(`^${operator} was given .* as argument [12]; give a synchronous function, \\(`),
      );
      expect(message).toMatch(place);
    }
  });

  test.each(Object.keys(optionCallbacks))("an option of %s", (name) => {
    for (const given of noFunctions.slice(1)) {
      const { code, message } = refused(() => optionCallbacks[name](given, loose()));
      expect(code).toBe("INVALID_OPTION");
      expect(message).toMatch(new RegExp(`^${name}: .*; give a synchronous function, \\(`));
      expect(message).toMatch(place);
    }
  });

  test("a branch of split", () => {
    for (const given of noFunctions) {
      const { code, message } = refused(() => loose().lines.split({ big: given }));
      expect(code).toBe("INVALID_ARGUMENT");
      expect(message).toMatch(
        /^split was given .* as its branch big; give a synchronous function, /,
      );
      expect(message).toMatch(place);
    }
  });

  test("the place is that of the operator in a chain, not of the statement", () => {
    const { lines } = loose();
    const lineOf = (text = ""): number => Number(/(\d+):\d+\)?$/.exec(text)?.[1]);
    let lineBefore = 0;
    const { message } = refused(() =>
      lines
        .filter(some)
        .filter((lineBefore = lineOf(new Error().stack?.split("\n")[1])) === 0 ? some : some)
        .mapValues("x")
        .to("out"),
    );
    expect(lineOf(message)).toBe(lineBefore + 1);
  });
});

describe("DSL-6: the same of other arguments", () => {
  const longest = "x".repeat(249);
  const noNames = ["", "a topic", "..", ".", "a/b", "größe", `${longest}x`];
  const noTopics = [undefined, null, ...noNames, 5, {}, [5], [""], Promise.resolve("x")];
  test.each([
    ["stream", (given, { builder }) => builder.stream(given)],
    ["table", (given, { builder }) => builder.table(given)],
    ["globalTable", (given, { builder }) => builder.globalTable(given)],
    ["to", (given, { lines }) => lines.to(given)],
  ] as const satisfies readonly (readonly [string, Misuse])[])("topics of %s", (name, misuse) => {
    for (const given of noTopics) {
      const { code, message } = refused(() => misuse(given, loose()));
      expect(code).toBe("INVALID_ARGUMENT");
      expect(message).toMatch(
        new RegExp(`^${name} was given .* as argument 1; give a topic's name`),
      );
      expect(message).toMatch(place);
    }
    misuse(longest, loose());
  });

  test.each(["", "a name", "..", `${longest}x`])(
    "a repartition topic that is called %j",
    (name) => {
      expect(refused(() => loose().lines.repartition({ name })).code).toMatch(
        /^INVALID_(NAME|OPTION)$/,
      );
    },
  );

  test.each(noNames)("topics of a topology by hand that are called %j", (name) => {
    const supplier = () => ({ process: some });
    const store = keyValueStore({ name: "kept", ...serdes });
    const byHand = () => new Topology().addSource("in", "lines", serdes);
    const misuses = [
      () => byHand().addSource("other", ["rows", name], serdes),
      () => byHand().addSink("out", name, { parents: "in" }),
      () => byHand().addGlobalStore(store, name, { supplier }),
      () => byHand().addReadOnlyStateStore(store, name, { supplier }),
    ];
    for (const misuse of misuses)
      expect(refused(misuse)).toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringMatching(/give (a topic's name|a name, or)/) as unknown,
      });
  });

  test.each([undefined, null, "lines", {}, 5])("merge with %j, which is no stream", (given) => {
    const { code, message } = refused(() => loose().lines.merge(given));
    expect(code).toBe("FOREIGN_STREAM");
    expect(message).toMatch(/^merge was given .*; give a stream of the same StreamsBuilder/);
    expect(message).toMatch(place);
  });

  test("merge with a stream of another builder", () => {
    expect(refused(() => loose().lines.merge(loose().lines)).message).toMatch(
      /^merge was given a stream of another StreamsBuilder/,
    );
  });

  test.each([null, "name", 5, () => {}])("options that are %s", (given) => {
    const { code, message } = refused(() => loose().lines.filter(some, given));
    expect(code).toMatch(/_OPTION$/);
    expect(message).toMatch(place);
  });

  test.each([
    [{ optimise: "all" }, /build has no option "optimise".*optimize/],
    [{ optimize: 5 }, /optimize is 5/],
    [{ optimize: "everything" }, /optimize is "everything"/],
    [{ requireExplicitNames: "yes" }, /requireExplicitNames is "yes"/],
    [{ storeEngine: "persistent" }, /storeEngine is "persistent"; give "rocksdb" or "memory"/],
    ["all", /build takes an object of options/],
  ])("options of build: %j", (given, message) => {
    expect(refused(() => loose().builder.build(given)).message).toMatch(message);
  });
});

describe("a serde that is missing", () => {
  test.each<[string, (program: ReturnType<typeof loose>) => unknown, RegExp]>([
    [
      "to",
      ({ lines }) => lines.mapValues(some).to("out"),
      /option value: .* to to\(topic, options\)/,
    ],
    [
      "groupByKey",
      ({ lines }) => lines.map(some).groupByKey(),
      /option key: .*groupByKey\(options\)/,
    ],
    ["groupBy", ({ lines }) => lines.groupBy(some), /option key: .*groupBy\(selector, options\)/],
    [
      "groupBy",
      ({ lines }) => lines.mapValues(some).groupBy(some, { key: string() }),
      /option value/,
    ],
  ])("is told by option and operator: %s", (operator, misuse, message) => {
    const { code, message: told } = refused(() => misuse(loose()));
    expect(code).toBe("MISSING_SERDE");
    expect(told).toMatch(new RegExp(`^${operator} needs the option`));
    expect(told).toMatch(message);
    expect(told).toMatch(place);
  });
});

describe("DSL-6: no method of the DSL fails without a name, whatever it is given", () => {
  const objects: Readonly<Record<string, () => Loose>> = {
    builder: () => loose().builder,
    stream: () => loose().lines,
    "grouped stream": () => loose().grouped,
    table: () => loose().builder.table("customers", serdes),
    "grouped table": () =>
      loose()
        .builder.table("customers", serdes)
        .groupBy((value: string) => ({ key: value, value }), serdes),
  };
  const methods = Object.keys(objects).flatMap((name) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(objects[name]()))
      .filter((method) => method !== "constructor" && typeof objects[name]()[method] === "function")
      .map((method) => [name, method]),
  );
  const wrongs = [
    undefined,
    null,
    5,
    true,
    "",
    "x",
    [],
    {},
    some,
    async () => {},
    Promise.resolve(),
  ];
  /** All of them with each pair before them under verify; else each with some pairs, and each pair with one of them. */
  const thirds = [undefined, null, 5, { value: string() }];

  test.each(methods)("%s: %s", (name, method) => {
    for (const [row, first] of wrongs.entries())
      for (const [column, second] of wrongs.entries())
        for (const third of isVerify ? thirds : [thirds[(row + column) % thirds.length]]) {
          const given = [first, second, third];
          try {
            objects[name]()[method](...given);
          } catch (error) {
            // Thousands are thrown: inspected is what is told.
            if (error instanceof BaseError) continue;
            expect.fail(`${inspect(given)}: ${inspect(error)}`);
          }
        }
  });
});
