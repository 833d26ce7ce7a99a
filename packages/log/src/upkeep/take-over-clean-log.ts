import { readLastOffset, readMaxTimestamp } from "@millrace/protocol/records";
import type { ProducerStates } from "../producer/producer-states.ts";
import { FileBatchCursor } from "../segment/file-batch-cursor.ts";
import type { LogSegment } from "../segment/log-segment.ts";
import type { RecoveryOptions } from "./recovery-options.ts";
import { loadProducers } from "../producer/replay-producers.ts";

/**
 * Takes a log as its orderly close left it: indexes as they are, a walk over what follows the last index entry, no
 * checksums. False where the files do not end at the recovery point, which is the end that the close noted: then
 * the marker of the close is not to be believed.
 */
export function takeOverCleanLog(
  segments: readonly LogSegment[],
  producers: ProducerStates,
  options: RecoveryOptions,
): boolean {
  const active = segments[segments.length - 1];
  if (!active.loadIndexes()) return false;
  for (const segment of segments)
    if (!segment.transactionIndex.load(segment.baseOffset)) return false;
  if (!findEnd(active) || active.endOffset !== options.recoveryPoint) return false;
  loadProducers(producers, segments, {
    fileSystem: options.platform.fileSystem,
    directory: options.path,
    offset: active.endOffset,
  });
  return true;
}

function findEnd(active: LogSegment): boolean {
  const start = active.offsetIndex.lastPosition;
  active.firstTimestamp = firstTimestampOf(active);
  const cursor = new FileBatchCursor(active.handle, start, active.sizeBytes);
  while (cursor.next()) {
    const lastOffset = readLastOffset(cursor.bytes, cursor.at);
    const maxTimestamp = readMaxTimestamp(cursor.bytes, cursor.at);
    if (lastOffset < active.endOffset) return false;
    active.endOffset = lastOffset + 1;
    if (maxTimestamp > active.maxTimestamp) {
      active.maxTimestamp = maxTimestamp;
      active.maxTimestampOffset = lastOffset;
    }
  }
  active.resumeIndexing(active.sizeBytes - start);
  return cursor.failure === undefined;
}

function firstTimestampOf(segment: LogSegment): number {
  const cursor = new FileBatchCursor(segment.handle, 0, segment.sizeBytes, 4096);
  return cursor.next() ? readMaxTimestamp(cursor.bytes, cursor.at) : -1;
}
