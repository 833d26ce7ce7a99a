import type { Offset } from "@millrace/model";
import {
  batchHeaderBytes,
  isCrcValid,
  readBaseOffset,
  readBatchSizeBytes,
  readLastOffset,
  readRecordCount,
} from "@millrace/protocol/records";

/** Whether the headers of batches that lie one behind the other in a segment agree with each other, and with it. */
export class BatchOrder {
  /** Where the batch that comes next begins at the latest, or behind it where compaction has left a gap. */
  nextOffset: Offset;
  #leastOffset: Offset;
  readonly #endOffset: Offset;

  /** @param segment and by when its first batch that is looked at begins */
  constructor(
    segment: { readonly baseOffset: Offset; readonly endOffset: Offset },
    nextOffset: Offset,
  ) {
    this.nextOffset = nextOffset;
    this.#leastOffset = segment.baseOffset;
    this.#endOffset = segment.endOffset;
  }

  /** What is wrong with a batch that is there as a whole. */
  misfit(bytes: Uint8Array, at: number): string | undefined {
    const baseOffset = readBaseOffset(bytes, at);
    const lastOffset = readLastOffset(bytes, at);
    const recordCount = readRecordCount(bytes, at);
    const isInOrder = baseOffset >= this.#leastOffset && lastOffset < this.#endOffset;
    const hasRoom = recordCount >= 0 && recordCount <= lastOffset - baseOffset + 1;
    if (isInOrder && hasRoom && !this.#isRefuted(bytes, at)) return undefined;
    return `a batch of ${recordCount} records claims the offsets ${baseOffset} to ${lastOffset}`;
  }

  /** By the batch behind it, of which as much is there as tells. Its own checksum says which of the two is wrong. */
  #isRefuted(bytes: Uint8Array, at: number): boolean {
    const behind = at + readBatchSizeBytes(bytes, at);
    if (behind + batchHeaderBytes > bytes.length) return false;
    if (readBaseOffset(bytes, behind) > readLastOffset(bytes, at)) return false;
    return !(isCrcValid(bytes, at) && readBaseOffset(bytes, at) <= this.nextOffset);
  }

  pass(bytes: Uint8Array, at: number): void {
    this.nextOffset = this.#leastOffset = readLastOffset(bytes, at) + 1;
  }
}
