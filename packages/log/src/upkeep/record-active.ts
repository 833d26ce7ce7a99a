import { FileSystemError, type Platform } from "@millrace/platform";
import type { ProducerSnapshots } from "../producer/producer-snapshots.ts";
import type { ProducerStates } from "../producer/producer-states.ts";
import type { LeaderEpochs } from "../segment/leader-epochs.ts";
import type { LogSegment } from "../segment/log-segment.ts";
import type { SegmentRecord } from "../segment/segment-record.ts";
import { segmentRecordOf, writeSegmentRecord } from "../segment/write-segment-record.ts";

/** A segment that may be read as a whole is so many times smaller than what is recorded as it grows. */
const readWholeShare = 16;

/** A log whose last segment goes on. */
export interface RecordedGrowth {
  readonly platform: Platform;
  readonly leaderEpoch: number;
  readonly epochs: LeaderEpochs;
  readonly snapshots: ProducerSnapshots;
  readonly producers: ProducerStates;
}

/** All of them are written with each record: more would cost more than what is not read for it. */
const producersPerInterval = 2048;

/** By how much a segment of this size grows until it is recorded again: what a crash leaves to be read. */
export function recordedGrowthBytes(
  sizeBytes: number,
  { recordIntervalBytes, producerCount }: { recordIntervalBytes: number; producerCount: number },
): number {
  const intervals = Math.max(1, producerCount / producersPerInterval);
  return Math.max(intervals * recordIntervalBytes, sizeBytes / readWholeShare);
}

/** Whether reading it costs more than to record it. */
export function isWorthRecording(sizeBytes: number, recordIntervalBytes: number): boolean {
  return sizeBytes * readWholeShare >= recordIntervalBytes;
}

/**
 * Writes indexes and producers as they are now, and gives the record of the active segment, to be written once all that
 * it speaks of is on the device: a start after a kill reads what lies behind it, and no more.
 *
 *     indexes, producers ──▶ sync of the log ──▶ record            a crash on the way: the record from before counts
 *
 * All of these are caches that say of themselves whether they are whole: nothing waits until they are on the device.
 */
export function prepareRecord(log: RecordedGrowth, active: LogSegment): SegmentRecord | undefined {
  const { snapshots, producers, epochs, leaderEpoch } = log;
  return attempt(log, active, () => {
    for (const handle of active.flushIndexes()) handle.close();
    const { endOffset: offset } = active;
    if (snapshots.sumAt(offset) === undefined) snapshots.writeUnsynced({ offset, producers });
    const from = { epochs, leaderEpoch, snapshots, isClosed: false, isDurable: true };
    return segmentRecordOf(active, from);
  });
}

/** All that the record speaks of is on the device. */
export function writeActiveRecord(
  log: RecordedGrowth,
  active: LogSegment,
  record: SegmentRecord,
): void {
  const { fileSystem } = log.platform;
  attempt(log, active, () => writeSegmentRecord(fileSystem, active, record).close());
}

/** Where they cannot be written, the segment is read when the log is opened again. */
function attempt<Result>(
  { platform }: RecordedGrowth,
  { path }: LogSegment,
  write: () => Result,
): Result | undefined {
  try {
    return write();
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    platform.logger.log("warn", "log.record-failed", { path, error });
    return undefined;
  }
}
