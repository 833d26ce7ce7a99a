import type { ClusterClient } from "millrace";

import { readTopic, type ReadRecord } from "./read-topic.ts";
import { isKept, keyOfBidder, pricedBid, type Bid, type WorkloadName } from "./workloads.ts";

/** Told of two outputs: equal summaries, equal outputs. */
export type Summary = ReadonlyMap<string, number>;

const text = new TextDecoder();

/** What each workload must write, computed plainly over the `bids` that are there. */
export async function expectedOutputs(
  client: ClusterClient,
  workloads: readonly WorkloadName[],
): Promise<ReadonlyMap<WorkloadName, Summary>> {
  const copied = new RecordSum();
  const priced = new RecordSum();
  const byAuction = new Map<string, number>();
  const byBidder = new Map<string, number>();
  await readTopic(client, "bids", (record) => {
    if (workloads.includes("copy")) copied.add(bytesHash(record));
    const key = text.decode(record.key ?? undefined);
    byAuction.set(key, (byAuction.get(key) ?? 0) + 1);
    const bid = JSON.parse(text.decode(record.value ?? undefined)) as Bid;
    const bidder = keyOfBidder(bid);
    byBidder.set(bidder, (byBidder.get(bidder) ?? 0) + 1);
    if (isKept(bid)) priced.add(jsonHash(key, pricedBid(bid)));
  });
  return new Map<WorkloadName, Summary>([
    ["copy", copied.summary],
    ["filter-map", priced.summary],
    ["count", byAuction],
    ["repartition-count", byBidder],
  ]);
}

/** What a workload has written, as a read-committed consumer sees it. */
export async function actualOutput(
  client: ClusterClient,
  workload: WorkloadName,
): Promise<Summary> {
  const sum = new RecordSum();
  const last = new Map<string, number>();
  await readTopic(client, "out", (record) => {
    if (workload === "copy") sum.add(bytesHash(record));
    else if (workload === "filter-map") {
      const value: unknown = JSON.parse(text.decode(record.value ?? undefined));
      sum.add(jsonHash(text.decode(record.key ?? undefined), value));
    } else last.set(text.decode(record.key ?? undefined), int64(record.value));
  });
  return workload === "copy" || workload === "filter-map" ? sum.summary : last;
}

/** Says how two outputs differ; undefined where they do not. */
export function differenceOf(expected: Summary, actual: Summary): string | undefined {
  const different = [...expected].filter(([key, value]) => actual.get(key) !== value);
  if (different.length === 0 && expected.size === actual.size) return undefined;
  const [key, value] = different.at(0) ?? ["size", expected.size];
  return `${different.length} of ${expected.size} rows differ, such as ${key}: ${value} expected, ${actual.get(key)} found`;
}

/** Count and sum of hashes: of a multiset, whatever the order over partitions. */
class RecordSum {
  #records = 0;
  #hashes = 0;

  add(hash: number): void {
    this.#records += 1;
    this.#hashes = (this.#hashes + hash) % Number.MAX_SAFE_INTEGER;
  }

  get summary(): Summary {
    return new Map([
      ["records", this.#records],
      ["hashes", this.#hashes],
    ]);
  }
}

function bytesHash({ timestamp, key, value }: ReadRecord): number {
  return fnv(value, fnv(key, (timestamp % 2 ** 31) | 0)) >>> 0;
}

function jsonHash(key: string, value: unknown): number {
  const { auction, bidder, price, dateTime } = value as Record<string, unknown>;
  return fnv(new TextEncoder().encode(JSON.stringify([key, auction, bidder, price, dateTime])), 7);
}

function fnv(bytes: Uint8Array | null, seed: number): number {
  let hash = seed ^ 0x811c9dc5;
  if (bytes === null) return hash;
  for (let index = 0; index < bytes.length; index++) {
    hash = Math.imul(hash ^ bytes[index], 0x01000193);
  }
  return hash >>> 0;
}

function int64(value: Uint8Array | null): number {
  if (value === null) return -1;
  return Number(new DataView(value.buffer, value.byteOffset, 8).getBigInt64(0));
}
