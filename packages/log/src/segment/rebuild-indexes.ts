import { readLastOffset, readMaxTimestamp } from "@millrace/protocol/records";
import { FileBatchCursor } from "./file-batch-cursor.ts";
import type { LogSegment } from "./log-segment.ts";

/**
 * Builds the offset and time index of a closed segment anew, where their files are missing or make no sense.
 * The transaction index is not touched: it needs the producers' state, so `recoverLog` looks after it.
 */
export function rebuildIndexes(segment: LogSegment, indexIntervalBytes: number): void {
  const { endOffset } = segment;
  const cursor = new FileBatchCursor(segment.handle, 0, segment.sizeBytes);
  segment.offsetIndex.reset();
  segment.timeIndex.reset();
  segment.areIndexesLoaded = true;
  segment.resumeIndexing(0);
  segment.firstTimestamp = -1;
  segment.maxTimestamp = -1;
  segment.maxTimestampOffset = segment.baseOffset;
  segment.endOffset = segment.baseOffset;
  while (cursor.next()) {
    const lastOffset = readLastOffset(cursor.bytes, cursor.at);
    if (lastOffset < segment.endOffset) break;
    const maxTimestamp = readMaxTimestamp(cursor.bytes, cursor.at);
    const batch = { lastOffset, maxTimestamp, sizeBytes: cursor.sizeBytes };
    segment.index(batch, cursor.position, indexIntervalBytes);
  }
  segment.endOffset = endOffset;
  segment.seal();
}
