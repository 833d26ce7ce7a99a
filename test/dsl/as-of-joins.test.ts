import { encodeUtf8, OptionError } from "@millrace/model";
import { optional, string } from "@millrace/serde";
import { StreamsBuilder, TopologyError } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { RestartingTask } from "./restarting-task.ts";

const text = { key: string(), value: string() };
const maybe = { key: optional(string()), value: optional(string()) };
const pair = (left: string, right: string | null): string => `${left}+${right}`;

interface Bounds {
  readonly tolerance: number;
  readonly grace?: number;
}

function program(bounds: Bounds) {
  const builder = new StreamsBuilder();
  builder
    .stream("trades", maybe)
    .asOfJoin(builder.stream("quotes", maybe), pair, { ...bounds, store: "quotes-kept" })
    .to("out", { value: string() });
  return builder.build();
}

function joined(bounds: Bounds) {
  const driver = new TopologyTestDriver(program(bounds));
  const inputs = { trades: driver.input("trades", maybe), quotes: driver.input("quotes", maybe) };
  const out = driver.output("out", text);
  return {
    driver,
    pipe(
      topic: "trades" | "quotes",
      value: string | null,
      timestamp: number,
      key: string | null = "k",
    ) {
      inputs[topic].pipe(key, value, { timestamp });
      return out.readAll().map((record) => `${record.value}@${record.timestamp}`);
    },
  };
}

test("a record meets the last one of its key that was there at its time", () => {
  const { pipe } = joined({ tolerance: 10 });
  pipe("quotes", "5", 5);
  pipe("quotes", "8", 8);
  pipe("quotes", "x", 9, "other");
  expect(pipe("trades", "a", 9)).toEqual(["a+8@9"]);
  expect(pipe("trades", "b", 7)).toEqual(["b+5@7"]);
  expect(pipe("trades", "c", 4)).toEqual(["c+null@4"]);
  expect(pipe("trades", "d", 18)).toEqual(["d+8@18"]);
  expect(pipe("trades", "e", 19)).toEqual(["e+null@19"]);
});

test("of records of one time the one that came last counts", () => {
  const { pipe } = joined({ tolerance: 10 });
  pipe("quotes", "first", 5);
  pipe("quotes", "second", 5);
  expect(pipe("trades", "a", 5)).toEqual(["a+second@5"]);
});

test("with grace a record waits for what comes late", () => {
  const { pipe } = joined({ tolerance: 10, grace: 5 });
  pipe("quotes", "5", 5);
  expect(pipe("trades", "a", 9)).toEqual([]);
  pipe("quotes", "8", 8);
  expect(pipe("trades", "b", 13)).toEqual([]);
  expect(pipe("trades", "c", 14)).toEqual(["a+8@9"]);
});

test("a record that waits meets what was there at its time, however far the other side goes on", () => {
  const { pipe } = joined({ tolerance: 10, grace: 5 });
  pipe("quotes", "5", 5);
  expect(pipe("trades", "a", 9)).toEqual([]);
  expect(pipe("quotes", "13", 13)).toEqual([]);
  expect(pipe("quotes", "100", 100)).toEqual(["a+5@9"]);
  expect(pipe("trades", "b", 100)).toEqual([]);
  expect(pipe("trades", "c", 200)).toEqual(["b+100@100"]);
});

test("null keys and values are left out on both sides, and counted", () => {
  const { pipe, driver } = joined({ tolerance: 10 });
  pipe("quotes", null, 5);
  pipe("quotes", "q", 5, null);
  pipe("trades", null, 5);
  expect(pipe("trades", "a", 5)).toEqual(["a+null@5"]);
  expect(driver.droppedRecords).toBe(3);
});

test("keys that were changed go through topics first, and names are its own", () => {
  const builder = new StreamsBuilder();
  const quotes = builder.stream("quotes", text).selectKey((quote) => quote, { key: string() });
  const trades = builder.stream("trades", text);
  trades.asOfJoin(quotes, pair, { tolerance: "10s" });
  trades.asOfJoin(quotes, pair, { tolerance: "10s", grace: "1s", name: "at-trade" });
  const described = builder.build().describe().toString();
  expect(described).toContain("Processor: KSTREAM-ASOFJOIN-");
  expect(described).toContain(
    "Processor: at-trade-other (stores: [at-trade-store-waiting, at-trade-store])",
  );
  expect(described).toContain(
    "Processor: at-trade (stores: [at-trade-store-waiting, at-trade-store])",
  );
  expect(described).toContain("at-trade-right-repartition");
});

