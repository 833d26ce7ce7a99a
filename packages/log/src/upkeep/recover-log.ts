import type { Offset } from "@millrace/model";
import type { FileSystem, Platform } from "@millrace/platform";
import type { LogDamage } from "../log-error.ts";
import type { CutTail, RecoveryReport } from "../log-types.ts";
import { reach } from "../probe.ts";
import { ProducerSnapshots } from "../producer/producer-snapshots.ts";
import { ProducerStates } from "../producer/producer-states.ts";
import { loadProducers } from "../producer/replay-producers.ts";
import type { DirtyFiles } from "../segment/dirty-files.ts";
import { LeaderEpochs } from "../segment/leader-epochs.ts";
import { LogSegment } from "../segment/log-segment.ts";
import { cutTail, type TornTail } from "./cut-tail.ts";
import { findSegments } from "./find-segments.ts";
import { finishSwaps } from "./finish-swaps.ts";
import { damageIn, judgeDamage, missingBegin, missingEnd, type FaultyLog } from "./judge-damage.ts";
import type { RecoveryOptions } from "./recovery-options.ts";
import { keepEnd } from "./recorded-end.ts";
import { behindTheEnd, scanSegment, type ScanEnd } from "./scan-segment.ts";
import { gapBefore, isEmptyFrom, isStaleFrom } from "./segment-gaps.ts";
import { settleRecords } from "./settle-records.ts";
import { settleLog } from "./settle-log.ts";

/** A log as it is found on disk, made sound or known to be damaged. */
export interface RecoveredLog {
  readonly segments: readonly LogSegment[];
  readonly producers: ProducerStates;
  readonly snapshots: ProducerSnapshots;
  readonly epochs: LeaderEpochs;
  readonly report: RecoveryReport;
  /** What is not on the device yet; all is, where this is not given. */
  readonly dirty?: DirtyFiles;
}

/**
 * Opens what a partition's directory holds (Kafka: `LogLoader`).
 *
 *   each segment: as its record says, and durable once? -> taken as it is; its batches are checked when they are read
 *                      | no
 *                      v
 *   producers at its begin -> scan of what nothing vouches for
 *        -> sound                                   -> indexes and record written anew, tail made durable
 *        -> torn tail above what was durable        -> set aside and cut, the same
 *        -> anything else                           -> damaged: readable below, nothing changed
 *
 * The tail, from the recovery point on, is written once more before it is synced: the run before may have ended
 * because a sync failed, and the page cache shows what the device never got (fsync-gate).
 *
 * Each step can be repeated: a crash inside leads to the same end (LOG-5).
 */
export async function recoverLog(options: RecoveryOptions): Promise<RecoveredLog> {
  return new LogRecovery(options).run();
}

class LogRecovery {
  readonly #options: RecoveryOptions;
  readonly #fileSystem: FileSystem;
  readonly #platform: Platform;
  readonly #path: string;
  readonly #producers = new ProducerStates();
  readonly #snapshots: ProducerSnapshots;
  readonly #epochs = new LeaderEpochs();
  readonly #segments: LogSegment[];
  readonly #rubbish: readonly string[];
  /** Below, all was durable once: what is not there, or not sound, is lost. */
  readonly #recoveryPoint: Offset;
  /** Where the bytes of a segment begin that may be in the page cache alone. */
  readonly #unsynced = new Map<LogSegment, number>();
  readonly #scanned = new Set<LogSegment>();
  /** Files were made or removed, or may have been by a run that did not sync the directory. */
  #isDirectoryDirty = false;
  #areProducersKnown = true;
  #scannedBytes = 0;
  #cutTail: CutTail | undefined;
  #damage: LogDamage | undefined;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.#platform = options.platform;
    this.#fileSystem = options.platform.fileSystem;
    this.#path = options.path;
    this.#snapshots = new ProducerSnapshots(this.#fileSystem, this.#path, this.#platform.logger);
    this.#isDirectoryDirty = finishSwaps(this.#platform, this.#path);
    const nowMs = this.#platform.clock.wallMs();
    const { segments, rubbish } = findSegments(this.#fileSystem, this.#path, nowMs);
    this.#segments = segments;
    this.#rubbish = rubbish;
    this.#recoveryPoint = settleRecords(segments, this.#snapshots, options);
  }

