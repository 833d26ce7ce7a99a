import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { type ClusterClient, connect } from "millrace";

import type { RunningBroker } from "../running-broker.ts";
import { recreateTopics } from "../topic-partitions.ts";
import type { Latency, PerfTools } from "./perf-tools.ts";

const keyCount = 1_000_000;
const timesWritten = 2;
const valueBytes = 180;
const segmentBytes = 64 * 1024 * 1024;
const latencyRecords = 5000;
/** The broker looks at what is to be compacted every 15 s. */
const endMsMax = 180_000;
/** Of the table's bytes: fewer are left once it is compacted. */
const compactedPart = 0.75;

/** What clients notice of a compaction: the latency by itself, and the worst of runs one after the other until it is done. */
export async function measureBesideCompaction(
  { bootstrap }: RunningBroker,
  figures: Map<string, number>,
  { tools, folder }: { readonly tools: PerfTools; readonly folder: string },
): Promise<void> {
  await using client = connect({ bootstrapServers: bootstrap });
  await recreateTopics(client, ["unhurried"], 1);
  await writeTable(client);
  const run = () => tools.latency(bootstrap, "unhurried", latencyRecords);
  setLatency(figures, "by itself", [await run()]);
  const bytesBefore = tableBytes(folder);
  await client.admin.alterConfigs([
    { kind: "topic", name: "table", set: { "cleanup.policy": "compact" } },
  ]);
  const began = performance.now();
  const runs: Latency[] = [];
  while (tableBytes(folder) > compactedPart * bytesBefore) {
    if (performance.now() - began > endMsMax) throw new Error("the table was not compacted");
    runs.push(await run());
  }
  setLatency(figures, "beside a compaction", runs);
}

function setLatency(figures: Map<string, number>, what: string, runs: readonly Latency[]): void {
  figures.set(`end to end ${what}, 99th, ms`, Math.max(...runs.map(({ p99 }) => p99)));
  figures.set(`end to end ${what}, 99.9th, ms`, Math.max(...runs.map(({ p999 }) => p999)));
}

/** Each key twice, in segments that are all closed but the last. */
async function writeTable(client: ClusterClient): Promise<void> {
  const configs = { "segment.bytes": `${segmentBytes}`, "retention.ms": "-1" };
  const [made] = await client.admin.createTopics([{ name: "table", partitionCount: 1, configs }]);
  if (made.error !== undefined) throw made.error;
  const writer = client.openWriter({ lingerMs: 20, batchBytesMax: 2 ** 16 });
  await writer.prepare(["table"]);
  const partition = writer.partition("table", 0);
  const value = new Uint8Array(valueBytes);
  for (let index = 0; index < timesWritten * keyCount; index++) {
    const key = new Uint8Array(4);
    new DataView(key.buffer).setUint32(0, index % keyCount);
    if (!partition.append(Date.now(), key, value, [])) await writer.drained();
  }
  await writer.flush();
  await writer.close();
}

function tableBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.includes("table-0") && file.endsWith(".log"))
    .map((file) => statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0);
}
