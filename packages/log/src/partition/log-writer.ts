import { invariant, messageOf, type Offset, type Timestamp } from "@millrace/model";
import { FileSystemError } from "@millrace/platform";
import {
  answerDuplicate,
  assignOffsets,
  planAppend,
  type AppendPlan,
} from "../append/append-plan.ts";
import { indexBatches } from "../append/index-batches.ts";
import { isRollDue } from "../append/is-roll-due.ts";
import { SyncQueue } from "../checkpoint/sync-queue.ts";
import { LogStorageError } from "../log-error.ts";
import type { AppendOptions, AppendResult } from "../log-types.ts";
import { reach } from "../probe.ts";
import { LogSegment } from "../segment/log-segment.ts";
import { forgetRecord } from "../upkeep/recorded-end.ts";
import { prepareRecord, recordedGrowthBytes, writeActiveRecord } from "../upkeep/record-active.ts";
import type { LogState } from "./log-state.ts";
import { recordSegment, vouchFor } from "./record-segment.ts";

/** Writes batches, closes segments and makes all durable; its owner documents the methods. */
export class LogWriter {
  readonly #state: LogState;
  readonly #syncs = new SyncQueue(() => this.#syncOnce());
  /** The active segment's record says which epoch begins behind it. */
  #isEpochRecorded = false;
  /** The segment that was recorded last as it grew, and how large it was; or could not be. */
  #recorded: { readonly segment: LogSegment; readonly sizeBytes: number } | undefined;

  constructor(state: LogState) {
    this.#state = state;
  }

  append(batches: Uint8Array, options: AppendOptions): AppendResult {
    const state = this.#state;
    state.checkWritable();
    const baseOffset = state.logEndOffset;
    const nowMs = state.platform.clock.wallMs();
    const plan = planAppend(batches, options, {
      config: state.config,
      producers: state.producers,
      codecs: state.options.codecs,
      nowMs,
      logEndOffset: baseOffset,
    });
    const { logStartOffset } = state;
    if (plan.duplicate !== undefined) return answerDuplicate(plan.duplicate, logStartOffset);
    this.#write(plan, baseOffset, nowMs);
    return {
      isDuplicate: false,
      baseOffset,
      lastOffset: plan.endOffset - 1,
      logAppendTime: state.config.messageTimestampType === "LogAppendTime" ? nowMs : -1,
      logStartOffset,
      sizeBytes: plan.bytes.length,
    };
  }

  sync(): Promise<void> {
    const { failure } = this.#state;
    return failure === undefined ? this.#syncs.sync() : Promise.reject(failure);
  }

  /** Resolves once no sync goes on. */
  idle(): Promise<void> {
    return this.#syncs.idle();
  }

