import { encodeUtf8, OptionError } from "@millrace/model";
import { optional, string } from "@millrace/serde";
import type { WindowStore } from "@millrace/state";
import { CallbackError, StreamsBuilder, type KStream } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { RestartingTask } from "./restarting-task.ts";

const text = { key: string(), value: optional(string()) };

/** The id is the value; null has none. */
function program(
  once: (stream: KStream<string, string | null, "known", "known">) => KStream<string, unknown>,
) {
  const builder = new StreamsBuilder();
  once(builder.stream("in", text)).to("out", { value: optional(string()) as never, key: string() });
  return builder.build();
}
const byValue = (within: number) =>
  program((stream) => stream.deduplicate((value) => value, { within, id: string(), store: "ids" }));

function passed(
  topology: ReturnType<typeof byValue>,
  ...records: (readonly [string | null, number])[]
) {
  const driver = new TopologyTestDriver(topology);
  const input = driver.input("in", text);
  for (const [value, timestamp] of records) input.pipe("k", value, { timestamp });
  return driver
    .output("out", text)
    .readAll()
    .map(({ value, timestamp }) => [value, timestamp]);
}

test("the first record of an id passes, with its own time, and those that follow within the time do not", () => {
  expect(
    passed(byValue(10), ["a", 5], ["b", 6], ["a", 7], ["a", 14], ["a", 15], ["a", 24]),
  ).toEqual([
    ["a", 5],
    ["b", 6],
    ["a", 15],
  ]);
});

test("what comes late is judged by when it comes, not by its time", () => {
  // By stream time, a comes at 100 both times; b comes at 100, long after its own time.
  expect(
    passed(byValue(10), ["x", 100], ["a", 3], ["a", 90], ["b", 1], ["y", 110], ["b", 110]),
  ).toEqual([
    ["x", 100],
    ["a", 3],
    ["b", 1],
    ["y", 110],
    ["b", 110],
  ]);
});

test("what has no id passes", () => {
  expect(passed(byValue(10), [null, 1], [null, 2])).toEqual([
    [null, 1],
    [null, 2],
  ]);
});

test("an id may come from headers and key, and a key that was changed goes through a topic first", () => {
  const topology = program((stream) =>
    stream
      .selectKey((value) => value ?? "", { key: string() })
      .deduplicate((_value, key) => key, { within: "1h", id: string(), name: "once" }),
  );
  const described = topology.describe().toString();
  expect(described).toContain("once-repartition");
  expect(described).toContain("Processor: once (stores: [once-store])");
  expect(passed(topology, ["a", 1], ["b", 2], ["a", 3])).toEqual([
    ["a", 1],
    ["b", 2],
  ]);
});

test.each(["ids", { name: "ids" }])("a name for its store names its topic too: %j", (store) => {
  const builder = new StreamsBuilder();
  builder
    .stream("in", text)
    .selectKey((value) => value, { key: string() })
    .deduplicate((value) => value, { within: "1h", id: string(), store });
  expect(builder.build({ requireExplicitNames: true }).describe()).toContain("ids-repartition");
});

test("it has names of its own in the description", () => {
  const builder = new StreamsBuilder();
  builder.stream("in", text).deduplicate((value) => value, { within: "1h", id: string() });
  const described = builder.build().describe().toString();
  expect(described).toContain(
    "Processor: KSTREAM-DEDUPLICATE-0000000001 (stores: [KSTREAM-DEDUPLICATE-STATE-STORE-0000000002])",
  );
});

test("options that it has not, and values that it does not take, are refused where they are given", () => {
  const stream = new StreamsBuilder().stream("in", text);
  const with_ = (options: object) => () =>
    stream.deduplicate(
      (value) => value,
      options as { within: "1h"; id: ReturnType<typeof string> },
    );
  expect(with_({ id: string() })).toThrow(OptionError);
  expect(with_({ within: "1h" })).toThrow(/id/);
  expect(with_({ within: 0, id: string() })).toThrow("at least 1 ms");
  expect(with_({ within: "1h", id: string(), retention: "1h" })).toThrow(/retention/);
  expect(with_({ within: "1h", id: string(), store: { caching: true } })).toThrow(/caching/);
});

