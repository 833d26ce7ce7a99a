import type { Offset } from "@millrace/model";
import type { Cleanable } from "../compaction/judge-compaction.ts";
import { judgeRetention, type RetentionReason } from "../upkeep/judge-retention.ts";
import {
  cleanableOf,
  compactLog,
  type CompactionOptions,
  type CompactionResult,
} from "./compact-log.ts";
import { deleteRecords, moveLogStart } from "./delete-records.ts";
import type { LogState } from "./log-state.ts";
import type { LogWriter } from "./log-writer.ts";
import { retireSegment } from "./retire-segment.ts";

/** What retention took away. */
export interface RetentionResult {
  readonly segmentCount: number;
  readonly sizeBytes: number;
  /** Bytes by what they went for. */
  readonly bytesBy: Readonly<Partial<Record<RetentionReason, number>>>;
  readonly logStartOffset: Offset;
}

/** What takes old records away. Its owner calls it now and then; each call ends by itself. */
export class LogUpkeep {
  readonly #state: LogState;
  readonly #writer: LogWriter;

  constructor(state: LogState, writer: LogWriter) {
    this.#state = state;
    this.#writer = writer;
  }

  /** Moves the log start up as it is asked for; see `PartitionLog.deleteRecordsBefore`. */
  deleteRecords(offset: Offset): Promise<Offset> {
    return deleteRecords(this.#state, this.#writer, offset);
  }

  /**
   * Removes the oldest segments by `retention.ms` and `retention.bytes`, where the topic is deleted from, and what
   * lies below the log start. The active segment is closed first if it goes too. Undefined: all stays.
   *
   * @throws LogStorageError, LogCorruptedError, FileSystemError
   */
  async retain(): Promise<RetentionResult | undefined> {
    const state = this.#state;
    state.checkWritable();
    const { segments, config, logStartOffset, highWatermark, platform } = state;
    const nowMs = platform.clock.wallMs();
    const { all } = segments;
    const due = judgeRetention({ segments: all, config, logStartOffset, highWatermark, nowMs });
    if (due.length === 0) return undefined;
    if (due.length === all.length) this.#writer.roll();
    const bytesBy: Partial<Record<RetentionReason, number>> = {};
    let sizeBytes = 0;
    for (const { segment, reason } of due) {
      sizeBytes += segment.sizeBytes;
      bytesBy[reason] = (bytesBy[reason] ?? 0) + segment.sizeBytes;
    }
    const offset = segments.all[due.length].baseOffset;
    await moveLogStart(state, this.#writer, {
      offset,
      remove: (segment) => retireSegment(state, segment),
    });
    return { segmentCount: due.length, sizeBytes, bytesBy, logStartOffset: state.logStartOffset };
  }

  /** What there is to compact; undefined: nothing, or the topic is not compacted. */
  cleanable(): Cleanable | undefined {
    return cleanableOf(this.#state);
  }

  /**
   * Compacts what there is, slice by slice; undefined: nothing, or the log has changed under it, and another try will do.
   * One at a time.
   *
   * @throws LogStorageError, LogCorruptedError, FileSystemError, and what `rest` throws: then the rest stays as it was
   */
  compact(options: CompactionOptions): Promise<CompactionResult | undefined> {
    return compactLog(this.#state, this.#writer, options);
  }

  /** Removes files that were taken out of the way `file.delete.delay.ms` ago. @throws FileSystemError */
  removeRetired(): void {
    const { retired, platform } = this.#state;
    retired.removeDue(platform.clock.monotonicMs());
  }
}
