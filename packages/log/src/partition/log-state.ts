import type { Offset } from "@millrace/model";
import type { FileSystem, Platform } from "@millrace/platform";
import { FailedWrites } from "../failed-writes.ts";
import type { LogConfig } from "../log-config.ts";
import { LogCorruptedError, LogStorageError, type LogDamage } from "../log-error.ts";
import type { PartitionLogOptions } from "../log-types.ts";
import type { ProducerStates } from "../producer/producer-states.ts";
import type { ProducerSnapshots } from "../producer/producer-snapshots.ts";
import { TailCache } from "../read/tail-cache.ts";
import { DirtyFiles } from "../segment/dirty-files.ts";
import type { LeaderEpochs } from "../segment/leader-epochs.ts";
import type { LogSegment } from "../segment/log-segment.ts";
import { RetiredFiles } from "../segment/retired-files.ts";
import { SegmentList } from "../segment/segment-list.ts";
import { rebuildIndexes } from "../upkeep/rebuild-indexes.ts";
import type { RecoveredLog } from "../upkeep/recover-log.ts";
import { recordSegment } from "./record-segment.ts";

/** What writer, reader and upkeep of one log share. */
export class LogState {
  readonly path: string;
  readonly leaderEpoch: number;
  readonly options: PartitionLogOptions;
  readonly platform: Platform;
  readonly fileSystem: FileSystem;
  readonly segments: SegmentList;
  readonly producers: ProducerStates;
  readonly snapshots: ProducerSnapshots;
  readonly epochs: LeaderEpochs;
  readonly cache: TailCache;
  readonly dirty: DirtyFiles;
  readonly retired: RetiredFiles;
  readonly failedWrites: FailedWrites;
  config: LogConfig;
  /** First offset that can be read. */
  logStartOffset: Offset;
  highWatermark: Offset;
  /** Everything below is on the device. */
  durableOffset: Offset;
  /** Compacted up to here; undefined: never, as far as is known. */
  cleanedOffset: Offset | undefined;
  isClosed = false;
  /** Files are being exchanged or removed. */
  #exchange: Promise<void> = Promise.resolve();
  #damage: LogDamage | undefined;
  #failure: LogStorageError | undefined;

  constructor(options: PartitionLogOptions, config: LogConfig, recovered: RecoveredLog) {
    const { segments, producers, snapshots, epochs, report } = recovered;
    this.path = options.path;
    this.leaderEpoch = options.leaderEpoch;
    this.options = options;
    this.platform = options.platform;
    this.fileSystem = options.platform.fileSystem;
    this.config = config;
    this.segments = new SegmentList(segments, (segment) => this.#rebuild(segment));
    this.producers = producers;
    this.snapshots = snapshots;
    this.epochs = epochs;
    this.cache = new TailCache(config.tailCacheBytes);
    this.dirty =
      recovered.dirty ?? new DirtyFiles(this.fileSystem, options.path, config.isSyncedWhileOpen);
    this.retired = new RetiredFiles(this.fileSystem);
    this.failedWrites = options.failedWrites ?? new FailedWrites(options.platform);
    this.#damage = report.damage;
    const end = this.segments.active.endOffset;
    const first = this.segments.all[0].baseOffset;
    this.logStartOffset = Math.min(Math.max(options.logStartOffset ?? 0, first), end);
    this.highWatermark = end;
    this.durableOffset = end;
    this.cleanedOffset = options.cleanedOffset;
    this.epochs.truncateFromStart(this.logStartOffset);
    this.producers.advanceHighWatermark(end);
    this.drawJitter(this.segments.active);
  }

  /** What a removal of segments works with. */
  get files(): Pick<LogState, "segments" | "dirty" | "snapshots"> {
    const { segments, dirty, snapshots } = this;
    return { segments, dirty, snapshots };
  }

  /** Segments that begin together are not closed together. */
  drawJitter(segment: LogSegment): void {
    const { segmentJitterMs, segmentMs } = this.config;
    const most = Math.min(segmentJitterMs, segmentMs, 2 ** 32);
    segment.rollJitterMs = most > 0 ? this.platform.random.below(most) : 0;
  }

  /** One after the other: closed segments are exchanged or removed by one at a time. */
  exclusively<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#exchange.then(change);
    this.#exchange = result.then(
      () => {},
      () => {},
    );
    return result;
  }

  /** Resolves once no files are being exchanged or removed. */
  idle(): Promise<void> {
    return this.#exchange;
  }

  /** What is damaged; undefined while nothing is known to be. */
  get damage(): LogDamage | undefined {
    return this.#damage;
  }

  /** Set once nothing may be written any more: the process should end and start again. */
  get failure(): LogStorageError | undefined {
    return this.#failure;
  }

  /** Offset that the next record gets (LEO). */
  get logEndOffset(): Offset {
    return this.segments.active.endOffset;
  }

  checkOpen(): void {
    if (this.isClosed) throw new LogStorageError("LOG_CLOSED", `${this.path}: the log is closed`);
  }

  /** @throws LogStorageError, LogCorruptedError */
  checkWritable(): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.checkOpen();
    if (this.#damage !== undefined) throw new LogCorruptedError(this.#damage);
  }

  /** Reads files; what turns out to be damaged there takes the log offline: nothing is appended any more. */
  reading<Result>(read: () => Result): Result {
    this.checkOpen();
    try {
      return read();
    } catch (error) {
      if (error instanceof LogCorruptedError) this.foundDamage(error.damage);
      throw error;
    }
  }

  fail(what: string, cause: unknown): LogStorageError {
    if (this.#failure !== undefined) return this.#failure;
    const error = new LogStorageError(
      "LOG_FAILED",
      `${what}; what the device holds is unknown. End the process: a restart reads what is there`,
      cause,
    );
    this.#failure = error;
    this.platform.logger.log("error", "log.failed", { path: this.path, error });
    return error;
  }

  /** Closes the files as they are. */
  close(): void {
    this.isClosed = true;
    this.dirty.closeHandles();
    this.segments.closeHandles();
    this.cache.clear();
  }

  /** Takes the log offline from there on. */
  foundDamage(damage: LogDamage): void {
    const known = this.#damage;
    if (known !== undefined && known.firstOffset <= damage.firstOffset) return;
    this.#damage = damage;
    this.platform.logger.log("error", "log.damaged", { ...damage });
  }

  #rebuild(segment: LogSegment): void {
    const { all } = this.segments;
    rebuildIndexes(segment, all.slice(0, all.indexOf(segment)), {
      snapshots: this.snapshots,
      indexIntervalBytes: this.config.indexIntervalBytes,
    });
    this.platform.logger.log("warn", "log.indexes-rebuilt", { path: segment.path });
    // Its record knows of what lies behind a damage: a new one would not.
    if (!segment.isSound) return;
    const { platform, fileSystem, epochs, leaderEpoch, snapshots } = this;
    const dirty = new DirtyFiles(fileSystem, this.path);
    const isClosed = segment !== this.segments.active;
    const log = { platform, fileSystem, dirty, epochs, leaderEpoch, snapshots };
    recordSegment(log, segment, { isClosed });
    // What they are caches of is durable: nobody waits for them, and they must not stay open until somebody writes.
    dirty.closeHandles();
  }
}

/** First offset of a transaction whose outcome readers cannot see yet, else the high watermark (LSO). */
export function lastStableOffsetOf({ producers, highWatermark, logStartOffset }: LogState): Offset {
  const unstable = producers.firstUnstableOffset;
  if (unstable === undefined || unstable >= highWatermark) return highWatermark;
  return Math.max(unstable, logStartOffset);
}
