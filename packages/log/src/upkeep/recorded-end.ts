import { FileSystemError, type Platform } from "@millrace/platform";
import type { DirtyFiles } from "../segment/dirty-files.ts";
import type { LogSegment } from "../segment/log-segment.ts";
import { writeSegmentRecord } from "../segment/write-segment-record.ts";

/** After an orderly stop nothing lies behind a record that was the last one. */
export function endAsStopped(segment: LogSegment): void {
  const { record } = segment;
  if (record?.isStopped === true || record?.isClosed === true)
    segment.record = { ...record, isEnd: true };
}

/**
 * It grew on behind a record that says that it does not: the next segment could not be made, or what was recorded before
 * its first batch was lost with the power.
 */
export function endsTooEarly({ record, sizeBytes }: LogSegment): boolean {
  const isLast = record?.isClosed === true || record?.isStopped === true;
  return isLast && record.sizeBytes < sizeBytes;
}

/** A record from before must not be taken for the end of what is written: it goes with the next sync. */
export function forgetRecord(dirty: DirtyFiles, segment: LogSegment): void {
  dirty.removeFile(segment.recordPath);
  dirty.addDirectory();
  segment.record = undefined;
}

/**
 * Keeps in the record that more was found behind it than an orderly stop had left. The sign of that stop is gone by now,
 * and the next start would take what lies there for what this run has written.
 */
export async function keepEnd(
  { fileSystem, logger }: Pick<Platform, "fileSystem" | "logger">,
  segment: LogSegment,
): Promise<void> {
  const { record, path } = segment;
  if (record === undefined) return;
  try {
    const handle = writeSegmentRecord(fileSystem, segment, { ...record, isDurable: true });
    await handle.datasync().finally(() => handle.close());
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    logger.log("warn", "log.record-failed", { path, error });
  }
}
