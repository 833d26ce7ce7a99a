import { OptionError } from "@millrace/model";
import { int64AsNumber, string, type Serde } from "@millrace/serde";
import { describe, expect, test } from "vitest";

import type { KStream } from "./types/k-stream.ts";
import { StreamsBuilder } from "./streams-builder.ts";
import { session } from "./windows/session-windows.ts";
import { sliding } from "./windows/sliding-windows.ts";
import { tumbling } from "./windows/time-windows.ts";

/** What a program in JavaScript may do: the types would refuse it. */
type Loose = Readonly<Record<string, (...given: unknown[]) => Loose>>;

const serdes = { key: string(), value: string() };

function loose(): { readonly builder: Loose; readonly lines: Loose } {
  const builder = new StreamsBuilder();
  const lines: KStream<string, string> = builder.stream("lines", serdes);
  return { builder: builder as unknown as Loose, lines: lines as unknown as Loose };
}

function messageOf(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    if (error instanceof OptionError) return error.message;
    throw error;
  }
  return "nothing was refused";
}

describe("an option that an operator does not have is refused, and the nearest one named", () => {
  const callback = (): null => null;
  test.each([
    ["stream", ({ builder }) => builder.stream("x", { vale: string() }), "value"],
    ["table", ({ builder }) => builder.table("x", { storeName: "s" }), "store"],
    ["filter", ({ lines }) => lines.filter(callback, { nam: "x" }), "name"],
    ["filterNot", ({ lines }) => lines.filterNot(callback, { nam: "x" }), "name"],
    ["map", ({ lines }) => lines.map(callback, { nam: "x" }), "name"],
    ["mapValues", ({ lines }) => lines.mapValues(callback, { nam: "x" }), "name"],
    ["flatMap", ({ lines }) => lines.flatMap(callback, { nam: "x" }), "name"],
    ["flatMapValues", ({ lines }) => lines.flatMapValues(callback, { nam: "x" }), "name"],
    ["selectKey", ({ lines }) => lines.selectKey(callback, { nam: "x" }), "name"],
    ["peek", ({ lines }) => lines.peek(callback, { nam: "x" }), "name"],
    ["foreach", ({ lines }) => lines.foreach(callback, { nam: "x" }), "name"],
    ["print", ({ lines }) => lines.print(callback, { nam: "x" }), "name"],
    ["merge", ({ lines }) => lines.merge(lines, { nam: "x" }), "name"],
    ["groupBy", ({ lines }) => lines.groupBy(callback, { ...serdes, keys: string() }), "key"],
    ["groupByKey", ({ lines }) => lines.groupByKey({ nam: "x" }), "name"],
    ["to", ({ lines }) => lines.to("x", { vaule: string() }), "value"],
    ["count", ({ lines }) => lines.groupByKey().count({ storeName: "s" }), "store"],
    ["reduce", ({ lines }) => lines.groupByKey().reduce(callback, { stor: "s" }), "store"],
    [
      "aggregate",
      ({ lines }) => lines.groupByKey().aggregate(callback, callback, { ...serdes, store: "s" }),
      "value",
    ],
    ["toStream", ({ lines }) => lines.groupByKey().count().toStream({ nam: "x" }), "name"],
    [
      "aggregate of sessions",
      ({ lines }) =>
        lines
          .groupByKey()
          .windowedBy(session("1h"))
          .aggregate(callback, { aggregator: callback, merger: callback }, { ...serdes }),
      "value",
    ],
    ["cogroup", ({ lines }) => lines.groupByKey().cogroup(callback, { vale: string() }), "value"],
    [
      "aggregate of cogrouped windows",
      ({ lines }) =>
        lines
          .groupByKey()
          .cogroup(callback, { value: string() })
          .windowedBy(sliding("1h"))
          .aggregate(callback, { stor: "s" }),
      "store",
    ],
    [
      "the store of count of windows",
      ({ lines }) =>
        lines
          .groupByKey()
          .windowedBy(session("1h"))
          .count({ store: { retain: "1d" } }),
      "retention",
    ],
    [
      "the store of count",
      ({ lines }) => lines.groupByKey().count({ store: { cache: false } }),
      "caching",
    ],
  ] as const satisfies readonly (readonly [
    string,
    (given: ReturnType<typeof loose>) => unknown,
    string,
  ])[])("%s", (operator, misuse, nearest) => {
    const message = messageOf(() => misuse(loose()));
    expect(message).toMatch(new RegExp(`^${operator} has no option ".*\\b${nearest}\\b`));
  });
});

