import type { Offset } from "@millrace/model";
import { crc32c } from "@millrace/protocol/wire";

/** Base offset, length, leader epoch and magic, which a batch's checksum leaves out, and that checksum itself. */
const prologueBytes = 21;
/** A block is read and checked as a whole before anything of it is served. */
const blockBytesMin = 262_144;

/** Batches that lie one after the other, and the checksum over the prologues of all up to its end. */
export interface Block {
  readonly endPosition: number;
  /** Offset after its last record. */
  readonly endOffset: Offset;
  readonly checksum: number;
  /** The same at the end of its first batch: what tells the file from another log's. */
  readonly firstChecksum: number;
}

export function chainBatch(checksum: number, bytes: Uint8Array, at: number): number {
  return crc32c(bytes, at, at + prologueBytes, checksum);
}

/**
 * A running checksum of a segment's batches, so that a flip is seen where their own checksums do not look: in offsets,
 * lengths and epochs. What a batch's checksum covers is not read again. Blocks let a reader check what it
 * reads, not the segment.
 */
export class BatchChain {
  #blocks: Block[] = [];
  /** Blocks of which nothing has been checked since they were taken from a file. */
  readonly #unchecked = new Set<number>();
  #blockStart = 0;
  #position = 0;
  #endOffset: Offset = 0;
  #checksum = 0;
  #firstChecksum = 0;

  /** All blocks, the one that is open included. */
  get blocks(): readonly Block[] {
    if (this.#position === this.#blockStart) return this.#blocks;
    return [...this.#blocks, this.#open()];
  }

  /** Of all batches that it knows of; behind them nobody has looked yet. */
  get sizeBytes(): number {
    return this.#position;
  }

  /** Of all batches up to the end. */
  get checksum(): number {
    return this.#checksum;
  }

  /** Takes a batch that lies at the end, and was checked. */
  add(bytes: Uint8Array, at: number, sizeBytes: number, endOffset: Offset): void {
    this.#checksum = chainBatch(this.#checksum, bytes, at);
    if (this.#position === this.#blockStart) this.#firstChecksum = this.#checksum;
    this.#position += sizeBytes;
    this.#endOffset = endOffset;
    if (this.#position - this.#blockStart < blockBytesMin) return;
    this.#blocks.push(this.#open());
    this.#blockStart = this.#position;
  }

  /** Takes over what a file says; none of it has been checked. */
  restore(blocks: readonly Block[]): void {
    this.reset();
    this.#blocks = [...blocks];
    for (let index = 0; index < blocks.length; index++) this.#unchecked.add(index);
    const last = blocks.at(-1);
    this.#position = this.#blockStart = last?.endPosition ?? 0;
    this.#endOffset = last?.endOffset ?? 0;
    this.#checksum = last?.checksum ?? 0;
  }

  reset(): void {
    this.#blocks = [];
    this.#unchecked.clear();
    this.#blockStart = this.#position = this.#endOffset = this.#checksum = 0;
  }

  get hasUnchecked(): boolean {
    return this.#unchecked.size > 0;
  }

  /** Blocks that nobody has checked and that overlap [from, to) of the file. */
  uncheckedIn(from: number, to: number): readonly number[] {
    const found: number[] = [];
    for (const index of this.#unchecked)
      if (this.#blocks[index].endPosition > from && this.startOf(index) < to) found.push(index);
    return found;
  }

  /** The index of the block with a position. Behind all that are closed comes the open one. */
  blockWith(position: number): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#blocks[middle].endPosition <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  startOf(index: number): number {
    return index === 0 ? 0 : this.#blocks[index - 1].endPosition;
  }

  checked(index: number): void {
    this.#unchecked.delete(index);
  }

  #open(): Block {
    return {
      endPosition: this.#position,
      endOffset: this.#endOffset,
      checksum: this.#checksum,
      firstChecksum: this.#firstChecksum,
    };
  }
}
