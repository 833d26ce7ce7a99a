import { FileSystemError, type FileSystem, type Platform } from "@millrace/platform";
import { endsTooEarly, forgetRecord } from "../upkeep/recorded-end.ts";
import type { DirtyFiles } from "../segment/dirty-files.ts";
import type { LeaderEpochs } from "../segment/leader-epochs.ts";
import type { LogSegment } from "../segment/log-segment.ts";
import {
  segmentRecordOf,
  writeSegmentRecord,
  type RecordFrom,
  type SnapshotSums,
} from "../segment/write-segment-record.ts";

/** Whose segment it is. */
export interface RecordedLog {
  readonly platform: Platform;
  readonly fileSystem: FileSystem;
  readonly dirty: DirtyFiles;
  readonly epochs: LeaderEpochs;
  readonly leaderEpoch: number;
  readonly snapshots: SnapshotSums;
}

/**
 * Writes the indexes of a segment that lag behind and what vouches for all its files, to be synced with the next sync.
 * Caches: where they cannot be written, the segment is read when the log is opened again.
 */
export function recordSegment(
  log: RecordedLog,
  segment: LogSegment,
  how: Pick<RecordFrom, "isClosed" | "isDurable" | "isStopped">,
): void {
  try {
    log.dirty.addHandles(segment.flushIndexes());
    vouchFor(log, segment, how);
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    log.platform.logger.log("warn", "log.record-failed", { path: segment.path, error });
    if (endsTooEarly(segment)) forgetRecord(log.dirty, segment);
  }
}

/** The same without its indexes: those that are not in their files are not vouched for. */
export function vouchFor(
  log: RecordedLog,
  segment: LogSegment,
  how: Pick<RecordFrom, "isClosed" | "isDurable" | "isStopped">,
): void {
  const { epochs, leaderEpoch, snapshots } = log;
  const from = { epochs, leaderEpoch, snapshots, ...how };
  const isNew = log.fileSystem.stat(segment.recordPath) === undefined;
  log.dirty.addHandles([
    writeSegmentRecord(log.fileSystem, segment, segmentRecordOf(segment, from)),
  ]);
  if (isNew) log.dirty.addDirectory();
}
