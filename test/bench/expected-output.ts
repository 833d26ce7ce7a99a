import type { ClusterClient } from "millrace";

import {
  bytesHash,
  canonicalJson,
  jsonHash,
  RecordSum,
  textOf,
  valueOf,
  type ExpectedOutput,
  type Summary,
} from "./output-summary.ts";
import { readTopic, type ReadRecord } from "./read-topic.ts";
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
  type Person,
  type Stats,
} from "./shapes.ts";
import type { WorkloadName } from "./workloads.ts";

/** What a workload must write, computed plainly over the input that is there. */
export async function expectedOutput(
  client: ClusterClient,
  workload: WorkloadName,
): Promise<ExpectedOutput> {
  switch (workload) {
    case "copy":
      return decided(await copied(client));
    case "filter-map":
      return decided(await priced(client));
    case "count":
      return decided(await counts(client, (key) => [key]));
    case "repartition-count":
      return decided(await counts(client, (_, bid) => [keyOfBidder(bid)]));
    case "tumbling":
      return decided(await stats(client));
    case "hopping":
      return decided(await counts(client, (key, _, time) => windowKeys(key, time)));
    case "session":
      return decided(await sessions(client));
    case "stream-table":
      return bidsWithAuctionTable(client);
    case "stream-stream":
      return decided(await bidsWithAuctions(client, joinedWithin10s));
    case "foreign-key":
      return decided(await sales(client));
    default:
      throw new Error(`no workload ${workload satisfies never}`);
  }
}

/** Nothing hangs on the order of equal times. */
function decided(summary: Summary): ExpectedOutput {
  return { summary, isOpen: () => false };
}

async function copied(client: ClusterClient): Promise<Summary> {
  const sum = new RecordSum();
  await readTopic(client, "bids", (record) => sum.add(bytesHash(record)));
  return sum.summary;
}

async function priced(client: ClusterClient): Promise<Summary> {
  const sum = new RecordSum();
  await readBids(client, (key, bid, time) => {
    if (isKept(bid)) sum.add(jsonHash(key, time, pricedBid(bid)));
  });
  return sum.summary;
}

async function counts(
  client: ClusterClient,
  keysOf: (key: string, bid: Bid, time: number) => readonly string[],
): Promise<Summary> {
  const counted = new Map<string, number>();
  await readBids(client, (key, bid, time) => {
    for (const own of keysOf(key, bid, time)) counted.set(own, (counted.get(own) ?? 0) + 1);
  });
  return counted;
}

/** The windows of 10 s, one every 2 s, that a time is in. */
function windowKeys(key: string, time: number): readonly string[] {
  const last = time - (time % 2000);
  return [0, 2000, 4000, 6000, 8000].map((back) => keyOfWindow(key, last - back));
}

async function stats(client: ClusterClient): Promise<Summary> {
  const rows = new Map<string, Stats>();
  await readBids(client, (key, bid, time) => {
    const own = keyOfWindow(key, time - (time % 10_000));
    rows.set(own, withBid(rows.get(own) ?? noStats(), bid));
  });
  return new Map([...rows].map(([key, row]) => [key, canonicalJson(row)]));
}

/** Bids of a key come in the order of time: none makes two sessions one. */
async function sessions(client: ClusterClient): Promise<Summary> {
  const counted = new Map<string, number>();
  const open = new Map<string, { start: number; end: number }>();
  await readBids(client, (key, _, time) => {
    const before = open.get(key);
    const isFollowed = before !== undefined && time - before.end <= 1000;
    const start = isFollowed ? before.start : time;
    open.set(key, { start, end: time });
    const own = keyOfWindow(key, start);
    counted.set(own, (counted.get(own) ?? 0) + 1);
  });
  return counted;
}

async function bidsWithAuctionTable(client: ClusterClient): Promise<ExpectedOutput> {
  const times = new Map<string, number>();
  const summary = await bidsWithAuctions(client, (bidTime, auctionTime, key) => {
    times.set(key, auctionTime);
    return bidTime > auctionTime ? bidTime : undefined;
  });
  return { summary, isOpen: (key, time) => times.get(key) === time };
}

function joinedWithin10s(bidTime: number, auctionTime: number): number | undefined {
  return Math.abs(bidTime - auctionTime) <= 10_000 ? Math.max(bidTime, auctionTime) : undefined;
}

async function bidsWithAuctions(
  client: ClusterClient,
  timeOfResult: (bidTime: number, auctionTime: number, key: string) => number | undefined,
): Promise<Summary> {
  const auctions = await rowsOf<Auction>(client, "auctions");
  const sum = new RecordSum();
  await readBids(client, (key, bid, bidTime) => {
    const auction = auctions.get(key);
    if (auction === undefined) return;
    const time = timeOfResult(bidTime, auction.time, key);
    if (time !== undefined) sum.add(jsonHash(key, time, enriched(bid, auction.value)));
  });
  return sum.summary;
}

async function sales(client: ClusterClient): Promise<Summary> {
  const people = await rowsOf<Person>(client, "people");
  const auctions = await rowsOf<Auction>(client, "auctions");
  const sold = new Map<string, string>();
  for (const [key, { value }] of auctions) {
    const seller = people.get(keyOfSeller(value));
    if (seller !== undefined) sold.set(key, canonicalJson(sale(value, seller.value)));
  }
  return sold;
}

function readBids(
  client: ClusterClient,
  onBid: (key: string, bid: Bid, time: number) => void,
): Promise<void> {
  return readTopic(client, "bids", (record) => {
    onBid(textOf(record.key), valueOf(record) as Bid, record.timestamp);
  });
}

async function rowsOf<Value>(client: ClusterClient, topic: string) {
  const rows = new Map<string, { readonly value: Value; readonly time: number }>();
  await readTopic(client, topic, (record: ReadRecord) => {
    rows.set(textOf(record.key), { value: valueOf(record) as Value, time: record.timestamp });
  });
  return rows;
}
