import type { Offset } from "@millrace/model";
import type { FileSystem, Platform } from "@millrace/platform";
import { ProducerStates } from "../producer/producer-states.ts";
import { LeaderEpochs } from "../checkpoint/leader-epochs.ts";
import type { LogDamage } from "../log-error.ts";
import type { CutTail, RecoveryReport } from "../log-types.ts";
import { reach } from "../probe.ts";
import { DirtyFiles } from "../segment/dirty-files.ts";
import {
  leftoverSuffixes,
  logSuffix,
  offsetFileName,
  offsetIndexSuffix,
  offsetOfFileName,
  timeIndexSuffix,
  tornSuffix,
  transactionIndexSuffix,
} from "../segment/log-file-names.ts";
import { LogSegment } from "../segment/log-segment.ts";
import { classifyBadBatch } from "./classify-damage.ts";
import {
  listProducerSnapshots,
  loadProducers,
  producerSnapshotPath,
} from "../producer/replay-producers.ts";
import type { RecoveryOptions } from "./recovery-options.ts";
import { scanSegment, type ScanEnd } from "./scan-segment.ts";
import { takeOverCleanLog } from "./take-over-clean-log.ts";

/** Taken to memory at a time while a tail is set aside. */
const copyBytes = 4_194_304;

/** A log as it is found on disk, made sound or known to be damaged. */
export interface RecoveredLog {
  readonly segments: readonly LogSegment[];
  readonly producers: ProducerStates;
  readonly epochs: LeaderEpochs;
  readonly report: RecoveryReport;
}

