import { FileSystemError } from "@millrace/platform";
import { reach } from "../probe.ts";
import type { ProducerSnapshots } from "../producer/producer-snapshots.ts";
import type { ProducerStates } from "../producer/producer-states.ts";
import { DirtyFiles } from "../segment/dirty-files.ts";
import type { LeaderEpochs } from "../segment/leader-epochs.ts";
import type { LogSegment } from "../segment/log-segment.ts";
import { segmentRecordOf, writeSegmentRecord } from "../segment/write-segment-record.ts";
import { isWorthRecording, prepareRecord, writeActiveRecord } from "./record-active.ts";
import { endsTooEarly, forgetRecord } from "./recorded-end.ts";
import type { RecoveryOptions } from "./recovery-options.ts";

/** A sound log whose files are not all as they should be. */
export interface UnsettledLog {
  readonly segments: readonly LogSegment[];
  readonly epochs: LeaderEpochs;
  readonly snapshots: ProducerSnapshots;
  readonly producers: ProducerStates;
  /** Where the bytes of a segment begin that may be in the page cache alone. */
  readonly unsynced: ReadonlyMap<LogSegment, number>;
  /** Segments whose indexes are in memory alone. */
  readonly scanned: ReadonlySet<LogSegment>;
  readonly rubbish: readonly string[];
  readonly isDirectoryDirty: boolean;
}

/** What was recovered is served only once it is on the device: readers must not see it vanish (C2). */
export async function settleLog(options: RecoveryOptions, log: UnsettledLog): Promise<void> {
  const { platform, path } = options;
  const { fileSystem } = platform;
  const active = log.segments[log.segments.length - 1];
  log.epochs.truncateFromEnd(active.endOffset);
  log.snapshots.removeUnless((offset) => offset <= active.endOffset);
  for (const file of log.rubbish) fileSystem.remove(file);
  const dirty = new DirtyFiles(fileSystem, path);
  goOn(options, active, dirty);
  for (const [segment, position] of log.unsynced) {
    segment.rewriteFrom(position);
    dirty.addSegment(segment);
  }
  for (const segment of log.scanned)
    if (segment !== active) reindex(options, segment, { log, dirty });
  if (log.isDirectoryDirty || log.rubbish.length > 0 || mayLackEntries(options, log))
    dirty.addDirectory();
  reach(platform, "C2");
  await dirty.sync();
  if (log.scanned.has(active)) recordActive(options, log, active);
}

/** More was found behind its record, and is not there any more: it grows again, and what comes is no damage. */
function goOn({ platform }: RecoveryOptions, active: LogSegment, dirty: DirtyFiles): void {
  const { record, path } = active;
  if (record?.isEnd !== true || record.isClosed) return;
  try {
    const open = { ...record, isStopped: false, isEnd: false };
    dirty.addHandles([writeSegmentRecord(platform.fileSystem, active, open)]);
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    platform.logger.log("warn", "log.record-failed", { path, error });
    forgetRecord(dirty, active);
  }
}

/** The next start is to read what comes from now on, and not the same once more. */
function recordActive(
  { platform, leaderEpoch, config: { recordIntervalBytes } }: RecoveryOptions,
  { epochs, snapshots, producers, segments }: UnsettledLog,
  active: LogSegment,
): void {
  if (!isWorthRecording(active.sizeBytes, recordIntervalBytes)) return;
  const log = { platform, leaderEpoch, epochs, snapshots, producers };
  const record = prepareRecord(log, active);
  if (record === undefined) return;
  writeActiveRecord(log, active, record);
  const needed = new Set([active.endOffset, ...segments.map(({ baseOffset }) => baseOffset)]);
  snapshots.removeUnless((offset) => needed.has(offset));
}

/** Caches: where they cannot be written, the segment is read again at the next start. */
function reindex(
  { platform, leaderEpoch }: RecoveryOptions,
  segment: LogSegment,
  { log, dirty }: { readonly log: UnsettledLog; readonly dirty: DirtyFiles },
): void {
  const { epochs, snapshots } = log;
  const { fileSystem, logger } = platform;
  segment.seal();
  try {
    dirty.addHandles(segment.flushIndexes());
    const from = { epochs, leaderEpoch, snapshots, isClosed: true };
    dirty.addHandles([writeSegmentRecord(fileSystem, segment, segmentRecordOf(segment, from))]);
    dirty.addDirectory();
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    logger.log("warn", "log.record-failed", { path: segment.path, error });
    if (endsTooEarly(segment)) forgetRecord(dirty, segment);
  }
}

/** A recovery point is noted only once a log's first files are durable; later ones come with a sync. */
function mayLackEntries({ recoveryPoint }: RecoveryOptions, { segments }: UnsettledLog): boolean {
  if (recoveryPoint === undefined) return true;
  return segments.some(({ baseOffset }) => baseOffset > 0 && baseOffset >= recoveryPoint);
}