test("a name for its store names where records wait too", () => {
  const builder = new StreamsBuilder();
  const quotes = builder.stream("quotes", text);
  builder
    .stream("trades", text)
    .asOfJoin(quotes, pair, { tolerance: "10s", grace: "1s", store: "kept" });
  expect(builder.build({ requireExplicitNames: true }).describe()).toContain("kept-waiting");
});

test("what it cannot be is refused where it is given", () => {
  const builder = new StreamsBuilder();
  const trades = builder.stream("trades", text);
  const quotes = builder.stream("quotes", text);
  const with_ = (options: object) => () =>
    trades.asOfJoin(quotes, pair, options as { tolerance: "1s" });
  expect(with_({})).toThrow(OptionError);
  expect(with_({ tolerance: -1 })).toThrow(/tolerance/);
  expect(with_({ tolerance: "1s", within: "1s" })).toThrow(/within/);
  const another = new StreamsBuilder().stream("quotes", text);
  expect(() => trades.asOfJoin(another, pair, { tolerance: "1s" })).toThrow(TopologyError);
  const table = builder.table("table", text);
  expect(() => trades.asOfJoin(table as never, pair as never, { tolerance: "1s" })).toThrow(
    "asOfJoin was given",
  );
});

test("in any order, through restarts, records meet what a plain search finds", async () => {
  const run = fc.record({
    tolerance: fc.integer({ min: 0, max: 30 }),
    grace: fc.constantFrom(0, 12),
    records: fc.array(
      fc.record({
        topic: fc.constantFrom("trades" as const, "quotes" as const),
        key: fc.constantFrom("a", "b"),
        /** After how much time, and how much earlier than the newest. */
        step: fc.integer({ min: 0, max: 8 }),
        late: fc.constantFrom(0, 0, 3, 9, 20),
      }),
      { maxLength: 60 },
    ),
    restarts: fc.array(fc.integer({ min: 0, max: 59 }), { maxLength: 3 }),
    recordsPerCommit: fc.constantFrom(1, 7),
  });
  await fc.assert(
    fc.asyncProperty(run, async ({ tolerance, grace, records, restarts, recordsPerCommit }) => {
      const task = new RestartingTask(program({ tolerance, grace }), { recordsPerCommit });
      const quotes: { readonly key: string; readonly at: number; readonly value: string }[] = [];
      const waiting: { readonly key: string; readonly at: number; readonly value: string }[] = [];
      const expected: string[] = [];
      const meet = ({ key, at, value }: (typeof waiting)[number]): void => {
        const newestQuote = Math.max(...quotes.map((quote) => quote.at));
        const found = quotes
          .filter((quote) => quote.at >= newestQuote - tolerance - grace) // the others are forgotten
          .filter((quote) => quote.key === key && quote.at <= at && quote.at >= at - tolerance)
          .sort((left, right) => left.at - right.at)
          .at(-1);
        expected.push(`${value}+${found?.value ?? null}@${at}`);
      };
      let now = 50;
      let newest = -1;
      const meetDue = (at: number): void => {
        newest = Math.max(newest, at);
        // Of one time by key, as the buffer has them.
        waiting.sort((left, right) => left.at - right.at || left.key.localeCompare(right.key));
        while (waiting.length > 0 && waiting[0].at <= newest - grace)
          for (const due of waiting.splice(0, 1)) meet(due);
      };
      for (const [index, { topic, key, step, late }] of records.entries()) {
        now += step;
        const at = now - late;
        const one = { key, at, value: `${topic[0]}${index}` };
        task.pipe(topic, encodeUtf8(key), encodeUtf8(one.value), at);
        if (topic === "quotes") {
          meetDue(at);
          quotes.push(one);
        } else if (grace === 0 || at < newest - grace) meet(one);
        else {
          waiting.push(one);
          meetDue(at);
        }
        if (restarts.includes(index)) await task.restart();
      }
      task.commit();
      const out = task
        .read("out", string(), string())
        .map((all) => `${all.value}@${all.timestamp}`);
      await task.close();
      expect(out).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});
