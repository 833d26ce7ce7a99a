import { LogDirectory, LogStorageError, type LogConfig, type PartitionLog } from "@millrace/log";
import { encodeUtf8, noHeaders } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import { encodeEndTransactionMarker, RecordBatchBuilder } from "@millrace/protocol/records";
import { must, type Model } from "./model.ts";
import { readCommitted, readRaw } from "./read-log.ts";

const keyCount = 6;
/** Without transactions, then with the same epoch for all (TV1) or one for each (TV2). */
const producerIds = [-1, 1, 2, 3, 4];
const stepsPerLife = 60;
const folder = "data/t-0";

const config: Partial<LogConfig> = {
  isCompacted: true,
  isDeleted: false,
  segmentBytes: 700,
  indexIntervalBytes: 200,
  tailCacheBytes: 4000,
  transactionVerificationEnabled: false,
  fileDeleteDelayMs: 300,
};

export interface LifeOptions {
  readonly model: Model;
  readonly leaderEpoch: number;
  /** What a log is told of `delete.retention.ms`: the model's, but for a planted bug. */
  readonly deleteRetentionMs: number;
  /** The last one: all is cleaned to the end. */
  readonly isLast: boolean;
}

/** One life of a log: what it holds is checked, then written, compacted and read, until it ends, or a crash ends it. */
export async function live(platform: Platform, options: LifeOptions): Promise<void> {
  const { model, leaderEpoch, deleteRetentionMs } = options;
  const { random } = platform;
  if (random.below(3) === 0) removeCaches(platform, random.below(2) === 0 ? ".snapshot" : "");
  const directory = await LogDirectory.open({
    platform,
    path: "data",
    clusterId: "cluster",
    nodeId: 1,
  });
  const log = await directory.openLog({
    topic: "t",
    partition: 0,
    leaderEpoch,
    config: { ...config, deleteRetentionMs },
  });
  must(log.damage === undefined, `a crash is taken for damage: ${JSON.stringify(log.damage)}`);
  must(log.logEndOffset >= model.ackedEnd, `it ends at ${log.logEndOffset}`);
  model.truncate(log.logEndOffset);
  model.ackedEnd = log.logEndOffset;
  const life = new Life(platform, log, model);
  life.check();
  if (options.isLast) await life.cleanAll();
  else
    for (let step = 0; step < stepsPerLife; step++) {
      await life.step();
      if (random.below(10) === 0) await directory.checkpoint();
    }
  if (random.below(2) === 0) await directory.close();
  if (!options.isLast) throw new LogStorageError("LOG_CLOSED", "this life is over");
}

/** All that can be made anew; by a suffix, or all of them. */
function removeCaches({ fileSystem }: Platform, suffix: string): void {
  if (fileSystem.stat(folder) === undefined) return;
  for (const name of fileSystem.list(folder))
    if (/\.(index|timeindex|txnindex|snapshot)$/.test(name) && name.endsWith(suffix))
      fileSystem.remove(`${folder}/${name}`);
}

class Life {
  readonly #platform: Platform;
  readonly #log: PartitionLog;
  readonly #model: Model;
  #count = 0;
  #isCleaning = false;

  constructor(platform: Platform, log: PartitionLog, model: Model) {
    this.#platform = platform;
    this.#log = log;
    this.#model = model;
  }

  async step(): Promise<void> {
    const { random, timers } = this.#platform;
    const draw = random.below(20);
    if (draw < 11) this.#append();
    else if (draw < 14) this.#endTransaction();
    else if (draw === 14) await timers.sleep(random.below(800));
    else if (draw < 17) await this.#sync();
    else if (draw === 17) this.#log.roll();
    else if (draw === 18) await this.#clean(random.below(3) === 0 ? 3 : 100);
    else this.check();
  }

  /** What is there, from any offset on, for readers of both kinds, and of producers. */
  check(): void {
    const { random } = this.#platform;
    const log = this.#log;
    const model = this.#model;
    const maxBytes = 1 + random.below(1500);
    if (model.endOffset > log.highWatermark) return;
    const raw = readRaw(log, maxBytes);
    model.check(raw);
    const { lastStableOffset } = model;
    must(log.lastStableOffset === lastStableOffset, `the stable offset is ${log.lastStableOffset}`);
    const byBase = new Map(model.batches.map((batch) => [batch.baseOffset, batch]));
    const committed = raw.flatMap(({ baseOffset, records }) => {
      const batch = byBase.get(baseOffset);
      const isSeen = batch !== undefined && !model.isAborted(batch);
      return isSeen && baseOffset < lastStableOffset ? records : [];
    });
    for (const from of [0, random.below(model.endOffset + 1), random.below(model.endOffset + 1)]) {
      const seen = readCommitted(log, from, maxBytes);
      const expected = committed.filter(({ offset }) => offset >= from);
      must(
        JSON.stringify(seen) === JSON.stringify(expected),
        `from ${from} on ${JSON.stringify(seen)} is seen, ${JSON.stringify(expected)} is committed`,
      );
    }
    this.#checkProducers();
  }

