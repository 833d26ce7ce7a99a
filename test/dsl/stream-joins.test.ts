import { json, string } from "@millrace/serde";
import { StreamsBuilder, type KStream, type Within } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

const text = { key: string(), value: string() };
const pair = (left: string | null, right: string | null): string => `${left}+${right}`;

type Streams = Readonly<Record<"left" | "right", KStream<string, string, "known", "known">>>;
type Options = ConstructorParameters<typeof TopologyTestDriver>[1];

/** What one program does with records of both sides. */
function joined(join: (streams: Streams) => KStream<string, string>, options: Options = {}) {
  const builder = new StreamsBuilder();
  const streams = { left: builder.stream("left", text), right: builder.stream("right", text) };
  join(streams).to("out", text);
  const driver = new TopologyTestDriver(builder.build(), options);
  const inputs = { left: driver.input("left", text), right: driver.input("right", text) };
  const out = driver.output("out", text);
  return {
    driver,
    pipe(side: "left" | "right", value: string, timestamp: number, key = "k"): readonly string[] {
      inputs[side].pipe(key, value, { timestamp });
      return out.readAll().map((record) => `${record.value}@${record.timestamp}`);
    },
  };
}

const within = (bounds: Within, grace = 0) => ({ within: bounds, grace });

describe("a join of two streams brings together what is near enough in time", () => {
  test("on both sides alike", () => {
    const { pipe } = joined(({ left, right }) => left.join(right, pair, within("10ms", 100)));
    pipe("left", "a", 50);
    expect(pipe("right", "39", 39)).toEqual([]);
    expect(pipe("right", "40", 40)).toEqual(["a+40@50"]);
    expect(pipe("right", "60", 60)).toEqual(["a+60@60"]);
    expect(pipe("right", "61", 61)).toEqual([]);
  });

  test("with bounds of the right's time less the left's, which may both be negative", () => {
    const before = joined(({ left, right }) => left.join(right, pair, within(["-20ms", "-5ms"])));
    before.pipe("left", "a", 50);
    expect(before.pipe("right", "30", 30)).toEqual(["a+30@50"]);
    expect(before.pipe("right", "46", 46)).toEqual([]);
    const after = joined(({ left, right }) => left.join(right, pair, within([5, 20])));
    after.pipe("right", "70", 70);
    expect(after.pipe("left", "49", 49)).toEqual([]);
    expect(after.pipe("left", "65", 65)).toEqual(["65+70@70"]);
    expect(after.pipe("left", "66", 66)).toEqual([]);
  });

  test("of one time alone, where both bounds are 0", () => {
    const { pipe } = joined(({ left, right }) => left.join(right, pair, within([0, 0], 10)));
    pipe("left", "a", 5);
    expect(pipe("right", "b", 5)).toEqual(["a+b@5"]);
    expect(pipe("right", "c", 6)).toEqual([]);
  });

  test("records are kept longer for late ones, where retention says so", () => {
    const late = (store: { readonly retention?: number }): readonly string[] => {
      const { pipe } = joined(({ left, right }) =>
        left.join(right, pair, { within: 10, store: { engine: "memory", ...store } }),
      );
      pipe("left", "a", 0);
      pipe("left", "b", 1000);
      return pipe("right", "late", 5);
    };
    expect(late({})).toEqual([]);
    expect(late({ retention: 2000 })).toEqual(["a+late@5"]);
  });
});

