import {
  bytes,
  hopping,
  int64AsNumber,
  json,
  session,
  string,
  StreamsBuilder,
  tumbling,
  type Topology,
} from "millrace";

import {
  enriched,
  isKept,
  keyOfBidder,
  keyOfSeller,
  keyOfWindow,
  noStats,
  pricedBid,
  sale,
  withBid,
  type Auction,
  type Bid,
  type Enriched,
  type Person,
  type PricedBid,
  type Sale,
  type Stats,
} from "./shapes.ts";

export const workloadNames = [
  "copy",
  "filter-map",
  "count",
  "repartition-count",
  "tumbling",
  "hopping",
  "session",
  "stream-table",
  "stream-stream",
  "foreign-key",
] as const;
export type WorkloadName = (typeof workloadNames)[number];

export const inputTopics = ["bids", "auctions", "people"] as const;

/** The topic whose committed offsets tell how far a workload has come. */
export function mainInputOf(workload: WorkloadName): "bids" | "auctions" {
  return workload === "foreign-key" ? "auctions" : "bids";
}

/** One for all: a bid that passes through unchanged keeps its bytes. */
const bidJson = json<Bid>();
const counted = { key: string(), value: int64AsNumber() };

/** The topologies of the Java side, operator by operator, as a user of Millrace writes them. */
const topologies: Readonly<Record<WorkloadName, (builder: StreamsBuilder) => void>> = {
  copy: (builder) => {
    builder.stream("bids", { key: bytes(), value: bytes() }).to("out");
  },
  "filter-map": (builder) => {
    bids(builder)
      .filter(isKept)
      .mapValues(pricedBid)
      .to("out", { key: string(), value: json<PricedBid>() });
  },
  count: (builder) => {
    bids(builder).groupByKey().count({ store: "counts" }).toStream().to("out", counted);
  },
  "repartition-count": (builder) => {
    bids(builder)
      .groupBy(keyOfBidder, { key: string(), value: bidJson })
      .count({ store: "counts" })
      .toStream()
      .to("out", counted);
  },
  tumbling: (builder) => {
    const value = json<Stats>();
    bids(builder)
      .groupByKey()
      .windowedBy(tumbling("10s"))
      .aggregate(noStats, withBid, { value, store: "stats" })
      .toStream((_, { key, window }) => keyOfWindow(key, window.start))
      .to("out", { key: string(), value });
  },
  hopping: (builder) => {
    bids(builder)
      .groupByKey()
      .windowedBy(hopping("10s", { advance: "2s" }))
      .count({ store: "counts" })
      .toStream((_, { key, window }) => keyOfWindow(key, window.start))
      .to("out", counted);
  },
  session: (builder) => {
    bids(builder)
      .groupByKey()
      .windowedBy(session("1s"))
      .count({ store: "counts" })
      .toStream((_, { key, window }) => keyOfWindow(key, window.start))
      .to("out", counted);
  },
  "stream-table": (builder) => {
    bids(builder)
      .join(auctions(builder), enriched)
      .to("out", { key: string(), value: json<Enriched>() });
  },
  "stream-stream": (builder) => {
    const value = json<Enriched>();
    bids(builder)
      .join(builder.stream("auctions", { key: string(), value: json<Auction>() }), enriched, {
        within: "10s",
        store: "join",
      })
      .to("out", { key: string(), value });
  },
  "foreign-key": (builder) => {
    const people = builder.table("people", {
      key: string(),
      value: json<Person>(),
      store: "people-store",
    });
    const value = json<Sale>();
    auctions(builder)
      .join(people, sale, { foreignKey: keyOfSeller, value })
      .toStream()
      .to("out", { key: string(), value });
  },
};

export function topologyOf(workload: WorkloadName): Topology {
  const builder = new StreamsBuilder();
  topologies[workload](builder);
  return builder.build();
}

function bids(builder: StreamsBuilder) {
  return builder.stream("bids", { key: string(), value: bidJson });
}

function auctions(builder: StreamsBuilder) {
  return builder.table("auctions", {
    key: string(),
    value: json<Auction>(),
    store: "auctions-store",
  });
}