test("an id that is forgotten is a mistake that is told", () => {
  const forgotten = program((stream) =>
    stream.deduplicate(() => undefined as unknown as string, { within: "1h", id: string() }),
  );
  let cause: unknown;
  try {
    passed(forgotten, ["a", 1]);
  } catch (error) {
    cause = (error as Error).cause;
  }
  expect(cause).toBeInstanceOf(CallbackError);
});

test("in any order of time, through restarts, the same pass as in a list of all that passed", async () => {
  const run = fc.record({
    within: fc.integer({ min: 1, max: 30 }),
    records: fc.array(
      fc.tuple(fc.constantFrom("a", "b", "c", null), fc.integer({ min: 0, max: 120 })),
      { maxLength: 60 },
    ),
    restarts: fc.array(fc.integer({ min: 0, max: 59 }), { maxLength: 3 }),
    cacheBytesMax: fc.constantFrom(0, 1_000_000),
    recordsPerCommit: fc.constantFrom(1, 7),
  });
  await fc.assert(
    fc.asyncProperty(run, async ({ within, records, restarts, ...options }) => {
      const task = new RestartingTask(byValue(within), options);
      const expected: unknown[] = [];
      const all: { readonly id: string; readonly at: number }[] = [];
      let now = 0;
      for (const [index, [id, timestamp]] of records.entries()) {
        now = Math.max(now, timestamp);
        const isSeen = all.some((one) => one.id === id && one.at > now - within);
        if (!isSeen) expected.push([id, timestamp]);
        if (!isSeen && id !== null) all.push({ id, at: now });
        task.pipe("in", encodeUtf8("k"), id === null ? null : encodeUtf8(id), timestamp);
        if (restarts.includes(index)) await task.restart();
      }
      task.commit();
      const out = task.read("out", string(), string()).map((one) => [one.value, one.timestamp]);
      await task.close();
      expect(out).toEqual(expected);
    }),
    { numRuns: 150 },
  );
});

test("a record that is delivered again passes again: what it wrote may be lost", async () => {
  const task = new RestartingTask(byValue(1000), { recordsPerCommit: 100 });
  const pipe = (id: string, at: number): void =>
    task.pipe("in", encodeUtf8("k"), encodeUtf8(id), at);
  pipe("a", 1);
  task.commit();
  pipe("b", 2);
  pipe("b", 3);
  await task.crash();
  const before = task.read("out", string(), string()).length;
  pipe("b", 2);
  pipe("b", 3);
  pipe("a", 4);
  pipe("b", 5);
  const out = task.read("out", string(), string()).slice(before);
  await task.close();
  expect(out.map(({ value, timestamp }) => [value, timestamp])).toEqual([["b", 2]]);
});

test("of several records that one is made into, the first of an id passes", () => {
  const topology = program((stream) =>
    stream
      .flatMapValues((line) => (line ?? "").split(" "), { value: string() })
      .deduplicate((word) => word, { within: 1000, id: string(), store: "ids" }),
  );
  expect(passed(topology, ["a b a", 1], ["c b", 2])).toEqual([
    ["a", 1],
    ["b", 1],
    ["c", 2],
  ]);
});

test("ids are forgotten with their time: the store does not grow with the stream", () => {
  const driver = new TopologyTestDriver(byValue(1000));
  const input = driver.input("in", text);
  for (let n = 0; n < 2000; n += 1) input.pipe("k", `id ${n}`, { timestamp: n * 1000 });
  const store = driver.store<WindowStore<string, string>>("ids");
  expect([...store.fetchAll()]).toHaveLength(1);
});
