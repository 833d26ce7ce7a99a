import type { Offset } from "@millrace/model";
import {
  batchHeaderBytes,
  isCrcValid,
  readBaseOffset,
  readBatchSizeBytes,
  readLastOffset,
  readRecordCount,
} from "@millrace/protocol/records";
import { LogCorruptedError } from "../log-error.ts";
import type { FileBatchCursor } from "../segment/file-batch-cursor.ts";
import type { LogSegment } from "../segment/log-segment.ts";

/**
 * Whether the offsets that batches claim agree with their segment and with each other. What does not may still be right,
 * as the gaps are that compaction leaves: the checksum of its block tells.
 */
export class BatchOrder {
  readonly #segment: LogSegment;
  /** Of the batch that the index names; undefined behind it. */
  #indexedLast: Offset | undefined;
  #nextOffset: Offset;

  /** @param indexed the batch that comes first; undefined: that of the segment */
  constructor(segment: LogSegment, indexed: { readonly lastOffset: Offset } | undefined) {
    this.#segment = segment;
    this.#indexedLast = indexed?.lastOffset;
    this.#nextOffset = segment.baseOffset;
  }

  /** Whether a batch is there as a whole, with the header of the one behind it, unless nothing is behind it. */
  isSeen({ bytes, endAt }: FileBatchCursor, at: number): boolean {
    if (at + batchHeaderBytes > bytes.length) return false;
    const sizeBytes = readBatchSizeBytes(bytes, at);
    const behind = at + sizeBytes;
    if (sizeBytes < batchHeaderBytes || behind > bytes.length) return false;
    return behind === endAt || behind + batchHeaderBytes <= bytes.length;
  }

  /**
   * Passes a batch of the cursor's bytes that is right.
   *
   * @throws LogCorruptedError
   */
  pass(cursor: FileBatchCursor, at: number): void {
    const { bytes } = cursor;
    const position = cursor.position + at - cursor.at;
    const found = this.isSeen(cursor, at) ? this.#look(cursor, at) : "misfit";
    if (found === "misfit" || (found === "gap" && !this.#segment.isVouchedFor(position))) {
      const isRight = this.#segment.checkAgain(position) || found === "gap";
      if (!isRight && !this.#isWhereExpected(bytes, at)) {
        this.#segment.endsBefore(position);
        throw this.damaged(position, "its offsets contradict those beside it");
      }
    }
    this.#indexedLast = undefined;
    this.#nextOffset = readLastOffset(bytes, at) + 1;
  }

  /** Its checksum covers how many offsets it has: what contradicts it then is the batch behind it. */
  #isWhereExpected(bytes: Uint8Array, at: number): boolean {
    if (!isCrcValid(bytes, at)) return false;
    if (this.#indexedLast !== undefined) return readLastOffset(bytes, at) === this.#indexedLast;
    return readBaseOffset(bytes, at) === this.#nextOffset;
  }

  /** @param position of what is damaged, behind what was passed */
  damaged(position: number, reason: string): LogCorruptedError {
    const { path, endOffset } = this.#segment;
    const firstOffset = this.#indexedLast ?? this.#nextOffset;
    return new LogCorruptedError({
      path,
      position,
      firstOffset,
      lastOffset: endOffset - 1,
      reason,
    });
  }

  #look({ bytes, endAt }: FileBatchCursor, at: number): "fits" | "gap" | "misfit" {
    const baseOffset = readBaseOffset(bytes, at);
    const lastOffset = readLastOffset(bytes, at);
    const recordCount = readRecordCount(bytes, at);
    if (lastOffset >= this.#segment.endOffset) return "misfit";
    if (recordCount < 0 || recordCount > lastOffset - baseOffset + 1) return "misfit";
    const isIndexed = this.#indexedLast !== undefined;
    if (isIndexed ? lastOffset !== this.#indexedLast : baseOffset < this.#nextOffset)
      return "misfit";
    const behind = at + readBatchSizeBytes(bytes, at);
    const nextBase = behind === endAt ? this.#segment.endOffset : readBaseOffset(bytes, behind);
    if (nextBase <= lastOffset) return "misfit";
    const isNext = isIndexed || baseOffset === this.#nextOffset;
    return isNext && nextBase === lastOffset + 1 ? "fits" : "gap";
  }
}
