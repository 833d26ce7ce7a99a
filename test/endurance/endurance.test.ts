import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { connect, string, type KafkaClient } from "millrace";
import { expect, test } from "vitest";

import { KillableProcess } from "../crash/killable-process.ts";
import { freePorts } from "../interop/apache-kafka.ts";
import { sampleOf, type MemorySample } from "./memory-sample.ts";
import { isGrowth, slopeOf } from "./slope.ts";
import { inputs, outputs } from "./topology.ts";

/** The memory of an application and of a broker under a steady load, for an hour unless `MILLRACE_MINUTES` says otherwise. */
const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const minutes = Number(process.env["MILLRACE_MINUTES"] ?? 60);
/** With something that grows on purpose. */
const plantMinutes = Math.min(3, minutes);
const recordsPerSecond = 100;
const recordsAtOnce = 10;
/** In the first fifth of the time, which is not measured, so many times as much: the runtime's and the allocator's pools have their size then. */
const fillingFactor = 4;
const fillingShare = 0.2;
/** Few partitions and large values: the broker's caches of the ends of logs are full before the warm-up is over. */
const partitionCount = 1;
const valueBytes = 1_000;
const keyCount = 100;
const startMsMax = 60_000;
const mebibyte = 2 ** 20;
/** An hour may add so many bytes. What is compiled has its end too, but after more than an hour. */
const bounds = {
  objects: 4 * mebibyte,
  code: 8 * mebibyte,
  external: 4 * mebibyte,
  rss: 24 * mebibyte,
} as const;
type Figure = keyof typeof bounds;
const figures = ["objects", "code", "external", "rss"] as const satisfies readonly Figure[];

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
/** The young generation has its size from the start: it would double at some time or other, by 32 MiB and more. */
const youngGeneration = ["--min-semi-space-size=16", "--max-semi-space-size=16"];
const sampler = new URL("memory-sampler.ts", import.meta.url).href;
const sampling = ["--expose-gc", ...youngGeneration, "--import", sampler];
/** Logs are bounded, so that what a broker keeps of them is. */
const properties = {
  "log.segment.bytes": mebibyte,
  "log.retention.bytes": 2 * mebibyte,
  "log.retention.check.interval.ms": 5_000,
  "log.cleaner.backoff.ms": 1_000,
  "log.cleaner.min.cleanable.ratio": "0.2",
  "offsets.topic.segment.bytes": mebibyte,
  "transaction.state.log.segment.bytes": mebibyte,
  "offsets.topic.num.partitions": 4,
  "transaction.state.log.num.partitions": 4,
  "group.initial.rebalance.delay.ms": 0,
};

interface Growth {
  readonly sent: number;
  /** By the loops that are there in the end. */
  readonly consumed: number;
  /** Such as `application objects`. */
  readonly grown: readonly string[];
}

test.runIf(isVerify)(
  `${minutes} minutes of load leave the memory of application and broker where it was`,
  { timeout: (minutes + 3) * 60_000 },
  async () => {
    const { sent, consumed, grown } = await endure(minutes);
    console.log(`${sent} records were sent; ${consumed} consumed by the loops of the end`);
    expect(sent).toBeGreaterThan((minutes * 60 * recordsPerSecond) / 8);
    expect(consumed).toBeGreaterThan(0);
    expect(grown).toEqual([]);
  },
);

test.runIf(isVerify)(
  "an application that keeps 20 KB a second is told",
  { timeout: (plantMinutes + 3) * 60_000 },
  async () => {
    const { grown } = await endure(plantMinutes, "--leak");
    expect(grown).toContain("application objects");
  },
);

async function endure(durationMinutes: number, ...flags: readonly string[]): Promise<Growth> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-endurance-"));
  const port = await freePorts(1);
  const address = `127.0.0.1:${port}`;
  const broker = new KillableProcess([
    ...sampling,
    fileOf("../durability/broker-process.ts"),
    join(folder, "broker"),
    `${port}`,
    JSON.stringify(properties),
  ]);
  let application: KillableProcess | undefined;
  try {
    await listens(broker);
    await using client = connect({ bootstrapServers: address });
    await client.admin.createTopics(
      [...inputs, ...outputs].map((name) => ({ name, partitionCount })),
    );
    const program = [fileOf("application.ts"), address, join(folder, "state"), ...flags];
    application = new KillableProcess([...sampling, ...program], { MALLOC_ARENA_MAX: "2" });
    const sent = await load(client, durationMinutes * 60_000);
    const told = application.takeLines();
    const counts = told.filter((line) => line.startsWith('{"kind":"consumed"'));
    const { consumed } = JSON.parse(counts[counts.length - 1]) as { readonly consumed: number };
    return {
      sent,
      consumed,
      grown: [...growthOf("application", told), ...growthOf("broker", broker.takeLines())],
    };
  } finally {
    await application?.killAfter(0);
    await broker.killAfter(0);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function listens(broker: KillableProcess): Promise<void> {
  for (;;) {
    const line = await broker.nextLine(startMsMax);
    if (line === "listening") return;
    expect(line, broker.errors).toMatch('"kind":"memory"');
  }
}

/** Prints the slopes of a process, and gives those that are growth. */
function growthOf(name: string, lines: readonly string[]): readonly string[] {
  const samples = lines.flatMap((line): MemorySample[] => {
    const sample = sampleOf(line);
    return sample === undefined ? [] : [sample];
  });
  return figures.flatMap((figure) => {
    const slope = slopeOf(samples.map((sample) => ({ atMs: sample.atMs, value: sample[figure] })));
    const course = slope.means.map(inMebibytes).join(" ");
    console.log(
      `${name} ${figure}: ${inMebibytes(slope.perHour)} ± ${inMebibytes(slope.standardError)} MiB an hour ` +
        `(${samples.length} samples; means in MiB: ${course})`,
    );
    return isGrowth(slope, bounds[figure]) ? [`${name} ${figure}`] : [];
  });
}

/** Gives how many records were sent: fewer where the machine is busy. */
async function load(client: KafkaClient, durationMs: number): Promise<number> {
  const producer = client.producer({ key: string(), value: string() });
  const startMs = performance.now();
  const endMs = startMs + durationMs;
  let count = 0;
  const send = (): Promise<unknown> => {
    const index = count++;
    const key = `k${(index * 7) % keyCount}`;
    const word = String.fromCharCode(97 + (index % 26));
    const value = `${word}:${index % 1000}`.padEnd(valueBytes, ".");
    return producer.send({ topic: index % 3 === 0 ? "payments" : "events", key, value });
  };
  while (performance.now() < endMs) {
    const isFilling = performance.now() - startMs < fillingShare * durationMs;
    const sends = Array.from({ length: recordsAtOnce * (isFilling ? fillingFactor : 1) }, send);
    await sleep((1000 * recordsAtOnce) / recordsPerSecond);
    await Promise.all(sends);
  }
  await producer.close();
  return count;
}

function inMebibytes(bytes: number): string {
  return (bytes / mebibyte).toFixed(1);
}
