import { int64AsNumber, string } from "@millrace/serde";
import { StreamRecord, StreamsBuilder } from "@millrace/streams";

import type { Picture } from "./picture.ts";

const minutes = { name: "minutes", ms: 60_000 };
const texts = { key: string(), value: string() };
const counts = { key: string(), value: int64AsNumber() };

const line = (key: string, at: number, value: string) => ({ key, value, at });

const stateless: Picture<string, string> = {
  unit: minutes,
  ticks: { every: 5, to: 20 },
  scale: 2,
  topology: () => {
    const builder = new StreamsBuilder();
    builder
      .stream("records", texts)
      .filter((text) => text !== "")
      .flatMapValues((text) => text.split(" "), { value: string() })
      .to("results");
    return builder.build();
  },
  records: [
    line("a", 2, "to be"),
    line("b", 10, "or"),
    line("a", 5, "not"),
    line("c", 20, "to be"),
  ],
  output: { topic: "results", ...texts },
  tell: (key, word, at) => `${key} ${word} (at ${at})`,
};

const count: Picture<string, number> = {
  unit: minutes,
  ticks: { every: 5, to: 20 },
  scale: 2,
  topology: () => {
    const builder = new StreamsBuilder();
    builder.stream("records", texts).groupByKey().count().toStream().to("results");
    return builder.build();
  },
  records: [
    line("a", 2, ""),
    line("b", 10, ""),
    line("a", 12, ""),
    line("a", 5, ""),
    line("b", 20, ""),
  ],
  output: { topic: "results", ...counts },
  tell: (key, number, at) => `${key} ${number} (at ${at})`,
};

const moved: Picture<string, number> = {
  unit: minutes,
  ticks: { every: 5, to: 20 },
  scale: 2,
  topology: () => {
    const builder = new StreamsBuilder();
    builder
      .table("records", texts)
      .groupBy((city, customer) => ({ key: city, value: customer }), texts)
      .count()
      .toStream()
      .to("results");
    return builder.build();
  },
  records: [
    line("a", 0, "London"),
    line("b", 5, "London"),
    line("a", 10, "Paris"),
    { key: "b", value: null, at: 20 },
  ],
  output: { topic: "results", ...counts },
  tell: (city, number, at) => `${city} ${number} (at ${at})`,
};

const timer: Picture<string, number> = {
  unit: minutes,
  ticks: { every: 5, to: 40 },
  topology: () => {
    const builder = new StreamsBuilder();
    builder
      .stream("records", texts)
      .process({
        output: counts,
        state: () => ({ seen: 0 }),
        init({ schedule, state, forward }) {
          schedule("10m", "streamTime", (now) => {
            forward(new StreamRecord("seen", state.seen, now));
            state.seen = 0;
          });
        },
        process(_record, { state }) {
          state.seen += 1;
        },
      })
      .to("results");
    return builder.build();
  },
  records: [2, 7, 11, 9, 35, 38, 40].map((at) => line("a", at, "")),
  output: { topic: "results", ...counts },
  tell: (key, number, at) => `${key} ${number} (at ${at})`,
};

export const statelessPictures = { stateless };
export const timerPictures = { "stream-time": timer };
export const aggregationPictures = { count, moved };
