import { optional, string } from "@millrace/serde";
import { StreamsBuilder, type KStream, type Topology } from "@millrace/streams";

import type { Picture } from "./picture.ts";

const minutes = { name: "minutes", ms: 60_000 };
const texts = { key: string(), value: string() };
const output = { topic: "results", ...texts };
type Told = Picture<string, string>;

const tellWithTime: Told["tell"] = (key, value, at) => `${key} ${value ?? "gone"} (at ${at})`;

function program(
  build: (builder: StreamsBuilder) => KStream<string, string | null>,
): () => Topology {
  return () => {
    const builder = new StreamsBuilder();
    build(builder).to("results", { key: string(), value: optional(string()) });
    return builder.build();
  };
}

const shared = { unit: minutes, output, tell: tellWithTime };

const order = (key: string, at: number, value = "") => ({ topic: "orders", key, value, at });
const payment = (key: string, at: number, value = "") => ({ topic: "payments", key, value, at });
const customer = (key: string, at: number, value: string | null) => ({
  topic: "customers",
  key,
  value,
  at,
});

const ordersAndPayments: Told["records"] = [
  order("a", 0),
  order("b", 10),
  payment("a", 20),
  payment("a", 60),
  payment("b", 71),
  order("c", 76),
];

/** Within an hour, and five minutes of grace. */
const payable: Told["waits"] = ({ topic, key, at }) =>
  topic === "payments"
    ? undefined
    : {
        start: at * minutes.ms,
        end: (at + 60) * minutes.ms,
        isEndInclusive: true,
        closes: (at + 65) * minutes.ms,
        label: `order ${key} can be paid`,
      };

export const joinPictures = {
  "left-join": {
    ...shared,
    waits: payable,
    ticks: { every: 10, to: 80 },
    topology: program((builder) =>
      builder
        .stream("orders", texts)
        .leftJoin(
          builder.stream("payments", texts),
          (_order, payment) => (payment === null ? "unpaid" : "paid"),
          { within: ["0ms", "1h"], grace: "5m" },
        ),
    ),
    records: ordersAndPayments,
  },
  "at-once": {
    ...shared,
    ticks: { every: 10, to: 80 },
    topology: program((builder) =>
      builder
        .stream("orders", texts)
        .leftJoin(
          builder.stream("payments", texts),
          (_order, payment) => (payment === null ? "unpaid" : "paid"),
          { within: ["0ms", "1h"], grace: "5m", unmatched: "atOnce" },
        ),
    ),
    records: ordersAndPayments,
  },
  "outer-join": {
    ...shared,
    ticks: { every: 10, to: 60 },
    topology: program((builder) =>
      builder
        .stream("orders", texts)
        .outerJoin(
          builder.stream("payments", texts),
          (order, payment) =>
            order === null ? "not ordered" : payment === null ? "unpaid" : "paid",
          { within: "10m" },
        ),
    ),
    records: [
      payment("a", 0),
      order("a", 5),
      order("b", 10),
      payment("c", 15),
      order("a", 8),
      order("d", 30),
      payment("d", 40),
      order("e", 52),
    ],
  },
  "stream-table": {
    ...shared,
    ticks: { every: 5, to: 30 },
    topology: program((builder) =>
      builder
        .stream("orders", texts)
        .leftJoin(builder.table("customers", texts), (_order, city) => `to ${city ?? "?"}`),
    ),
    records: [
      order("a", 0),
      customer("a", 5, "London"),
      order("a", 10),
      customer("a", 20, "Paris"),
      order("a", 15),
      customer("a", 25, null),
      order("a", 30),
    ],
  },
  "table-table": {
    ...shared,
    ticks: { every: 5, to: 30 },
    topology: program((builder) =>
      builder
        .table("customers", texts)
        .join(builder.table("orders", texts), (city, order) => `${order} to ${city}`)
        .toStream(),
    ),
    records: [
      order("a", 0, "pear"),
      customer("a", 5, "London"),
      order("a", 10, "plum"),
      customer("a", 20, "Paris"),
      customer("a", 25, null),
      customer("a", 30, "Rome"),
    ],
  },
  versioned: {
    ...shared,
    ticks: { every: 5, to: 40 },
    topology: program((builder) =>
      builder.stream("orders", texts).join(
        builder.table("customers", {
          ...texts,
          store: { name: "customers", historyRetention: "1d" },
        }),
        (_order, city) => `to ${city}`,
        { grace: "10m" },
      ),
    ),
    records: [
      customer("a", 0, "London"),
      order("a", 15),
      customer("a", 20, "Paris"),
      customer("a", 10, "Rome"),
      order("a", 26),
      order("b", 40),
    ],
  },
} satisfies Readonly<Record<string, Told>>;