describe("a value that an option does not take is refused where it is given", () => {
  test.each([
    ["a serde that was not called", (given: Loose) => given.stream("x", { value: string })],
    ["a schema", (given: Loose) => given.stream("x", { value: { "~standard": {} } })],
    ["text for a serde", (given: Loose) => given.table("x", { key: "string" })],
  ])("%s", (_, misuse) => {
    const message = messageOf(() => misuse(loose().builder));
    expect(message).toContain("give a serde, such as string() or json(schema)");
  });

  test("an aggregate without the serde of its values", () => {
    const grouped = loose().lines.groupByKey();
    const message = messageOf(() =>
      grouped.aggregate(
        () => 0,
        () => 0,
        { store: "s" },
      ),
    );
    expect(message).toMatch(/^aggregate: value is missing; give a serde/);
    expect(
      messageOf(() =>
        grouped.aggregate(
          () => 0,
          () => 0,
        ),
      ),
    ).toContain("aggregate");
  });

  test("a store's name for all options", () => {
    const message = messageOf(() => loose().lines.groupByKey().count("counts"));
    expect(message).toMatch(/^count takes an object of options; it was given "counts" \(at .*\)$/);
  });
});

test("what stands before the options is checked: callbacks of sessions, grouped streams", () => {
  const grouped = loose().lines.groupByKey();
  const none = (): null => null;
  const sessions = grouped.windowedBy(session("1h"));
  expect(() => sessions.aggregate(none, none, { value: string() })).toThrow(
    "aggregate of sessions was given a function as argument 2; give { aggregator, merger }",
  );
  const cogrouped = grouped.cogroup(none, { value: string() });
  expect(() => cogrouped.cogroup(loose().lines, none)).toThrow(
    "give a grouped stream of the same StreamsBuilder",
  );
  expect(() => cogrouped.cogroup(loose().lines.groupByKey(), none)).toThrow(
    "a grouped stream of another StreamsBuilder",
  );
  expect(() => cogrouped.windowedBy(session("1h")).aggregate(none)).toThrow(
    "give a synchronous function, (left, right, key) => aggregate",
  );
});

test("retention is at least what windows and their grace need", () => {
  const grouped = loose().lines.groupByKey();
  const store = { retention: 9 };
  const needs = "need at least 10 ms";
  expect(() => grouped.windowedBy(session(7, { grace: 3 })).count({ store })).toThrow(needs);
  expect(() => grouped.windowedBy(sliding(4, { grace: 2 })).count({ store })).toThrow(needs);
});

test("stretches of stream time may be longer than a timer waits", () => {
  const year = "365d";
  const { builder, lines } = loose();
  const text = { key: string(), value: string() };
  const table = builder.table("t", { ...text, store: { name: "t", historyRetention: year } });
  lines.join(table, () => "", { grace: year, key: string(), left: string() });
  lines.join(builder.stream("s", text), () => "", { within: year, grace: year });
  lines.asOfJoin(builder.stream("u", text), () => "", { tolerance: year, grace: year });
  lines.deduplicate(() => "", { within: year, id: string() });
  const grouped = lines.groupByKey();
  grouped.count({ store: { name: "rows", ttl: year } });
  grouped.windowedBy(tumbling("90d")).count({ store: { name: "windows", retention: year } });
  expect(builder.build().describe().toString()).toContain("windows");
});

test("undefined stands for an option that is not given", () => {
  const given: { readonly value: Serde<number>; readonly name: undefined } = {
    value: int64AsNumber(),
    name: undefined,
  };
  expect(messageOf(() => loose().builder.stream("x", given))).toBe("nothing was refused");
});
