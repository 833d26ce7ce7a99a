import type { Offset } from "@millrace/model";
import type { Block } from "./batch-chain.ts";

/** The blocks of a segment's record, beside a walk over all of its batches. */
export class RecordedBlocks {
  readonly #blocks: readonly Block[];
  #index = 0;
  /** Where the block begins that the walk is in. */
  startPosition = 0;
  startOffset: Offset;

  constructor(blocks: readonly Block[], baseOffset: Offset) {
    this.#blocks = blocks;
    this.startOffset = baseOffset;
  }

  /**
   * Takes a batch with the running checksum at its end. False where the block is not the one that was recorded: its
   * first batch is another one, as in a file of another log, or its end is.
   */
  accepts(position: number, endPosition: number, checksum: number): boolean {
    const block = this.#blocks.at(this.#index);
    if (block === undefined) return true;
    if (position === this.startPosition && checksum !== block.firstChecksum) return false;
    if (endPosition < block.endPosition) return true;
    if (endPosition > block.endPosition || checksum !== block.checksum) return false;
    this.#index++;
    this.startPosition = endPosition;
    this.startOffset = block.endOffset;
    return true;
  }
}
