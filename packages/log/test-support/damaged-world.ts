import { decodeUtf8 } from "@millrace/model";
import type { FileSystem, Platform } from "@millrace/platform";
import { MemoryFileSystem } from "@millrace/platform/memory";
import {
  AbortedTransactionFilter,
  readBaseOffset,
  readBatchSizeBytes,
  readLastOffset,
  readPartitionLeaderEpoch,
  RecordBatchReader,
} from "@millrace/protocol/records";
import { LogDirectory } from "../src/log-directory.ts";
import { LogCorruptedError } from "../src/log-error.ts";
import type { PartitionLog } from "../src/partition-log.ts";
import { batchOf, markerOf } from "./batches.ts";
import { testPlatform } from "./open-test-log.ts";

export type Draw = (below: number) => number;

/** Numbers of a seed, the same each time (mulberry32). */
export function drawsOf(seed: number): Draw {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

/** A copy of all files, as a kill would leave them. */
export function copyOf(source: FileSystem, path: string): MemoryFileSystem {
  const target = new MemoryFileSystem();
  copyTree(source, target, path);
  return target;
}

function copyTree(source: FileSystem, target: FileSystem, path: string): void {
  target.makeDirectory(path);
  for (const name of source.list(path)) {
    const child = `${path}/${name}`;
    if (name.startsWith(".lock")) continue;
    if (source.stat(child)?.kind === "directory") copyTree(source, target, child);
    else {
      const file = source.open(child, "read");
      const bytes = new Uint8Array(file.sizeBytes());
      file.read(bytes, 0);
      file.close();
      const copy = target.open(child, "create");
      copy.write([bytes], 0);
      copy.close();
    }
  }
}

/** Files below a path, with their sizes. */
export function filesBelow(fileSystem: FileSystem, path: string): string[] {
  return fileSystem.list(path).flatMap((name) => {
    const child = `${path}/${name}`;
    if (name.startsWith(".lock")) return [];
    return fileSystem.stat(child)?.kind === "directory" ? filesBelow(fileSystem, child) : [child];
  });
}

const config = {
  segmentBytes: 1500,
  indexIntervalBytes: 200,
  recordIntervalBytes: 400,
  tailCacheBytes: 300,
};

export async function openWorld(
  platform: Platform,
  leaderEpoch: number,
  partition = 0,
): Promise<{ directory: LogDirectory; log: PartitionLog }> {
  const directory = await LogDirectory.open({
    platform,
    path: "data",
    clusterId: "cluster",
    nodeId: 1,
  });
  const log = await directory.openLog({
    topic: "orders",
    partition,
    topicId: "AAAAAAAAAAAAAAAAAAAAAQ",
    leaderEpoch,
    config: { ...config, transactionVerificationEnabled: false },
  });
  return { directory, log };
}

/** Several lives of a log with transactions, deleted records and segments; what a stop, or a kill, leaves. */
export async function growWorld(
  draw: Draw,
  isClean: boolean,
  partition = 0,
): Promise<MemoryFileSystem> {
  let files = testPlatform().fileSystem as MemoryFileSystem;
  const sequences = [0, 0, 0];
  const lives = 2 + draw(2);
  for (let life = 1; life <= lives; life++) {
    const { directory, log } = await openWorld(testPlatform(files), life, partition);
    for (let count = 6 + draw(20); count > 0; count--) append(log, draw, sequences);
    await log.sync();
    log.advanceHighWatermark(log.logEndOffset);
    if (draw(3) === 0) await log.deleteRecordsBefore(draw(log.logEndOffset));
    // What comes after the last one is lost to a crash that looks like damage: here nothing does.
    await directory.checkpoint();
    if (life < lives ? draw(2) === 0 : isClean) await directory.close();
    files = copyOf(files, "data");
  }
  return files;
}

function append(log: PartitionLog, draw: Draw, sequences: number[]): void {
  const producerId = draw(4);
  const values = Array.from({ length: 1 + draw(3) }, () => `${draw(1000)}`.repeat(1 + draw(20)));
  const timestamp = 1000 + draw(900);
  if (producerId === 3) {
    log.append(batchOf({ values, timestamp }), { origin: "client" });
    return;
  }
  if (draw(3) === 0) {
    const outcome = draw(2) === 0 ? "commit" : "abort";
    log.append(markerOf(outcome, producerId, 0), { origin: "coordinator" });
    return;
  }
  const baseSequence = sequences[producerId];
  sequences[producerId] += values.length;
  const producer = { producerId, producerEpoch: 0, baseSequence, isTransactional: true };
  log.append(batchOf({ values, timestamp, ...producer }), { origin: "client" });
}

/** All that readers can ask a log for. */
export interface Sight {
  readonly start: number;
  readonly end: number;
  readonly batches: readonly string[];
  /** Of those, what readers of committed records see. */
  readonly committed: readonly string[];
  readonly stable: number;
  readonly producers: string;
  readonly times: string;
}

/** What was read before the damage, and the error that says so. */
export interface DamagedSight {
  readonly batches: readonly string[];
  readonly error: LogCorruptedError;
}

/** What is to be read, or the error that says what cannot. */
export function lookAt(log: PartitionLog): Sight | LogCorruptedError {
  const sight = lookClosely(log);
  return "error" in sight ? sight.error : sight;
}

/** The same with what could be read all the same. */
export function lookClosely(log: PartitionLog): Sight | DamagedSight {
  const batches: string[] = [];
  try {
    readAll(log, (bytes, at) => batches.push(describe(bytes, at)));
    return sightOf(log, batches);
  } catch (error) {
    if (error instanceof LogCorruptedError) return { batches, error };
    throw error;
  }
}

function readAll(log: PartitionLog, visit: (bytes: Uint8Array, at: number) => void): void {
  const { logEndOffset: end } = log;
  for (let offset = log.logStartOffset; offset < end;) {
    const slice = log.read(offset, { maxBytes: 700, upTo: end, minOneBatch: true });
    for (const part of slice.parts)
      for (let at = 0; at < part.length; at += readBatchSizeBytes(part, at)) visit(part, at);
    if (slice.nextOffset === offset) throw new Error(`nothing to read at ${offset}`);
    offset = slice.nextOffset;
  }
  if (log.damage !== undefined) throw new LogCorruptedError(log.damage);
}

function sightOf(log: PartitionLog, batches: readonly string[]): Sight {
  const { lastStableOffset: stable } = log;
  const committed: string[] = [];
  const filter = new AbortedTransactionFilter([
    ...log.abortedTransactions(log.logStartOffset, stable),
  ]);
  readAll(log, (bytes, at) => {
    if (readLastOffset(bytes, at) < stable && filter.accepts(bytes, at))
      committed.push(describe(bytes, at));
  });
  const times = Array.from({ length: 10 }, (_, index) =>
    log.offsetForTimestamp(1000 + 100 * index),
  );
  const byId = [...log.producers()].sort((left, right) => left.producerId - right.producerId);
  return {
    start: log.logStartOffset,
    end: log.logEndOffset,
    batches,
    committed,
    stable,
    producers: JSON.stringify(byId),
    times: JSON.stringify([times, log.maxTimestamp()]),
  };
}

function describe(bytes: Uint8Array, position: number): string {
  const records = new RecordBatchReader({ bytes, position });
  const values: string[] = [];
  while (records.next()) values.push(decodeUtf8(records.value ?? new Uint8Array()));
  const epoch = readPartitionLeaderEpoch(bytes, position);
  return `${readBaseOffset(bytes, position)} in ${epoch}: ${values.join(",")}`;
}
