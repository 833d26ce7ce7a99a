import { decodeUtf8 } from "@millrace/model";
import { FileSystemError, type Platform } from "@millrace/platform";
import { drainTurn } from "@millrace/platform/node";
import { readBatchSizeBytes, RecordBatchReader } from "@millrace/protocol/records";
import { describe, expect, it } from "vitest";
import { Simulator, type SimulatorOptions } from "../../simulator/src/index.ts";
import { LogDirectory } from "./log-directory.ts";
import { LogStorageError } from "./log-error.ts";
import type { PartitionLog } from "./partition-log.ts";
import { batchOf } from "../test-support/batches.ts";

const client = { origin: "client" } as const;
const config = {
  segmentBytes: 6000,
  indexIntervalBytes: 500,
  recordIntervalBytes: 1500,
  tailCacheBytes: 5000,
};
const appendsPerLife = 60;
const livesMax = 12;

/** What a client of the log knows: it was told that everything below `ackedEnd` is safe. */
class Witness {
  values = new Map<number, string>();
  ackedEnd = 0;
  startOffset = 0;
  lastAcked: { baseOffset: number; values: string[]; sequence: number } | undefined;
  sequence = 0;
  epoch = 0;
  lives = 0;
}

function readAll(log: PartitionLog): Map<number, string> {
  const found = new Map<number, string>();
  for (let offset = log.logStartOffset; offset < log.logEndOffset;) {
    const slice = log.read(offset, { maxBytes: 3000, upTo: log.logEndOffset, minOneBatch: true });
    if (slice.sizeBytes === 0) throw new Error(`nothing to read at ${offset}`);
    for (const bytes of slice.parts)
      for (
        let position = 0;
        position < bytes.length;
        position += readBatchSizeBytes(bytes, position)
      ) {
        const records = new RecordBatchReader({ bytes, position });
        while (records.next())
          found.set(records.offset, decodeUtf8(records.value ?? new Uint8Array()));
      }
    offset = slice.nextOffset;
  }
  return found;
}

function check(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(what);
}

/** LOG-1, LOG-3, LOG-4: nothing acknowledged is lost or changed, no offset is missing. */
function checkRecovered(log: PartitionLog, witness: Witness): void {
  check(log.damage === undefined, `a crash is taken for damage: ${JSON.stringify(log.damage)}`);
  check(log.logStartOffset >= witness.startOffset, "the log start went back");
  check(log.logEndOffset >= witness.ackedEnd, `end ${log.logEndOffset} < ${witness.ackedEnd}`);
  const found = readAll(log);
  for (let offset = log.logStartOffset; offset < log.logEndOffset; offset++) {
    check(found.has(offset), `offset ${offset} is missing`);
    if (offset < witness.ackedEnd)
      check(found.get(offset) === witness.values.get(offset), `offset ${offset} changed`);
  }
  const last = witness.lastAcked;
  // Only the newest batch of a producer outlives a restart: snapshots hold no more, as in Kafka.
  if (last !== undefined && last.baseOffset + last.values.length === log.logEndOffset) {
    const again = log.append(batchFor(last.values, last.sequence), client);
    check(
      again.isDuplicate && again.baseOffset === last.baseOffset,
      "a duplicate is not known again",
    );
  }
  const known = log.producers()[0];
  witness.sequence = known === undefined ? 0 : known.lastSequence + 1;
  for (const [offset, value] of found) witness.values.set(offset, value);
  witness.ackedEnd = log.logEndOffset;
  witness.startOffset = log.logStartOffset;
}

function batchFor(values: readonly string[], baseSequence: number): Uint8Array {
  return batchOf({ values, producerId: 1, producerEpoch: 0, baseSequence, timestamp: 1000 });
}

