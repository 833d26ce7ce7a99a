// What metrics cost, in processor time: node test/bench/metrics-cost.ts [--records 200000] [--pairs 6]
// An application counts words that are there already, with all numbers thrown away ("off"), and at the levels, in turns.
// And the share of the code of metrics in a profile at `info`.
import { Session } from "node:inspector/promises";
import { parseArgs } from "node:util";

import { connect } from "@millrace/client";
import type { Metrics } from "@millrace/platform";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { int64AsNumber, string } from "@millrace/serde";
import { memoryEngineProvider } from "@millrace/state";
import { StreamsApp, StreamsBuilder, type StreamsOptions, type Topology } from "@millrace/streams";
import { testCluster } from "@millrace/testing/cluster";

import { median } from "./median.ts";

const { values } = parseArgs({
  options: {
    records: { type: "string", default: "200000" },
    pairs: { type: "string", default: "6" },
  },
});
const records = Number(values.records);

const nothing: Metrics = {
  counter: () => ({ add: () => {}, value: 0 }),
  gauge: () => () => {},
  snapshot: () => [],
};
const variants = ["off", "info", "debug"] as const;
type Variant = (typeof variants)[number];

const cluster = await testCluster({ port: 0, topics: { words: 1, counts: 1 } });
const bootstrapServers = cluster.bootstrapServers ?? "";
const producer = cluster.client.producer({ key: string(), value: string() });
for (let index = 0; index < records; index += 1_000)
  await Promise.all(
    Array.from({ length: 1_000 }, (_, offset) =>
      producer.send({ topic: "words", key: `word-${(index + offset) % 997}`, value: "said" }),
    ),
  );

const perRecord: Record<Variant, number[]> = { off: [], info: [], debug: [] };
for (const one of variants) await run(one, "warm-up"); // compiled by now
for (let pair = 1; pair <= Number(values.pairs); pair++)
  for (const one of pair % 2 === 1 ? variants : variants.toReversed())
    perRecord[one].push(await run(one, String(pair)));

const off = median(perRecord.off);
for (const one of variants) {
  const us = median(perRecord[one]);
  const times = perRecord[one].map((value) => value.toFixed(2)).join(" ");
  console.log(
    `${one.padEnd(5)} ${us.toFixed(2)} us a record (${times}), ${(100 * (us / off - 1)).toFixed(1)} % more than off`,
  );
}
console.log(`code of metrics at info: ${(100 * (await profiled())).toFixed(2)} % of the samples`);
await cluster.close();

function counting(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("words", { key: string(), value: string() })
    .groupByKey()
    .count({ store: "counts" })
    .toStream()
    .to("counts", { key: string(), value: int64AsNumber() });
  return builder.build();
}

/** Microseconds of the processor for each record, of the thread that has application and broker. */
async function run(variant: Variant, name: string): Promise<number> {
  const own = nodePlatform({ logLevel: "error" });
  const platform = variant === "off" ? { ...own, metrics: nothing } : own;
  const client = connect(platform, { bootstrapServers, codecs: nodeCompression });
  const options: StreamsOptions = {
    applicationId: `count-${variant}-${name}`,
    metricsRecordingLevel: variant === "off" ? "info" : variant,
  };
  const before = process.cpuUsage();
  const environment = { platform, cluster: client, engines: memoryEngineProvider() };
  const app = await StreamsApp.start(counting(), options, environment);
  await untilCommitted(options.applicationId);
  const { user, system } = process.cpuUsage(before);
  await app.close();
  await client.close();
  return (user + system) / records;
}

async function untilCommitted(groupId: string): Promise<void> {
  for (;;) {
    const offsets = await cluster.client.admin.groupOffsets(groupId);
    if (offsets.some(({ topic, offset }) => topic === "words" && offset >= records)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The share of samples in files that exist for metrics. */
async function profiled(): Promise<number> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 200 });
  await session.post("Profiler.start");
  await run("info", "profiled");
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  const ofMetrics =
    /(?:timed-work|sampled-values|metric-registry|owned-gauges|loop-metrics|metered-steps|task-meters|record-latency|store-meters?)\.ts$/;
  let [all, own] = [0, 0];
  for (const { callFrame, hitCount = 0 } of profile.nodes) {
    if (callFrame.functionName === "(idle)" || callFrame.functionName === "(program)") continue;
    all += hitCount;
    if (ofMetrics.test(callFrame.url)) own += hitCount;
  }
  return own / all;
}