  async run(): Promise<RecoveredLog> {
    reach(this.#platform, "C20");
    const logStartOffset = this.#options.logStartOffset ?? 0;
    await this.#readAll();
    reach(this.#platform, "C20");
    const isSound = this.#damage === undefined;
    if (!this.#areProducersKnown) this.#tellUnknownProducers();
    const end = this.#segments.at(-1)?.endOffset ?? 0;
    // Transactions that are open where the damage begins hold readers of committed records back.
    if (!isSound) this.#loadProducers(this.#segments.length - 1, end);
    const wasClean =
      isSound &&
      this.#options.wasCleanlyClosed === true &&
      this.#scanned.size === 0 &&
      !this.#isDirectoryDirty &&
      this.#segments.length > 0 &&
      end >= logStartOffset;
    if (end < logStartOffset) {
      if (isSound) this.#startAnew();
      // What is damaged was deleted: nothing is to be seen of it, its end included.
      else this.#segments.length = 0;
    }
    if (this.#segments.length === 0) this.#createFirst(logStartOffset);
    if (isSound && !wasClean)
      await settleLog(this.#options, {
        segments: this.#segments,
        epochs: this.#epochs,
        snapshots: this.#snapshots,
        producers: this.#producers,
        unsynced: this.#unsynced,
        scanned: this.#scanned,
        rubbish: this.#rubbish,
        isDirectoryDirty: this.#isDirectoryDirty,
      });
    return {
      segments: this.#segments,
      producers: this.#producers,
      snapshots: this.#snapshots,
      epochs: this.#epochs,
      report: {
        wasClean,
        scannedBytes: this.#scannedBytes,
        recoveryPoint: this.#recoveryPoint,
        cutTail: this.#cutTail,
        damage: this.#damage,
      },
    };
  }

  async #readAll(): Promise<void> {
    const segments = this.#segments;
    const missing = missingBegin(segments, this.#path, this.#options.logStartOffset);
    if (missing !== undefined) {
      this.#found(missing);
      segments.length = 0;
      return;
    }
    /** Offset at which the state of producers stands; what a scan adds is not all where it is not known before. */
    let at: Offset = -1;
    let isKnown = false;
    for (let index = 0; index < segments.length; index++) {
      const segment = segments[index];
      if (isStaleFrom(segments, index)) {
        this.#removeFrom(index);
        break;
      }
      const gap = gapBefore(segments, index, this.#compactedEnd);
      if (gap !== undefined) {
        if (!(await this.#cutAt(index, gap))) return;
        break;
      }
      const start = this.#takeOver(index);
      if (start === segment.sizeBytes) continue;
      if (at !== segment.endOffset) isKnown = this.#loadProducers(index, segment.endOffset);
      const end = this.#scanAt(index, start ?? 0);
      at = segment.endOffset;
      if (end.reason === undefined) continue;
      if (!(await this.#cutAt(index, end))) return;
      break;
    }
    const end = segments.at(-1)?.endOffset ?? 0;
    if (at !== end || !isKnown) isKnown = this.#loadProducers(segments.length - 1, end);
    this.#areProducersKnown = isKnown;
    const lost = missingEnd(this.#faulty, this.#path);
    if (lost !== undefined) this.#found(lost);
  }

  /** Compaction has rewritten nothing above: it notes first that all below is on the device. */
  get #compactedEnd(): Offset {
    const { config, isRecoveryPointLost } = this.#options;
    if (!config.isCompacted) return -1;
    return isRecoveryPointLost === true ? Number.POSITIVE_INFINITY : this.#recoveryPoint;
  }

  get #faulty(): FaultyLog {
    return { segments: this.#segments, recoveryPoint: this.#recoveryPoint };
  }

  #tellUnknownProducers(): void {
    this.#platform.logger.log("warn", "log.producers-unknown", {
      path: this.#path,
      logStartOffset: this.#options.logStartOffset,
      advice:
        "no snapshot of producers is left, and the log does not go back to its beginning: a batch of a producer that " +
        "has written nothing since is taken as its first, also where it was written before",
    });
  }

  /** Takes over what a record vouches for, and gives the position up to which that is; undefined: nothing does. */
  #takeOver(index: number): number | undefined {
    const segment = this.#segments[index];
    const { record } = segment;
    segment.endOffset = segment.baseOffset;
    if (record === undefined) return undefined;
    const isAsRecorded = record.isClosed
      ? record.sizeBytes === segment.sizeBytes && index < this.#segments.length - 1
      : record.sizeBytes <= segment.sizeBytes && segment.loadIndexes();
    if (!isAsRecorded) return undefined;
    segment.restore(record);
    for (const { epoch, startOffset } of record.epochs) this.#epochs.assign(epoch, startOffset);
    return record.sizeBytes;
  }

  #loadProducers(index: number, offset: Offset): boolean {
    let isKnown = false;
    const damage = damageIn(() => {
      const segments = this.#segments.slice(0, index + 1);
      isKnown = loadProducers(this.#producers, segments, { snapshots: this.#snapshots, offset });
    });
    if (damage !== undefined) this.#found(damage);
    return isKnown;
  }

  #removeFrom(index: number): void {
    for (const segment of this.#segments.splice(index)) segment.remove();
    this.#isDirectoryDirty = true;
  }

  #scanAt(index: number, start: number): ScanEnd {
    const segment = this.#segments[index];
    const next = this.#segments[index + 1];
    this.#scannedBytes += segment.sizeBytes - start;
    this.#scanned.add(segment);
    const range = {
      start,
      // The active segment is not compacted.
      toleratesGaps: next !== undefined && next.baseOffset <= this.#compactedEnd,
      endOffsetMax: isEmptyFrom(this.#segments, index + 1)
        ? Number.POSITIVE_INFINITY
        : next.baseOffset,
    };
    const end = scanSegment(segment, range, {
      producers: this.#producers,
      epochs: this.#epochs,
      indexIntervalBytes: this.#options.config.indexIntervalBytes,
      recoveryPoint: this.#recoveryPoint,
      leaderEpochMax: this.#options.leaderEpoch,
      onMended: (position, offset) =>
        this.#platform.logger.log("warn", "log.offset-mended", {
          path: segment.path,
          position,
          offset,
        }),
    });
    // What its last batches were is gone, and their offsets stay taken.
    if (end.reason === undefined && range.toleratesGaps) segment.endOffset = next.baseOffset;
    if (end.unsyncedPosition < end.position) this.#unsynced.set(segment, end.unsyncedPosition);
    return end;
  }

  /** Cuts a torn tail; false: it is damaged instead, and left as it is. */
  async #cutAt(index: number, end: ScanEnd): Promise<boolean> {
    const segment = this.#segments[index];
    const judgement = judgeDamage(this.#faulty, index, end);
    if ("torn" in judgement) {
      await this.#cut(index, judgement.torn);
      return true;
    }
    this.#found(judgement.damage);
    if (end.reason === behindTheEnd) await keepEnd(this.#platform, segment);
    if (end.isGap !== true) {
      segment.limit(end.position);
      segment.endOffset = end.offset;
    }
    this.#segments.length = end.isGap === true ? index : index + 1;
    return false;
  }

  async #cut(index: number, tail: TornTail): Promise<void> {
    const segment = this.#segments[index];
    const later = this.#segments.splice(index + 1);
    this.#cutTail = await cutTail(this.#fileSystem, this.#path, { segment, later, tail });
    if (!this.#unsynced.has(segment)) this.#unsynced.set(segment, tail.position);
    // A segment behind a gap is empty now, and its name promises offsets that are not there.
    if (segment.baseOffset > tail.firstOffset) {
      this.#segments.pop();
      this.#unsynced.delete(segment);
      this.#scanned.delete(segment);
      segment.remove();
    }
    this.#isDirectoryDirty = true;
    this.#platform.logger.log("warn", "log.tail-cut", { ...this.#cutTail });
  }

  /** Of several the first in the log counts, in whatever order they are found. */
  #found(damage: LogDamage): void {
    if (damage.firstOffset < (this.#damage?.firstOffset ?? Number.POSITIVE_INFINITY))
      this.#damage = damage;
  }

  /** All that is stored lies below the log start: it was deleted already. */
  #startAnew(): void {
    this.#removeFrom(0);
    this.#unsynced.clear();
    this.#scanned.clear();
    this.#producers.clear();
  }

  #createFirst(baseOffset: Offset): void {
    const nowMs = this.#platform.clock.wallMs();
    const segment = new LogSegment(this.#fileSystem, this.#path, baseOffset, nowMs);
    if (this.#damage === undefined) {
      segment.create();
      this.#unsynced.set(segment, 0);
    } else segment.areIndexesLoaded = true;
    this.#segments.push(segment);
  }
}