async function live(platform: Platform, witness: Witness): Promise<void> {
  const { random } = platform;
  witness.lives++;
  const directory = await LogDirectory.open({
    platform,
    path: "data",
    clusterId: "cluster",
    nodeId: 1,
  });
  const leaderEpoch = ++witness.epoch;
  const log = await directory.openLog({ topic: "t", partition: 0, leaderEpoch, config });
  checkRecovered(log, witness);
  if (witness.lives > livesMax) return;
  for (let count = 0; count < appendsPerLife; count++) {
    const values = Array.from(
      { length: 1 + random.below(3) },
      (_, index) => `${leaderEpoch}:${count}:${index}:${"x".repeat(random.below(900))}`,
    );
    const { baseOffset, lastOffset } = log.append(batchFor(values, witness.sequence), client);
    values.forEach((value, index) => witness.values.set(baseOffset + index, value));
    const appended = { baseOffset, values, sequence: witness.sequence };
    witness.sequence += values.length;
    if (random.below(3) > 0) continue;
    const syncing = log.sync();
    // The append below may be the last thing that this life does.
    syncing.catch(() => {});
    // Not covered by the sync that runs: they may be lost, and one without the others.
    for (let left = random.below(6); left > 0; left--) {
      const value = `late${"x".repeat(random.below(random.below(2) === 0 ? 900 : 20))}`;
      const late = log.append(batchFor([value], witness.sequence++), client);
      witness.values.set(late.baseOffset, value);
      if (random.below(3) === 0) await platform.timers.sleep(random.below(5));
    }
    await syncing;
    witness.ackedEnd = lastOffset + 1;
    witness.lastAcked = appended;
    log.advanceHighWatermark(log.durableOffset);
    if (random.below(8) === 0) await directory.checkpoint();
    if (random.below(8) === 0) {
      const target = log.logStartOffset + random.below(log.highWatermark - log.logStartOffset + 1);
      witness.startOffset = await log.deleteRecordsBefore(target);
    }
  }
  if (random.below(2) === 0) await directory.close();
  throw new LogStorageError("LOG_CLOSED", "this life is over");
}

const first = Number(process.env["LOG_SEED"] ?? 1);
const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const count = Number(process.env["LOG_SEEDS"] ?? (isVerify ? 24 : 6));
const crashes = { crashAtStep: 0.01, powerLoss: 0.02, kill: 0.02 };

async function runSeed(
  seed: number,
  faults: SimulatorOptions["faults"],
): Promise<ReadonlyMap<string, number>> {
  const simulator = new Simulator({ seed, drain: drainTurn, faults });
  const witness = new Witness();
  await new Promise<void>((resolve, reject) => {
    simulator.process("broker", {
      onFailure: "restart",
      start: async (platform) => {
        try {
          await live(platform, witness);
          resolve();
        } catch (error) {
          if (!isOfDisk(error) && !isKilled(error)) reject(error);
          throw error;
        }
      },
    });
    simulator.run().catch(reject);
  });
  return simulator.steps;
}

function isOfDisk(error: unknown): boolean {
  return error instanceof LogStorageError || error instanceof FileSystemError;
}

function isKilled(error: unknown): boolean {
  return error instanceof Error && error.name === "ProcessKilledError";
}

/** Gives the steps that were reached. */
async function runSeeds(
  seedCount: number,
  faults: SimulatorOptions["faults"],
): Promise<ReadonlySet<string>> {
  const reached = new Set<string>();
  for (let seed = first; seed < first + seedCount; seed++) {
    try {
      for (const step of (await runSeed(seed, faults)).keys()) reached.add(step);
    } catch (error) {
      throw new Error(`seed ${seed} (LOG_SEED=${seed} LOG_SEEDS=1)`, { cause: error });
    }
  }
  return reached;
}

describe("crashes and power losses", () => {
  it(`lose nothing that was acknowledged, seeds ${first} to ${first + count - 1} (LOG_SEED)`, async () => {
    const reached = await runSeeds(count, crashes);
    for (const step of ["C1", "C2", "C3", "C5", "C6", "C7", "C11", "C20"])
      expect(reached).toContain(step);
  });

  it(`lose nothing that was acknowledged where much is written while a sync is slow, seeds ${first} on`, () =>
    runSeeds(2 * count, { slowFsync: 0.5, powerLoss: 0.1, crashAtStep: 0.02, kill: 0.01 }));

  // The kernel takes pages for clean after a failed sync: a restart sees them, and the next power loss takes them.
  it(`lose nothing that a restart has shown after a failed sync, seeds ${first} on`, () =>
    runSeeds(2 * count, { ...crashes, fsyncError: 0.02 }));
});
