import { Broker, type BrokerOptions } from "@millrace/broker";
import { connect, type KafkaClient } from "@millrace/client";
import { encodeUtf8, noHeaders } from "@millrace/model";
import type { FileSystem, Platform } from "@millrace/platform";
import { MemoryFileSystem, memoryPlatform } from "@millrace/platform/memory";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { rocksdbEngineProvider } from "@millrace/rocksdb";
import { fileEngineProvider } from "@millrace/state";
import { StreamsApp, type Topology } from "@millrace/streams";

import { TestClient } from "../../packages/broker/test-support/test-client.ts";
import { collectingLogger, type LoggedEvent } from "../integration/world/process.ts";
import { linesOf, plainCounts, wordCount } from "../integration/world/word-count.ts";
import { copyFiles } from "./copy-files.ts";

export type Engine = "file" | "rocksdb";

/** What a broker and its applications left. State of RocksDB lies on the real disk. */
export interface Remains {
  readonly isStopped: boolean;
  readonly files: MemoryFileSystem;
  readonly rocksdbFolder: string;
}

export const dataFolder = "/data";
export const fileStateFolder = "/state";
export const lines = linesOf(40);
const port = 9092;
/** A checkpoint is written every second: what comes after it and is cut looks like torn. */
const checkpointMs = 1300;

/** Machine of one trial: a disk in memory, a network of its own, real time. */
export function machineOn(fileSystem: FileSystem): {
  readonly platform: Platform;
  readonly events: LoggedEvent[];
} {
  const { clock, timers, random } = nodePlatform();
  const events: LoggedEvent[] = [];
  const logger = collectingLogger(events);
  return { platform: memoryPlatform({ clock, timers, random, logger, fileSystem }), events };
}

export function startBroker(platform: Platform): Promise<Broker> {
  const options: BrokerOptions = {
    dataDirectory: dataFolder,
    port,
    codecs: nodeCompression,
    properties: {
      "group.initial.rebalance.delay.ms": 0,
      "group.min.session.timeout.ms": 100,
      "transaction.abort.timed.out.transaction.cleanup.interval.ms": 100,
      "offsets.topic.num.partitions": 2,
      "transaction.state.log.num.partitions": 2,
    },
  };
  return Broker.start(platform, options);
}

export function clientOf(platform: Platform): KafkaClient {
  return connect(platform, {
    bootstrapServers: `127.0.0.1:${port}`,
    codecs: nodeCompression,
    bootstrapTimeout: 500,
  });
}

/** The application of an engine: its own group, changelog and output. */
export function topologyOf(engine: Engine): Topology {
  return wordCount({ hasFilter: engine === "rocksdb" });
}

export async function startApp(
  platform: Platform,
  engine: Engine,
  stateDirectory: string,
): Promise<StreamsApp> {
  const cluster = clientOf(platform);
  const real = { ...platform, fileSystem: nodePlatform().fileSystem };
  const own = engine === "file" ? platform : real;
  const engines = engine === "file" ? fileEngineProvider(own) : rocksdbEngineProvider(own);
  const options = {
    applicationId: engine,
    stateDirectory,
    commitInterval: 30,
    sessionTimeout: 700,
    heartbeatInterval: 50,
    transactionTimeout: 700,
    closeTimeout: 3000,
  };
  return StreamsApp.start(topologyOf(engine), options, {
    platform: own,
    cluster,
    engines,
    dispose: () => cluster.close(),
  });
}

/** Writes lines, and all that a log has besides records: transactions, deleted records, committed offsets. */
export async function growRemains(folder: string): Promise<readonly [Remains, Remains]> {
  const files = new MemoryFileSystem();
  const { platform } = machineOn(files);
  const broker = await startBroker(platform);
  const client = clientOf(platform);
  const raw = await TestClient.connect(platform, broker.address);
  for (const topic of ["lines", "counts", "copies"]) await raw.createTopic(topic, 2);
  // A segment for each millisecond of event time: several of them, with few records.
  for (const topic of ["plain", "transacted"])
    await raw.createTopic(topic, 1, { "segment.ms": "1", "index.interval.bytes": "100" });
  await writeLines(client, lines);
  await writePlain(client);
  await writeTransactions(client);
  await client.admin.deleteRecords([{ topic: "plain", partition: 0, offset: 5 }]);
  await raw.commitOffset("readers", "plain", 17);
  const apps: StreamsApp[] = [];
  const rocksdbFolder = `${folder}/grown`;
  apps.push(await startApp(platform, "file", fileStateFolder));
  const first = await startApp(platform, "rocksdb", rocksdbFolder);
  await untilCounted(platform, { file: 1, rocksdb: 1 });
  // RocksDB writes its tables when it is opened again.
  await first.close();
  apps.push(await startApp(platform, "rocksdb", rocksdbFolder));
  await platform.timers.sleep(checkpointMs);
  const killed = remainsOf(files, { folder, name: "killed", rocksdbFolder, isStopped: false });
  for (const app of apps) await app.close();
  await client.close();
  raw.connection.destroy();
  await broker.close();
  return [killed, remainsOf(files, { folder, name: "stopped", rocksdbFolder, isStopped: true })];
}