describe("what meets nobody gives a result with null", () => {
  test("once nobody can come any more, oldest first, before the results of the record that tells", () => {
    const { pipe } = joined(({ left, right }) => left.outerJoin(right, pair, within(10, 5)));
    expect(pipe("left", "a", 2)).toEqual([]);
    expect(pipe("right", "b", 1, "other")).toEqual([]);
    expect(pipe("right", "c", 17)).toEqual(["null+b@1"]);
    expect(pipe("left", "d", 18)).toEqual(["a+null@2", "d+c@18"]);
  });

  test("on the left side alone in a left join", () => {
    const { pipe } = joined(({ left, right }) => left.leftJoin(right, pair, within(10)));
    pipe("left", "a", 0);
    pipe("right", "b", 0, "other");
    expect(pipe("left", "c", 100)).toEqual(["a+null@0"]);
  });

  test("never where it has met somebody", () => {
    const { pipe } = joined(({ left, right }) => left.leftJoin(right, pair, within(10)));
    pipe("left", "a", 0);
    expect(pipe("right", "b", 10)).toEqual(["a+b@10"]);
    expect(pipe("left", "c", 100)).toEqual([]);
  });

  test("at once where that is asked for, and then what it meets", () => {
    const { pipe, driver } = joined(({ left, right }) =>
      left.outerJoin(right, pair, { within: 10, unmatched: "atOnce" }),
    );
    expect(pipe("left", "a", 0)).toEqual(["a+null@0"]);
    expect(pipe("right", "b", 5)).toEqual(["a+b@5"]);
    expect(pipe("right", "c", 100)).toEqual(["null+c@100"]);
    expect(driver.specifications).toHaveLength(2);
  });

  test("at most so often as emitInterval says, by the wall clock", () => {
    const { pipe, driver } = joined(({ left, right }) => left.leftJoin(right, pair, within(10)), {
      emitIntervalMs: 1000,
      startMs: 5000,
    });
    pipe("left", "a", 0);
    expect(pipe("left", "b", 100)).toEqual([]);
    expect(pipe("left", "c", 200)).toEqual([]);
    driver.advanceWallClock(999);
    expect(pipe("left", "d", 300)).toEqual([]);
    driver.advanceWallClock(1);
    expect(pipe("left", "e", 400)).toEqual(["a+null@0", "b+null@100", "c+null@200", "d+null@300"]);
  });
});

interface Item {
  readonly marks: string[];
}
const items = { key: string(), value: json<Item>() };

test("STATE-5: what a joiner does to its arguments does not reach what is kept", () => {
  const builder = new StreamsBuilder();
  const left = builder.stream("left", items).mapValues(({ marks }) => ({ marks: [...marks] }));
  const join = left.outerJoin(
    builder.stream("right", items),
    (one, other) => {
      one?.marks.push("joined");
      other?.marks.push("joined");
      return { marks: [...(one?.marks ?? []), ...(other?.marks ?? [])] };
    },
    { within: 10, left: json<Item>() },
  );
  join.to("out", { value: json<Item>() });
  const driver = new TopologyTestDriver(builder.build());
  const [lefts, rights] = [driver.input("left", items), driver.input("right", items)];
  lefts.pipe("k", { marks: ["a"] }, { timestamp: 0 });
  for (const mark of ["b", "c"]) rights.pipe("k", { marks: [mark] }, { timestamp: 1 });
  lefts.pipe("k", { marks: ["d"] }, { timestamp: 2 });
  const results = driver.output("out", items).readAll();
  expect(results.map(({ value }) => value?.marks.join(" "))).toEqual([
    "a joined b joined",
    "a joined c joined",
    "d joined b joined",
    "d joined joined c joined",
  ]);
});

