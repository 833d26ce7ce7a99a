import type { Headers } from "./headers.ts";
import type { Offset, Timestamp } from "./topic-partition.ts";

/**
 * A cursor over the records of one fetched batch. The bytes stay as they came off the wire:
 * `key` and `value` are views that hold until `release()`; copy what must outlive it.
 *
 * Before the first `next()` the cursor stands before the first record. Control batches,
 * aborted batches and records below the fetch position never appear.
 *
 * @example
 * while (batch.next()) console.log(batch.offset, batch.key, batch.value);
 * batch.release();
 */
export interface RecordBatchView {
  readonly topic: string;
  readonly partition: number;
  /** Records that `next()` will still yield, as far as the batch tells before it is unpacked. */
  readonly remaining: number;
  /** Offset after the last one that this batch covers: the position once it is consumed. */
  readonly nextOffset: Offset;
  /** Bytes on the wire, for budgets. */
  readonly sizeBytes: number;

  /**
   * Moves to the next record; false at the end.
   *
   * @throws an error with the place and the bytes where the rest of the batch cannot be read (that of the `cluster`
   * port), each time: release the batch to go on behind it
   */
  next(): boolean;
  /** Offset of the record under the cursor. */
  readonly offset: Offset;
  readonly timestamp: Timestamp;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;

  /** Gives the bytes back. Views taken before are no longer valid. Calling twice is fine. */
  release(): void;
}
