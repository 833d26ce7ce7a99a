import { list, string } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";

import type { Bar, Picture, PictureRecord } from "./picture.ts";

const seconds = { name: "seconds", ms: 1000 };
const hours = { name: "hours", ms: 3_600_000 };
const texts = { key: string(), value: string() };

/** As the pages' own programs. */
const deduplicated: Picture<string, string> = {
  unit: hours,
  ticks: { every: 4, to: 28 },
  scale: 2,
  topology: () => {
    const builder = new StreamsBuilder();
    builder
      .stream("records", texts)
      .deduplicate((id) => id, { within: "1d", id: string() })
      .to("events");
    return builder.build();
  },
  records: [
    { key: "shop", value: "e1", at: 0 },
    { key: "shop", value: "e1", at: 1 },
    { key: "shop", value: "e2", at: 2 },
    { key: "shop", value: "e1", at: 24 },
  ],
  output: { topic: "events", ...texts },
  tell: (_key, id, at) => `${id} passes (at ${at})`,
};

const price = (at: number, value: string): PictureRecord => ({
  topic: "prices",
  key: "p",
  value,
  at,
});
const trade = (at: number, value: string): PictureRecord => ({
  topic: "trades",
  key: "t",
  value,
  at,
});

/** What is looked at for a trade: ten seconds before it; and two of grace behind it. */
function tolerance({ topic, value, at }: PictureRecord): Bar | undefined {
  if (topic === "prices") return undefined;
  return {
    start: Math.max(0, at - 10) * seconds.ms,
    end: at * seconds.ms,
    isEndInclusive: true,
    closes: (at + 2) * seconds.ms,
    label: `prices for ${value}`,
  };
}

const asOf: Picture<string, string> = {
  unit: seconds,
  ticks: { every: 5, to: 25 },
  scale: 2,
  topology: () => {
    const builder = new StreamsBuilder();
    const trades = builder.stream("trades", texts).selectKey(() => "ACME", { key: string() });
    const prices = builder.stream("prices", texts).selectKey(() => "ACME", { key: string() });
    trades
      .asOfJoin(
        prices,
        (pieces, found) => (found === null ? `${pieces}: no price` : `${pieces} at ${found}`),
        { tolerance: "10s", grace: "2s", value: string() },
      )
      .to("priced");
    return builder.build();
  },
  records: [price(1, "10"), trade(8, "5"), price(7, "11"), trade(18, "1"), trade(21, "2")],
  output: { topic: "priced", ...texts },
  tell: (_key, found, at) => `${found} (at ${at})`,
  waits: tolerance,
};

const score = (key: string, at: number, value: string | null): PictureRecord => ({
  key,
  value,
  at,
});

const greatest: Picture<string, readonly string[]> = {
  unit: seconds,
  ticks: { every: 5, to: 20 },
  scale: 2,
  topology: () => {
    const builder = new StreamsBuilder();
    builder
      .table("records", texts)
      .groupBy((value, key) => ({ key: "all", value: `${key} ${value}` }), texts)
      .topN(2, (entry) => Number(entry.slice(2)))
      .toStream()
      .to("greatest");
    return builder.build();
  },
  records: [
    score("a", 0, "7"),
    score("b", 5, "9"),
    score("c", 10, "8"),
    score("b", 15, "1"),
    score("c", 20, null),
  ],
  output: { topic: "greatest", key: string(), value: list(string()) },
  tell: (_key, entries) => (entries ?? []).join(", "),
};

export const textPictures = { deduplicate: deduplicated, "as-of": asOf };
export const listPictures = { "top-n": greatest };
