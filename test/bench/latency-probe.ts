// A thread that writes bids at a fixed rate and sees the results come, read committed.
import { parentPort, workerData } from "node:worker_threads";

import { connect } from "millrace";

import type { ApplicationOptions } from "./application-options.ts";
import { endsOf } from "./topic-partitions.ts";

export interface LatencyResult {
  readonly rate: number;
  readonly results: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Nothing new for this long: all has come. */
const quietMs = 3000;

const options = workerData as ApplicationOptions;
const encoder = new TextEncoder();
const client = connect({ bootstrapServers: options.bootstrap });
const ends = await endsOf(client, ["out"]);
const startAt = Date.now() + 200;
const countedFrom = startAt + options.warm * 1000;
const [latencies] = await Promise.all([readResults(), writeBids()]);
await client.close();
parentPort?.postMessage(percentiles(latencies));

async function readResults(): Promise<number[]> {
  const reader = client.openReader({ isolation: "read_committed", fetchWaitMsMax: 500 });
  const found: number[] = [];
  reader.assign(ends);
  let heardAt = startAt + (options.warm + options.seconds) * 1000;
  while (Date.now() - heardAt < quietMs) {
    const batches = await reader.poll({ waitMsMax: 100 });
    const now = Date.now();
    if (batches.length > 0) heardAt = Math.max(heardAt, now);
    for (const batch of batches) {
      while (batch.next()) if (batch.timestamp >= countedFrom) found.push(now - batch.timestamp);
      batch.release();
    }
  }
  await reader.close();
  return found;
}

/** Record `index` is due at `startAt + index / rate`; its timestamp is when it was due. */
async function writeBids(): Promise<void> {
  const writer = client.openWriter({ lingerMs: 1 });
  await writer.prepare(["bids"]);
  const partitions = Array.from({ length: writer.partitionCount("bids") ?? 0 }, (_, partition) =>
    writer.partition("bids", partition),
  );
  const total = options.rate * (options.warm + options.seconds);
  for (let index = 0; index < total;) {
    const dueCount = Math.min(total, ((Date.now() - startAt) * options.rate) / 1000);
    for (; index < dueCount; index++) {
      const due = startAt + Math.floor((index * 1000) / options.rate);
      const auction = (index * 7919) % 10_000;
      partitions[auction % partitions.length].append(
        due,
        encoder.encode(`a${auction}`),
        encoder.encode(bidJson(auction, index, due)),
        [],
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await writer.flush();
  await writer.close();
}

function bidJson(auction: number, index: number, due: number): string {
  return `{"auction":${auction},"bidder":${index % 2500},"price":${2 * ((index * 31) % 500_000)},"channel":"Google","url":"https://www.nexmark.com/abcdefgh/item.htm?query=1","dateTime":${due},"extra":"abcdefghijklmnopqrst"}`;
}

function percentiles(found: number[]): LatencyResult {
  const sorted = Float64Array.from(found).sort();
  const at = (quantile: number): number =>
    sorted.at(Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))) ?? -1;
  return {
    rate: options.rate,
    results: sorted.length,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    p999: at(0.999),
    max: at(1),
  };
}
