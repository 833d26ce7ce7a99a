import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { connect as connectSocket, type Socket } from "node:net";
import { join } from "node:path";

import { connect } from "millrace";

import { cpuSeconds, forgetPeak, peakMiB, residentMiB } from "../process-figures.ts";
import { type BrokerKind, type RunningBroker, startBroker } from "../running-broker.ts";
import { recreateTopics } from "../topic-partitions.ts";
import { measureBesideCompaction } from "./beside-compaction.ts";
import type { ClientRun, PerfTools, ProduceRun } from "./perf-tools.ts";

/** A broker that is measured, and with what it runs. */
export interface Contender {
  readonly name: string;
  readonly kind: BrokerKind;
  readonly parameters: readonly string[];
}

/** Figures by name, in the unit that the name tells. */
export type Figures = ReadonlyMap<string, number>;

const partitionCount = 4;
const idleCount = 1000;
const idleMs = 5000;
const sizes = [100, 1024] as const;
const producerCounts = [1, 16] as const;

/** All that one broker is asked, on a folder that is new. */
export async function measureBroker(
  contender: Contender,
  { tools, folder, megabytes }: { tools: PerfTools; folder: string; megabytes: number },
): Promise<Figures> {
  const figures = new Map<string, number>();
  const start = (): Promise<RunningBroker> =>
    startBroker(contender.kind, folder, contender.parameters);
  await (await start()).stop(); // makes and formats the folder
  const began = performance.now();
  let broker = await start();
  figures.set("start-up, ms", performance.now() - began);
  try {
    figures.set("memory of 1,000 idle connections, MiB", await idleMiB(broker));
    forgetPeak(broker.pid);
    const fastest = await produceAll(broker, figures, tools, megabytes);
    await consume("fetch, new records", broker, figures, { tools, megabytes });
    figures.set("peak memory, MiB", peakMiB(broker.pid));
    await broker.stop();
    dropCached(folder);
    broker = await start();
    await consume("fetch, cold log", broker, figures, { tools, megabytes });
    await latency(broker, figures, tools, fastest);
    await measureBesideCompaction(broker, figures, { tools, folder });
  } finally {
    await broker.stop();
  }
  return figures;
}

/** Resolves with the rate of one producer of 100 bytes. */
async function produceAll(
  { bootstrap, pid }: RunningBroker,
  figures: Map<string, number>,
  tools: PerfTools,
  megabytes: number,
): Promise<number> {
  await makeTopics(bootstrap, ["warm", ...sizes.map(topicOf)]);
  const warm = { bootstrap, topic: "warm", producers: 4, records: 200_000, recordSize: 100 };
  await tools.produce(warm);
  const rates: number[] = [];
  for (const recordSize of sizes) {
    for (const producers of producerCounts) {
      const topic = topicOf(recordSize);
      const records = recordsOf(megabytes, recordSize);
      const run: ProduceRun = { bootstrap, topic, producers, records, recordSize };
      const cpuBefore = cpuSeconds(pid);
      const client = await tools.produce(run);
      rates.push(client.recordsPerSecond);
      const what = `produce, ${recordSize} B, producers: ${producers}`;
      setFigures(figures, what, { records, client, brokerSeconds: cpuSeconds(pid) - cpuBefore });
    }
  }
  return rates[0];
}

async function consume(
  what: string,
  { bootstrap, pid }: RunningBroker,
  figures: Map<string, number>,
  { tools, megabytes }: { tools: PerfTools; megabytes: number },
): Promise<void> {
  for (const recordSize of sizes) {
    const records = recordsOf(megabytes, recordSize) * producerCounts.length;
    const cpuBefore = cpuSeconds(pid);
    const client = await tools.consume(bootstrap, topicOf(recordSize), records);
    const brokerSeconds = cpuSeconds(pid) - cpuBefore;
    setFigures(figures, `${what}, ${recordSize} B`, { records, client, brokerSeconds });
  }
}

/** Beside the rate, what both did for it: whose cores were busy was the limit. */
function setFigures(
  figures: Map<string, number>,
  what: string,
  run: { readonly records: number; readonly client: ClientRun; readonly brokerSeconds: number },
): void {
  const { records, client, brokerSeconds } = run;
  figures.set(`${what}, 1/s`, client.recordsPerSecond);
  figures.set(`${what}, broker's CPU, s/M`, (brokerSeconds / records) * 1e6);
  figures.set(`${what}, broker's busy cores`, brokerSeconds / client.wallSeconds);
  figures.set(`${what}, client's busy cores`, client.cpuSeconds / client.wallSeconds);
}

/** While another producer sends at half of what one can, but no more than the machine can beside the tools. */
async function latency(
  { bootstrap }: RunningBroker,
  figures: Map<string, number>,
  tools: PerfTools,
  fastest: number,
): Promise<void> {
  await makeTopics(bootstrap, ["load", "latency"]);
  const rate = Math.floor(Math.min(fastest / 2, halfLoadMax));
  const load = { bootstrap, topic: "load", producers: 1, records: 1e9, recordSize: 100 };
  const stop = tools.produceAtRate(load, rate);
  try {
    const { p50, p99 } = await tools.latency(bootstrap, "latency", 5000);
    figures.set("end to end beside a load, 50th, ms", p50);
    figures.set("end to end beside a load, 99th, ms", p99);
  } finally {
    await stop();
  }
}

/** Records a second: the same load for all brokers. */
const halfLoadMax = 100_000;

/** What the broker holds more with connections that each asked once. */
async function idleMiB({ bootstrap, pid }: RunningBroker): Promise<number> {
  const before = residentMiB(pid);
  const [host, port] = bootstrap.split(":");
  const sockets: Socket[] = [];
  try {
    for (let count = 0; count < idleCount; count++) {
      const socket = connectSocket(Number(port), host);
      sockets.push(socket);
      await once(socket, "connect");
      socket.write(apiVersionsRequest);
      await once(socket, "data");
    }
    await new Promise((resolve) => setTimeout(resolve, idleMs));
    return residentMiB(pid) - before;
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** Version 0, correlation 1, no client id. */
const apiVersionsRequest = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]);

/** The operating system reads the segments from the disk again. */
function dropCached(folder: string): void {
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".log")) continue;
    execFileSync("dd", [`if=${join(folder, file)}`, "iflag=nocache", "count=0"], {
      stdio: "ignore",
    });
  }
}

function topicOf(recordSize: number): string {
  return `records-${recordSize}`;
}

function recordsOf(megabytes: number, recordSize: number): number {
  return Math.ceil((megabytes * 1e6) / recordSize / 16) * 16;
}

async function makeTopics(bootstrap: string, topics: readonly string[]): Promise<void> {
  await using client = connect({ bootstrapServers: bootstrap });
  await recreateTopics(client, topics, partitionCount);
}