describe("whatever comes", () => {
  const record = fc.record({
    side: fc.constantFrom("left" as const, "right" as const),
    key: fc.constantFrom("a", "b"),
    time: fc.integer({ min: 100, max: 160 }), // as in Kafka, bounds before the beginning of time are that beginning
  });
  type Named = { readonly key: string; readonly time: number; readonly name: string };
  const records = fc.array(record, { maxLength: 25 });
  const bounds = fc
    .tuple(fc.integer({ min: -15, max: 15 }), fc.integer({ min: 0, max: 20 }))
    .map(([from, width]): readonly [number, number] => [from, from + width]);

  /** What plain lists say: the pairs, and the records of each side that are in none. */
  function plainly(
    lefts: readonly Named[],
    rights: readonly Named[],
    [from, to]: readonly [number, number],
  ) {
    const isPair = (one: Named, other: Named): boolean =>
      one.key === other.key && other.time - one.time >= from && other.time - one.time <= to;
    const pairs = lefts.flatMap((one) =>
      rights
        .filter((other) => isPair(one, other))
        .map((other) => `${one.name}+${other.name}@${Math.max(one.time, other.time)}`),
    );
    const alone = [
      ...lefts
        .filter((one) => !rights.some((other) => isPair(one, other)))
        .map(({ name, time }) => `${name}+null@${time}`),
      ...rights
        .filter((other) => !lefts.some((one) => isPair(one, other)))
        .map(({ name, time }) => `null+${name}@${time}`),
    ];
    return { pairs, alone };
  }

  function run(
    operator: "join" | "outerJoin",
    window: readonly [number, number],
    given: readonly { readonly side: "left" | "right"; key: string; time: number }[],
  ) {
    const { pipe } = joined(({ left, right }) => left[operator](right, pair, within(window, 200)));
    const all = given.map((one, index) => ({ ...one, name: `${index}` }));
    const results = all.flatMap(({ side, name, time, key }) => pipe(side, name, time, key));
    const last = pipe("left", "end", 10_000, "end");
    const [lefts, rights] = (["left", "right"] as const).map((side) =>
      all.filter((one) => one.side === side),
    );
    const found = [...results, ...last].filter((result) => !result.startsWith("end")).sort();
    return { found, ...plainly(lefts, rights, window) };
  }

  test("within the grace, each pair is joined once", () => {
    fc.assert(
      fc.property(records, bounds, (given, window) => {
        const { found, pairs } = run("join", window, given);
        expect(found).toEqual(pairs.sort());
      }),
      { numRuns: 100 },
    );
  });

  test("in the order of its time, each pair is joined once, and each record without one with null", () => {
    fc.assert(
      fc.property(records, bounds, (given, window) => {
        const inOrder = given.toSorted((one, other) => one.time - other.time);
        const { found, pairs, alone } = run("outerJoin", window, inOrder);
        expect(found).toEqual([...pairs, ...alone].sort());
      }),
      { numRuns: 100 },
    );
  });

  test("a stream joined with itself gives the same with one store as with two", () => {
    const outcome = (
      records: readonly { readonly key: string; readonly time: number }[],
      difference: number,
      optimize: "none" | readonly ["single.store.self.join"],
    ): readonly unknown[] => {
      const builder = new StreamsBuilder();
      const stream = builder.stream("in", text);
      stream.join(stream, pair, within(difference, 200)).to("out", text);
      const driver = new TopologyTestDriver(builder.build({ optimize }));
      expect(driver.specifications).toHaveLength(optimize === "none" ? 2 : 1);
      const input = driver.input("in", text);
      records.forEach(({ key, time }, index) => input.pipe(key, `${index}`, { timestamp: time }));
      return driver.output("out", text).readAll();
    };
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 15 }),
        fc.integer({ min: 1, max: 20 }),
        (...given) => {
          expect(outcome(...given, ["single.store.self.join"])).toEqual(outcome(...given, "none"));
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** What a program in JavaScript may do: the types would refuse it. */
type Loose = Readonly<Record<string, (...given: unknown[]) => Loose>>;

describe("a join that cannot be is refused where it is made, with value and unit", () => {
  const left = (options: unknown): unknown => {
    const builder = new StreamsBuilder() as unknown as Loose;
    return builder.stream("left", text).leftJoin(builder.stream("right", text), pair, options);
  };

  test.each([
    [{}, /leftJoin of streams: within is missing/],
    [{ within: 0 }, /within of leftJoin is 0 ms.*\[0, 0\]/],
    [{ within: "-5m" }, /within of leftJoin is "-5m"/],
    [{ within: "five" }, /within of leftJoin is "five"/],
    [{ within: ["5m"] }, /within of leftJoin is \["5m"\]/],
    [{ within: ["1h", "soon"] }, /within of leftJoin is \["1h", "soon"\]/],
    [{ within: ["10s", "5s"] }, /from 10000 ms to 5000 ms.*lower bound first/],
    [{ within: "5m", grace: "-1s" }, /grace of leftJoin is "-1s"/],
    [
      { within: "1m", grace: "1s", store: { retention: "2m" } },
      /retention of leftJoin is 120000 ms, less than the 121000 ms of its window and grace/,
    ],
    [{ within: "5m", store: { caching: true } }, /the store of leftJoin of streams.*caching/],
    [{ within: "5m", unmatched: "soon" }, /unmatched.*"onWindowClose" or "atOnce"/],
  ])("%j", (options, message) => {
    expect(() => left(options)).toThrow(message);
    expect(() => left(options)).toThrow(/stream-joins\.test\.ts:\d+/);
  });

  test("an inner join, of what has no match", () => {
    const builder = new StreamsBuilder() as unknown as Loose;
    const [one, other] = [builder.stream("left", text), builder.stream("right", text)];
    const options = { within: 5, unmatched: "atOnce" };
    expect(() => one.join(other, pair, options)).toThrow(/join of streams.*unmatched/);
  });

  test("an outer join with a table, and a join of streams of two builders", () => {
    const builder = new StreamsBuilder() as unknown as Loose;
    const stream = builder.stream("left", text);
    const table = builder.table("t", text);
    expect(() => stream.outerJoin(table, pair, { within: 5 })).toThrow(
      /outerJoin was given .*; give a stream of the same StreamsBuilder/,
    );
    const foreign = new StreamsBuilder().stream("right", text);
    expect(() => stream.join(foreign, pair, { within: 5 })).toThrow(/another StreamsBuilder/);
  });
});