  roll(): void {
    this.#state.checkWritable();
    if (this.#state.segments.active.sizeBytes > 0) this.#guardWrite(() => this.#roll());
  }

  /** Makes all durable, with indexes, a snapshot and a record of the active segment. */
  async finish(): Promise<void> {
    const { active } = this.#state.segments;
    await this.#syncs.sync();
    active.seal();
    this.#writeSnapshot();
    recordSegment(this.#state, active, { isClosed: false, isDurable: true, isStopped: true });
    this.#removeSnapshots(active.endOffset);
    await this.#syncs.sync();
  }

  /** Notes producers as they are now, and what lies in an active segment of which nothing is noted yet. */
  keepWitnesses(): void {
    const { active } = this.#state.segments;
    this.#writeSnapshot();
    if (active.record === undefined) vouchFor(this.#state, active, { isClosed: false });
    this.#removeSnapshots(active.endOffset);
  }

  #write(plan: AppendPlan, baseOffset: Offset, nowMs: Timestamp): void {
    const state = this.#state;
    const { bytes } = plan;
    this.#guardWrite(() => {
      if (!this.#isEpochRecorded) this.#recordEpoch();
      if (isRollDue(state.segments.active, plan, state.config, nowMs)) this.#roll();
      assignOffsets(bytes, baseOffset, state.leaderEpoch);
      reach(state.platform, "C1");
      state.segments.active.write([bytes], bytes.length);
    });
    reach(state.platform, "C3");
    const segment = state.segments.active;
    state.dirty.addSegment(segment);
    state.epochs.assign(state.leaderEpoch, baseOffset);
    indexBatches(bytes, segment, state.cache, state.config.indexIntervalBytes);
    invariant(segment.endOffset === plan.endOffset, "LOG-1", plan.endOffset);
    for (const aborted of state.producers.commit(plan.producers))
      segment.transactionIndex.append(aborted);
  }

  /** Before the first batch of this run: what lies behind a record has its epoch, or the next start sees that it changed. */
  #recordEpoch(): void {
    const { active } = this.#state.segments;
    const isDurable = this.#state.durableOffset === active.endOffset;
    try {
      vouchFor(this.#state, active, { isClosed: false, isDurable });
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error;
      const { path } = active;
      this.#state.platform.logger.log("warn", "log.record-failed", { path, error });
      forgetRecord(this.#state.dirty, active);
    }
    this.#isEpochRecorded = true;
  }

  /** A failed write leaves the log as it was, unless even taking it back failed. */
  #guardWrite(write: () => void): void {
    const { segments, platform, fileSystem } = this.#state;
    const segment = segments.active;
    const { sizeBytes } = segment;
    try {
      write();
    } catch (error) {
      reach(platform, "C4");
      const { active } = segments;
      const expected = active === segment ? sizeBytes : 0;
      const onDisk = fileSystem.stat(active.path)?.sizeBytes;
      if (onDisk !== expected)
        throw this.#state.fail(`${active.path}: a partial write stays`, error);
      this.#state.failedWrites.tell(this.#state.path, error);
      const reason = messageOf(error);
      throw new LogStorageError(
        "WRITE_FAILED",
        `${active.path}: nothing was appended (${reason}); once that is mended, try again`,
        error,
      );
    }
  }

  #roll(): void {
    const state = this.#state;
    const full = state.segments.active;
    reach(state.platform, "C6");
    full.seal();
    this.#writeSnapshot();
    // Once, however often it takes to make the next one.
    const isRecorded = full.record?.isClosed === true && full.record.sizeBytes === full.sizeBytes;
    if (!isRecorded) recordSegment(state, full, { isClosed: true });
    this.#removeSnapshots(full.endOffset);
    // A start that cut a tail, and died before that was on the device, left no sign that the size is not.
    if (!full.isOnDevice) {
      full.truncate(full.sizeBytes);
      state.dirty.addSegment(full);
    }
    const nowMs = state.platform.clock.wallMs();
    const next = new LogSegment(state.fileSystem, state.path, full.endOffset, nowMs);
    reach(state.platform, "C5");
    next.create();
    state.drawJitter(next);
    state.segments.add(next);
    state.dirty.addSegment(next);
    state.dirty.addDirectory();
  }

  #writeSnapshot(): void {
    const { logEndOffset: offset, snapshots, producers, dirty } = this.#state;
    const isThere = snapshots.sumAt(offset) !== undefined;
    const handle = isThere
      ? snapshots.openUnsynced(offset)
      : snapshots.write({ offset, producers });
    if (handle === undefined) return;
    dirty.addHandles([handle]);
    dirty.addDirectory();
  }

  /**
   * Of snapshots a start needs the newest, that of the active segment's record, and those at the begin of segments
   * (Kafka: `removeStraySnapshots`); the others would become more with every stop.
   */
  #removeSnapshots(newest: Offset): void {
    const { segments, snapshots, dirty } = this.#state;
    const needed = new Set(segments.all.map(({ baseOffset }) => baseOffset));
    needed.add(segments.active.record?.endOffset ?? newest);
    snapshots.removeUnless(
      (offset) => offset >= newest || needed.has(offset),
      (path) => dirty.removeFile(path),
    );
  }

  async #syncOnce(): Promise<void> {
    const state = this.#state;
    if (state.failure !== undefined) throw state.failure;
    const target = state.logEndOffset;
    const write = this.#recordGrowth();
    try {
      reach(state.platform, "C2");
      await state.dirty.sync();
    } catch (error) {
      throw state.fail(`${state.path}: a sync failed`, error);
    }
    invariant(target >= state.durableOffset, "LOG-3", target);
    state.durableOffset = target;
    write?.();
  }

  /** Prepares the record of an active segment that has grown; what is given back writes it once all is on the device. */
  #recordGrowth(): (() => void) | undefined {
    const state = this.#state;
    const { active } = state.segments;
    const { sizeBytes } = active;
    const known = this.#recorded?.segment === active ? this.#recorded : active.record;
    const growth = sizeBytes - (known?.sizeBytes ?? 0);
    const { recordIntervalBytes } = state.config;
    const producerCount = state.producers.entries.size;
    if (growth < recordedGrowthBytes(sizeBytes, { recordIntervalBytes, producerCount }))
      return undefined;
    // What lies behind a damage is told by the record that is there.
    if (!active.isSound) return undefined;
    this.#recorded = { segment: active, sizeBytes };
    const record = prepareRecord(state, active);
    if (record === undefined) return undefined;
    return () => {
      if (active !== state.segments.active) return; // it was closed meanwhile, and has its last one
      writeActiveRecord(state, active, record);
      this.#removeSnapshots(record.endOffset);
    };
  }
}
