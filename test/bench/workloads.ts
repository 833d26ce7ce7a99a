import { bytes, int64AsNumber, json, string, StreamsBuilder, type Topology } from "millrace";

/** A bid as the input has it. */
export interface Bid {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly channel: string;
  readonly url: string;
  readonly dateTime: number;
  readonly extra: string;
}

/** What `filter-map` makes of a bid. */
export interface PricedBid {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly dateTime: number;
}

export const workloadNames = ["copy", "filter-map", "count", "repartition-count"] as const;
export type WorkloadName = (typeof workloadNames)[number];

/** What `filter-map` keeps. */
export function isKept(bid: Bid): boolean {
  return bid.price % 2 === 0;
}

export function pricedBid({ auction, bidder, price, dateTime }: Bid): PricedBid {
  return { auction, bidder, price: price * 0.908, dateTime };
}

export function keyOfBidder(bid: Bid): string {
  return `p${bid.bidder}`;
}

/** One for all: a bid that passes through unchanged keeps its bytes. */
const bidJson = json<Bid>();

/** The topologies of the Java side, operator by operator, as a user of Millrace writes them. */
export function topologyOf(workload: WorkloadName): Topology {
  const builder = new StreamsBuilder();
  const table = { key: string(), value: int64AsNumber() };
  switch (workload) {
    case "copy":
      builder.stream("bids", { key: bytes(), value: bytes() }).to("out");
      break;
    case "filter-map":
      bids(builder)
        .filter(isKept)
        .mapValues(pricedBid)
        .to("out", { key: string(), value: json<PricedBid>() });
      break;
    case "count":
      bids(builder).groupByKey().count({ store: "counts" }).toStream().to("out", table);
      break;
    case "repartition-count":
      bids(builder)
        .groupBy(keyOfBidder, { key: string(), value: bidJson })
        .count({ store: "counts" })
        .toStream()
        .to("out", table);
      break;
    default:
      throw new Error(`no workload ${workload satisfies never}`);
  }
  return builder.build();
}

function bids(builder: StreamsBuilder) {
  return builder.stream("bids", { key: string(), value: bidJson });
}