function remainsOf(
  files: FileSystem,
  from: {
    readonly folder: string;
    readonly name: string;
    readonly rocksdbFolder: string;
    readonly isStopped: boolean;
  },
): Remains {
  const target = new MemoryFileSystem();
  copyFiles(files, target, [dataFolder, dataFolder]);
  copyFiles(files, target, [fileStateFolder, fileStateFolder]);
  const disk = nodePlatform().fileSystem;
  const rocksdbFolder = `${from.folder}/${from.name}/rocksdb`;
  copyFiles(disk, disk, [from.rocksdbFolder, rocksdbFolder]);
  return { isStopped: from.isStopped, files: target, rocksdbFolder };
}

export async function writeLines(client: KafkaClient, values: readonly string[]): Promise<void> {
  const writer = client.openWriter({});
  await writer.prepare(["lines"]);
  for (const [index, value] of values.entries())
    writer.partition("lines", index % 2).append(1000 + index, null, encodeUtf8(value), noHeaders);
  await writer.flush();
  await writer.close();
}

async function writePlain(client: KafkaClient): Promise<void> {
  const writer = client.openWriter({});
  await writer.prepare(["plain"]);
  for (let index = 0; index < 30; index++) {
    const value = encodeUtf8(`plain ${index} `.repeat(1 + (index % 5)));
    writer.partition("plain", 0).append(1000 + 2 * Math.floor(index / 6), null, value, noHeaders);
    await writer.flush();
  }
  await writer.close();
}

async function writeTransactions(client: KafkaClient): Promise<void> {
  const writer = client.openWriter({ transactionalId: "writer" });
  await writer.initialize();
  await writer.prepare(["transacted"]);
  for (let index = 0; index < 12; index++) {
    writer.begin();
    const value = encodeUtf8(`transacted ${index}`);
    const at = 1000 + 2 * Math.floor(index / 3);
    writer.partition("transacted", 0).append(at, encodeUtf8("key"), value, noHeaders);
    await writer.flush();
    if (index % 3 === 1) await writer.abort();
    else await writer.commit();
  }
  await writer.close();
}

/** Waits until each application has counted the lines so many times over. */
export async function untilCounted(
  platform: Platform,
  times: Partial<Record<Engine, number>>,
  signal?: AbortSignal,
): Promise<void> {
  await using client = clientOf(platform);
  for (const [engine, count = 0] of Object.entries(times)) {
    const wanted = JSON.stringify(sorted(plainCounts(lines), count));
    while (JSON.stringify(sorted(await readTable(client, engine, signal))) !== wanted)
      await platform.timers.sleep(20, signal);
  }
}

function sorted(
  counts: ReadonlyMap<string, number>,
  times = 1,
): readonly (readonly [string, number])[] {
  return [...counts]
    .map(([word, count]): readonly [string, number] => [word, count * times])
    .sort(([left], [right]) => (left < right ? -1 : 1));
}

/** What the changelog of a table says: each write to the table has its record there. */
async function readTable(
  client: KafkaClient,
  applicationId: string,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const topic = `${applicationId}-counts-changelog`;
  const partitions = [0, 1].map((partition) => ({ topic, partition }));
  const ends = await client.admin.listOffsets(
    partitions.map((one) => ({ ...one, at: "latest" as const })),
    { isolation: "read_committed", signal },
  );
  const reader = client.openReader({ isolation: "read_committed", fetchWaitMsMax: 20 });
  reader.assign(partitions.map((one) => ({ ...one, offset: 0 })));
  const table = new Map<string, number>();
  try {
    while (ends.some((end) => (reader.position(end) ?? 0) < end.offset))
      for (const batch of await reader.poll({ waitMsMax: 20, signal })) {
        while (batch.next()) {
          const { key, value } = batch;
          if (key === null || value === null) continue;
          // The timestamp of the entry, then the count.
          const count = new DataView(value.buffer, value.byteOffset).getBigInt64(value.length - 8);
          table.set(new TextDecoder().decode(key), Number(count));
        }
        batch.release();
      }
  } finally {
    await reader.close();
  }
  return table;
}