/**
 * Opens what a partition's directory holds (Kafka: `LogLoader`).
 *
 *   leftovers removed -> clean and as long as promised? -> taken as it is
 *                              | no
 *                              v
 *   producers at the recovery point -> scan of every segment from there on
 *        -> sound                                   -> indexes rebuilt, tail made durable
 *        -> torn tail above what was durable        -> set aside and cut, rebuilt, tail made durable
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
  readonly #recoveryPoint: Offset;
  readonly #producers = new ProducerStates();
  readonly #epochs: LeaderEpochs;
  #segments: LogSegment[] = [];
  /** Where the bytes of a segment begin that may be in the page cache alone. */
  readonly #unsynced = new Map<LogSegment, number>();
  /** Files were made or removed, or may have been by a run that did not sync the directory. */
  #isDirectoryDirty = false;
  #scannedBytes = 0;
  #cutTail: CutTail | undefined;
  #damage: LogDamage | undefined;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.#platform = options.platform;
    this.#fileSystem = options.platform.fileSystem;
    this.#path = options.path;
    this.#recoveryPoint = options.recoveryPoint ?? 0;
    this.#epochs = new LeaderEpochs(this.#fileSystem, options.path);
  }

  async run(): Promise<RecoveredLog> {
    reach(this.#platform, "C20");
    this.#findSegments();
    this.#epochs.load();
    const isClean =
      this.#options.wasCleanlyClosed === true &&
      this.#segments.length > 0 &&
      takeOverCleanLog(this.#segments, this.#producers, this.#options);
    if (!isClean) await this.#recover();
    return {
      segments: this.#segments,
      producers: this.#producers,
      epochs: this.#epochs,
      report: {
        wasClean: isClean,
        scannedBytes: this.#scannedBytes,
        cutTail: this.#cutTail,
        damage: this.#damage,
      },
    };
  }

  async #recover(): Promise<void> {
    await this.#scan();
    reach(this.#platform, "C20");
    const logStartOffset = this.#options.logStartOffset ?? 0;
    const end = this.#segments.at(-1)?.endOffset ?? 0;
    if (this.#damage === undefined && end < logStartOffset) this.#startAnew();
    if (this.#segments.length === 0) this.#createFirst(logStartOffset);
    if (this.#damage === undefined) await this.#settle();
  }

  /** Reads the directory: what an interrupted upkeep left is removed, so are indexes without a log. */
  #findSegments(): void {
    const names = this.#fileSystem.list(this.#path);
    const bases = new Set<Offset>();
    for (const name of names) {
      const baseOffset = offsetOfFileName(name, logSuffix);
      if (baseOffset !== undefined) bases.add(baseOffset);
    }
    for (const name of names) {
      const isLeftover = leftoverSuffixes.some((suffix) => name.endsWith(suffix));
      const isOrphan = [offsetIndexSuffix, timeIndexSuffix, transactionIndexSuffix].some(
        (suffix) => {
          const baseOffset = offsetOfFileName(name, suffix);
          return baseOffset !== undefined && !bases.has(baseOffset);
        },
      );
      if (isLeftover || isOrphan) this.#fileSystem.remove(`${this.#path}/${name}`);
      if (isLeftover || isOrphan) this.#isDirectoryDirty = true;
    }
    const nowMs = this.#platform.clock.wallMs();
    const sorted = [...bases].sort((left, right) => left - right);
    this.#segments = sorted.map(
      (baseOffset) => new LogSegment(this.#fileSystem, this.#path, baseOffset, nowMs),
    );
    for (let index = 0; index + 1 < this.#segments.length; index++)
      this.#segments[index].endOffset = this.#segments[index + 1].baseOffset;
  }

  async #scan(): Promise<void> {
    const first = this.#firstToScan();
    const segments = this.#segments;
    if (segments.length === 0) return this.#checkLength(0);
    loadProducers(this.#producers, segments.slice(0, first), {
      fileSystem: this.#fileSystem,
      directory: this.#path,
      offset: segments[first].baseOffset,
    });
    this.#epochs.truncateFromEnd(segments[first].baseOffset);
    for (let index = first; index < segments.length; index++) {
      const end = this.#scanAt(index, first);
      if (end.reason !== undefined) return this.#judge(index, end);
    }
    this.#checkLength(segments[segments.length - 1].endOffset);
  }

  /**
   * The segment of the last durable record, or an earlier one whose transaction index is lost. Where a segment
   * begins at the recovery point, the indexes of the one before may never have been synced.
   */
  #firstToScan(): number {
    let first = 0;
    for (let index = 0; index < this.#segments.length; index++)
      if (this.#segments[index].baseOffset < this.#recoveryPoint) first = index;
    for (let index = 0; index < first; index++) {
      const segment = this.#segments[index];
      if (!segment.transactionIndex.load(segment.baseOffset)) return index;
    }
    return first;
  }

  #scanAt(index: number, first: number): ScanEnd {
    const segment = this.#segments[index];
    const isLast = index === this.#segments.length - 1;
    if (index > first) {
      const end = this.#segments[index - 1].endOffset;
      const mayHaveGap =
        this.#options.config.isCompacted || segment.baseOffset <= this.#recoveryPoint;
      if (segment.baseOffset !== end && !mayHaveGap)
        return {
          position: 0,
          unsyncedPosition: 0,
          isCutShort: true,
          isGap: true,
          reason: `offset ${end} is missing`,
        };
    }
    const range = {
      toleratesGaps: !isLast,
      endOffsetMax: isLast ? Number.POSITIVE_INFINITY : this.#segments[index + 1].baseOffset,
    };
    this.#scannedBytes += segment.sizeBytes;
    const end = scanSegment(segment, range, {
      producers: this.#producers,
      epochs: this.#epochs,
      indexIntervalBytes: this.#options.config.indexIntervalBytes,
      recoveryPoint: this.#recoveryPoint,
      leaderEpochMax: this.#options.leaderEpoch,
    });
    if (end.unsyncedPosition < end.position) this.#unsynced.set(segment, end.unsyncedPosition);
    return end;
  }

  async #judge(index: number, end: ScanEnd): Promise<void> {
    const segment = this.#segments[index];
    const later = this.#segments.slice(index + 1);
    const isGap = end.isGap === true;
    const expectedOffset = isGap ? this.#segments[index - 1].endOffset : segment.endOffset;
    const bad = {
      handle: segment.handle,
      position: end.position,
      endPosition: segment.sizeBytes,
      expectedOffset,
      isCutShort: end.isCutShort,
      hasLaterSegments: later.some((other) => other.sizeBytes > 0),
      recoveryPoint: this.#recoveryPoint,
    };
    const verdict = isGap
      ? { isTorn: expectedOffset >= this.#recoveryPoint, lastOffset: segment.endOffset - 1 }
      : classifyBadBatch(bad);
    const reason = end.reason ?? "unknown";
    if (verdict.isTorn)
      return this.#cut(index, end.position, { firstOffset: expectedOffset, reason });
    const lastLater = later.findLast((other) => other.sizeBytes > 0);
    this.#damage = {
      path: segment.path,
      position: end.position,
      firstOffset: expectedOffset,
      lastOffset: Math.max(verdict.lastOffset, lastLater?.baseOffset ?? -1),
      reason,
    };
    if (!isGap) segment.limit(end.position);
    this.#segments.length = isGap ? index : index + 1;
  }

  /** Later segments go first: a crash in between leaves a gap that is seen as torn again. */
  async #cut(
    index: number,
    position: number,
    tail: { readonly firstOffset: Offset; readonly reason: string },
  ): Promise<void> {
    const segment = this.#segments[index];
    const sizeBytes = segment.sizeBytes - position;
    const setAsidePath = await this.#setAside(segment, position, tail.firstOffset);
    for (const later of this.#segments.splice(index + 1).toReversed()) {
      this.#fileSystem.rename(later.path, this.#tornPath(later.baseOffset));
      later.remove();
    }
    await this.#fileSystem.syncDirectory(this.#path);
    segment.truncate(position);
    if (!this.#unsynced.has(segment)) this.#unsynced.set(segment, position);
    // A segment behind a gap is empty now, and its name promises offsets that are not there.
    if (segment.baseOffset > tail.firstOffset) {
      this.#segments.pop();
      this.#unsynced.delete(segment);
      segment.remove();
    }
    this.#isDirectoryDirty = true;
    const { path } = segment;
    this.#cutTail = { path, position, sizeBytes, setAsidePath, ...tail };
    this.#platform.logger.log("warn", "log.tail-cut", { ...this.#cutTail });
  }

  async #setAside(segment: LogSegment, position: number, firstOffset: Offset): Promise<string> {
    const path = this.#tornPath(firstOffset);
    const copy = this.#fileSystem.open(path, "openOrCreate");
    try {
      copy.truncate(0);
      for (let at = position; at < segment.sizeBytes; at += copyBytes) {
        const bytes = new Uint8Array(Math.min(copyBytes, segment.sizeBytes - at));
        segment.handle.read(bytes, at);
        copy.write([bytes], at - position);
      }
      await copy.datasync();
    } finally {
      copy.close();
    }
    return path;
  }

  #tornPath(offset: Offset): string {
    return `${this.#path}/${offsetFileName(offset, tornSuffix)}`;
  }

  /** All batches are sound, yet durable ones are not there: the file was cut or replaced. */
  #checkLength(endOffset: Offset): void {
    if (endOffset >= this.#recoveryPoint) return;
    const segment = this.#segments.at(-1);
    this.#damage = {
      path: segment?.path ?? this.#path,
      position: segment?.sizeBytes ?? 0,
      firstOffset: endOffset,
      lastOffset: -1,
      reason: `records up to offset ${this.#recoveryPoint} were durable and are not there`,
    };
  }

  /** All that is stored lies below the log start: it was deleted already. */
  #startAnew(): void {
    for (const segment of this.#segments.splice(0)) segment.remove();
    this.#unsynced.clear();
    this.#isDirectoryDirty = true;
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

  /** What was recovered is served only once it is on the device: readers must not see it vanish (C2). */
  async #settle(): Promise<void> {
    const endOffset = this.#segments[this.#segments.length - 1].endOffset;
    this.#epochs.truncateFromEnd(endOffset);
    for (const offset of listProducerSnapshots(this.#fileSystem, this.#path))
      if (offset > endOffset) this.#fileSystem.remove(producerSnapshotPath(this.#path, offset));
    const dirty = new DirtyFiles(this.#fileSystem, this.#path);
    const active = this.#segments[this.#segments.length - 1];
    for (const [segment, position] of this.#unsynced) {
      segment.rewriteFrom(position);
      dirty.addSegment(segment);
    }
    // The active segment's indexes are written when it is closed.
    for (const segment of this.#segments) {
      if (!segment.areIndexesLoaded || segment === active) continue;
      segment.seal();
      dirty.addHandles(segment.flushIndexes());
    }
    if (this.#isDirectoryDirty || this.#mayLackEntries()) dirty.addDirectory();
    if (this.#unsynced.size > 0) this.#epochs.distrustFile();
    reach(this.#platform, "C2");
    await dirty.sync();
    await this.#epochs.save();
  }

  /** A recovery point is noted only once a log's first files are durable; later ones come with a sync. */
  #mayLackEntries(): boolean {
    const { recoveryPoint } = this.#options;
    if (recoveryPoint === undefined) return true;
    return this.#segments.some(({ baseOffset }) => baseOffset > 0 && baseOffset >= recoveryPoint);
  }
}