  #checkProducers(): void {
    for (const found of this.#log.producers()) {
      const { epoch, lastSequence, openedAt } = this.#model.producer(found.producerId);
      const what = `producer ${found.producerId}: ${JSON.stringify(found)}`;
      must(found.producerEpoch === epoch, `${what}, its epoch is ${epoch}`);
      must(found.lastSequence === lastSequence, `${what}, its sequence is ${lastSequence}`);
      must(found.currentTransactionStartOffset === openedAt, `${what}, opened at ${openedAt}`);
    }
    const known = new Set(this.#log.producers().map(({ producerId }) => producerId));
    for (const { producerId } of this.#model.batches)
      must(producerId < 0 || known.has(producerId), `producer ${producerId} is forgotten`);
  }

  #append(): void {
    const { random, clock } = this.#platform;
    const producerId = producerIds[random.below(producerIds.length)];
    const state = this.#model.producer(producerId);
    const isTransactional = producerId > 0 && (state.openedAt >= 0 || random.below(3) > 0);
    const builder = new RecordBatchBuilder({ capacityBytes: 256 });
    const baseOffset = this.#log.logEndOffset;
    const records = Array.from({ length: 1 + random.below(4) }, (_, index) => ({
      offset: baseOffset + index,
      key: `k${random.below(keyCount)}`,
      value: random.below(4) === 0 ? null : `${baseOffset}:${this.#count++}`,
    }));
    for (const { key, value } of records)
      builder.append(
        clock.wallMs(),
        encodeUtf8(key),
        value === null ? null : encodeUtf8(value),
        noHeaders,
      );
    const producerEpoch = producerId < 0 ? -1 : Math.max(0, state.epoch);
    const baseSequence = producerId < 0 ? -1 : state.lastSequence + 1;
    const batch = builder.build({ producerId, producerEpoch, baseSequence, isTransactional });
    // A crash in the middle may leave it, or not.
    this.#model.batches.push({
      kind: "data",
      baseOffset,
      lastOffset: baseOffset + records.length - 1,
      producerId,
      producerEpoch,
      lastSequence: producerId < 0 ? -1 : baseSequence + records.length - 1,
      isTransactional,
      records,
    });
    const appended = this.#log.append(batch.slice(), { origin: "client" });
    must(!appended.isDuplicate && appended.baseOffset === baseOffset, "it is taken for another");
  }

  #endTransaction(producerId = producerIds[1 + this.#platform.random.below(4)]): void {
    const { random, clock } = this.#platform;
    const state = this.#model.producer(producerId);
    if (state.openedAt < 0) return;
    const kind = random.below(2) === 0 ? "commit" : "abort";
    const transactionVersion = producerId % 2 === 0 ? 2 : 1;
    const producerEpoch = transactionVersion === 2 ? state.epoch + 1 : state.epoch;
    const marker = encodeEndTransactionMarker({
      outcome: kind,
      producerId,
      producerEpoch,
      coordinatorEpoch: 0,
      timestamp: clock.wallMs(),
    });
    const baseOffset = this.#log.logEndOffset;
    this.#model.batches.push({
      kind,
      baseOffset,
      lastOffset: baseOffset,
      producerId,
      producerEpoch,
      lastSequence: -1,
      isTransactional: true,
      records: [],
    });
    this.#log.append(marker.slice(), { origin: "coordinator", transactionVersion });
  }

  async #sync(): Promise<void> {
    const end = this.#log.logEndOffset;
    await this.#log.sync();
    this.#model.ackedEnd = Math.max(this.#model.ackedEnd, end);
    this.#log.advanceHighWatermark(end);
  }

  /** With room for so many keys; between slices others write and read. */
  async #clean(keys: number): Promise<void> {
    if (this.#isCleaning) return;
    const { timers, random, clock } = this.#platform;
    await this.#sync();
    const log = this.#log;
    const upTo = Math.min(log.activeBaseOffset, log.lastStableOffset);
    const cleaning: Model["cleanings"][number] = { upTo, begunMs: clock.wallMs() };
    this.#model.cleanings.push(cleaning);
    this.#isCleaning = true;
    try {
      const result = await log.upkeep.compact({
        offsetMapBytes: Math.ceil((24 * keys) / 0.9),
        offsetMapLoadFactor: 0.9,
        sliceBytes: 300,
        rest: async () => {
          await timers.yield();
          const draw = random.below(12);
          if (draw === 0) this.#append();
          else if (draw === 1) this.#endTransaction();
          else if (draw === 2) this.check();
        },
      });
      if (result !== undefined)
        cleaning.done = { endOffset: result.endOffset, atMs: clock.wallMs() };
    } finally {
      this.#isCleaning = false;
    }
    log.upkeep.removeRetired();
    this.check();
  }

  /** Everything is decided and compacted until nothing is left to go: one record for each key, and what is last. */
  async cleanAll(): Promise<void> {
    const { timers } = this.#platform;
    for (const producerId of producerIds) if (producerId > 0) this.#endTransaction(producerId);
    for (let round = 0; round < 4; round++) {
      this.#append();
      for (const producerId of producerIds) if (producerId > 0) this.#endTransaction(producerId);
      this.#log.roll();
      await this.#clean(1000);
      await timers.sleep(this.#model.deleteRetentionMs + 100);
    }
    const { endOffset = 0 } = this.#model.cleanings.at(-1)?.done ?? {};
    const left = readRaw(this.#log, 2000).filter(({ baseOffset }) => baseOffset < endOffset);
    const keys = left.flatMap(({ records }) => records.map(({ key }) => key));
    must(new Set(keys).size === keys.length, `keys are there twice: ${keys.join()}`);
    // Keys, what each producer wrote last and its markers, and the last batch.
    must(left.length <= keyCount + 4 * producerIds.length + 1, `${left.length} batches are left`);
  }
}
