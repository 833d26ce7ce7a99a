import { encodeUtf8 } from "@millrace/model";
import { bytes, json, optional, string, windowed, type Serde } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { TopologyTestDriver } from "./topology-test-driver.ts";

const text = { key: string(), value: string() };
let driver: TopologyTestDriver;

beforeEach(() => {
  const builder = new StreamsBuilder();
  builder.stream("in", text).to("out");
  driver = new TopologyTestDriver(builder.build(), { startMs: 500 });
});
afterEach(() => driver.close());

const written = (): readonly (readonly [string | null, string | null, number])[] =>
  driver
    .output("out", text)
    .readAll()
    .map(({ key, value, timestamp }) => [key, value, timestamp] as const);

describe("an input", () => {
  test("takes lists of pairs, at times of their own or by those of the topic", () => {
    const input = driver.input("in", { ...text, startMs: 100, advance: "1s" });
    input.pipeAll([
      ["a", "1"],
      ["b", "2"],
    ]);
    input.pipeAll(
      [
        ["c", "3"],
        ["d", "4"],
      ],
      { startMs: 7, advance: "2ms" },
    );
    input.pipe("e", "5");
    expect(written()).toEqual([
      ["a", "1", 100],
      ["b", "2", 1100],
      ["c", "3", 7],
      ["d", "4", 9],
      ["e", "5", 2100],
    ]);
  });

  test("advances its own time, and leaves the wall clock alone", () => {
    const input = driver.input("in", text);
    input.advanceTime("1s");
    input.pipe("a", "1");
    input.advanceTime(1);
    input.pipe("b", "2", { headers: [["h", encodeUtf8("x")]] });
    driver.input("in", text).pipe("c", "3");
    expect(written().map(([, , time]) => time)).toEqual([1500, 1501, 500]);
    expect(driver.output("out", text).readAll()[1].headers).toEqual([["h", encodeUtf8("x")]]);
  });

  test("takes values without keys", async () => {
    const builder = new StreamsBuilder();
    builder.stream("in", { value: string() }).to("out");
    await using keyless = new TopologyTestDriver(builder.build());
    const input = keyless.input("in", text);
    input.pipeValue("a", { timestamp: 1 });
    input.pipeValues(["b", "c"], { startMs: 5, advance: 5 });
    const out = keyless.output("out", text);
    expect(out.readAll().map(({ key, value, timestamp }) => [key, value, timestamp])).toEqual([
      [null, "a", 1],
      [null, "b", 5],
      [null, "c", 10],
    ]);
  });

  test("DRIVER-4: refuses lists that are none, and steps without a start", () => {
    const input = driver.input("in", text);
    expect(() => input.pipeAll({ a: "1" } as never)).toThrow(/a list of pairs/);
    expect(() => input.pipeAll(["a"] as never)).toThrow(/a list of pairs/);
    expect(() => input.pipeAll([["a", "1"]], { advance: "1s" })).toThrow(/give both/);
    expect(() => input.pipeAll([["a", "1"]], { start: 1 } as never)).toThrow(/startMs/);
    expect(() => input.advanceTime("soon" as never)).toThrow(/advanceTime/);
    expect(written()).toEqual([]);
  });
});

test("an output gives values and pairs one by one, and says how many are left", () => {
  driver.input("in", text).pipeAll([
    ["a", "1"],
    ["b", "2"],
  ]);
  const output = driver.output("out", text);
  expect(output.size).toBe(2);
  expect(output.readValue()).toBe("1");
  expect(output.readPair()).toEqual(["b", "2"]);
  expect([output.size, output.isEmpty]).toEqual([0, true]);
  for (const read of [() => output.readValue(), () => output.readPair()])
    expect(read).toThrow(expect.objectContaining({ code: "NO_RECORD" }));
});

describe("an output as a table", () => {
  const window = (start: number): { start: number; end: number } => ({ start, end: start + 10 });
  const kinds: readonly (readonly [string, Serde<unknown>, (n: number) => object])[] = [
    [
      "windowed",
      windowed(string(), { size: 10 }) as Serde<unknown>,
      (n) => ({ key: "a", window: window(n * 10) }),
    ],
    ["JSON", json() as Serde<unknown>, (id) => ({ id })],
    ["bytes", bytes() as Serde<unknown>, (n) => Uint8Array.of(n)],
  ];

  test.each(kinds)("has one value of each key, found by an equal one: %s", (_kind, key, keyOf) => {
    for (const [n, value] of [
      [1, "first"],
      [2, "other"],
      [1, "last"],
    ] as const)
      driver.pipe({
        topic: "in",
        key: key.serialize(keyOf(n), "in"),
        value: encodeUtf8(value),
        timestamp: 0,
        headers: [],
      });
    const table = driver.output("out", { key, value: string() }).readTable();
    expect(table).toEqual(
      new Map([
        [keyOf(1), "last"],
        [keyOf(2), "other"],
      ]),
    );
    expect([table.get(keyOf(1)), table.has(keyOf(2)), table.get(keyOf(3))]).toEqual([
      "last",
      true,
      undefined,
    ]);
    expect([table.has("none"), table.has({ none: Symbol("none") }), table.has(null)]).toEqual([
      false,
      false,
      false,
    ]);
  });

  test("its keys are never null, so that those in windows are taken apart at once", () => {
    const key = windowed(string(), { size: "10ms" });
    driver.pipe({
      topic: "in",
      key: key.serialize({ key: "a", window: { start: 20, end: 30 } }, "in"),
      value: encodeUtf8("b"),
      timestamp: 0,
      headers: [],
    });
    const found: unknown[] = [];
    const output = driver.output("out", { key, value: string() });
    for (const [{ key: name, window }] of output.readTable()) found.push(name, window.end);
    expect(found).toEqual(["a", 30]);
  });

  test("has a null key where the serde is optional, and refuses one where it is not", async () => {
    const keyless = new StreamsBuilder();
    keyless
      .stream("in", text)
      .selectKey((): string | null => null)
      .to("out", { key: optional(string()), value: string() });
    await using other = new TopologyTestDriver(keyless.build());
    const input = other.input("in", text);
    input.pipe("a", "1");
    const nullable = other.output("out", { key: optional(string()), value: string() });
    expect([...nullable.readTable()]).toEqual([[null, "1"]]);
    expect(() => other.output("out", text).readTable()).toThrow(
      expect.objectContaining({ code: "NULL_KEY", message: expect.stringContaining("readPairs") }),
    );
    expect(other.output("out", text).readPairs()).toEqual([[null, "1"]]);
  });
});

test("an output that no sink writes to says so where a record is read", async () => {
  const read = (topic: string) => () => driver.output(topic, text).read();
  expect(read("uot")).toThrow(
    /0 were written so far\. No sink .* writes to it; did you mean out\?/,
  );
  expect(read("elsewhere")).toThrow(/No sink .* writes to it; sinks write to out/);
  expect(read("out")).toThrow(/0 were written so far$/);
});
