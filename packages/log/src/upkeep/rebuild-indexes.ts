import { readLastOffset } from "@millrace/protocol/records";
import { ProducerStates } from "../producer/producer-states.ts";
import { loadProducers, replayBatch } from "../producer/replay-producers.ts";
import { indexedTimestamp } from "../segment/indexed-timestamp.ts";
import type { LogSegment } from "../segment/log-segment.ts";

/**
 * Builds the indexes of a closed segment anew, where their files are not what the segment's record says. Aborted
 * transactions need the producers' state before it, from an older snapshot or the segments below.
 */
export function rebuildIndexes(
  segment: LogSegment,
  below: readonly LogSegment[],
  options: { readonly indexIntervalBytes: number } & Omit<
    Parameters<typeof loadProducers>[2],
    "offset"
  >,
): void {
  const { endOffset } = segment;
  const producers = new ProducerStates();
  loadProducers(producers, below, { ...options, offset: segment.baseOffset });
  segment.checkWhole();
  segment.resetIndexes();
  const cursor = segment.walk(0);
  while (cursor.next()) {
    const { bytes, at, position, sizeBytes } = cursor;
    const lastOffset = readLastOffset(bytes, at);
    const maxTimestamp = indexedTimestamp(bytes, at);
    segment.chain.add(bytes, at, sizeBytes, lastOffset + 1);
    segment.index({ lastOffset, maxTimestamp, sizeBytes }, position, options.indexIntervalBytes);
    for (const aborted of replayBatch(producers, bytes, at))
      segment.transactionIndex.append(aborted);
  }
  segment.endOffset = endOffset;
  segment.seal();
}
