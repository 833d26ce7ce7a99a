import { readBatchSizeBytes, readLastOffset } from "@millrace/protocol/records";
import type { TailCache } from "../read/tail-cache.ts";
import { indexedTimestamp } from "../segment/indexed-timestamp.ts";
import type { LogSegment } from "../segment/log-segment.ts";

/** Takes batches that were just written to the end of a segment into its indexes and the tail cache. */
export function indexBatches(
  bytes: Uint8Array,
  segment: LogSegment,
  cache: TailCache,
  indexIntervalBytes: number,
): void {
  let position = segment.sizeBytes - bytes.length;
  for (let at = 0; at < bytes.length;) {
    const sizeBytes = readBatchSizeBytes(bytes, at);
    const lastOffset = readLastOffset(bytes, at);
    const baseOffset = segment.endOffset;
    const maxTimestamp = indexedTimestamp(bytes, at);
    segment.chain.add(bytes, at, sizeBytes, lastOffset + 1);
    segment.index({ lastOffset, maxTimestamp, sizeBytes }, position, indexIntervalBytes);
    const batch = sizeBytes === bytes.length ? bytes : bytes.subarray(at, at + sizeBytes);
    cache.add(baseOffset, lastOffset + 1, batch);
    at += sizeBytes;
    position += sizeBytes;
  }
}
