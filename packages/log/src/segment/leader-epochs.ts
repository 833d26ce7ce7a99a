import type { Offset } from "@millrace/model";
import type { EpochEndOffset } from "../log-types.ts";

export interface EpochEntry {
  readonly epoch: number;
  readonly startOffset: Offset;
}

/**
 * Which leader epoch begins at which offset (Kafka: `LeaderEpochFileCache`). Entries rise in both columns. There is no
 * file: the records of segments have it, and the batches that follow them.
 */
export class LeaderEpochs {
  #entries: EpochEntry[] = [];

  get entries(): readonly EpochEntry[] {
    return this.#entries;
  }

  /** Epochs of [from, to): the first one begins at `from`. */
  within(from: Offset, to: Offset): readonly EpochEntry[] {
    if (from >= to) return [];
    const first = this.epochAt(from);
    const later = this.#entries.filter(
      (entry) => entry.startOffset > from && entry.startOffset < to,
    );
    return first < 0 ? later : [{ epoch: first, startOffset: from }, ...later];
  }

  /** A batch of this epoch begins at the offset. */
  assign(epoch: number, startOffset: Offset): void {
    if (epoch < 0) return;
    const latest = this.#entries.at(-1);
    if (latest !== undefined && latest.epoch === epoch && startOffset >= latest.startOffset) return;
    while (this.#isAtOrAbove(this.#entries.at(-1), epoch, startOffset)) this.#entries.pop();
    this.#entries.push({ epoch, startOffset });
  }

  /** The log ends here: forget epochs that begin at or above. */
  truncateFromEnd(endOffset: Offset): void {
    this.#entries = this.#entries.filter((entry) => entry.startOffset < endOffset);
  }

  /** The log begins here: the epoch of its first record begins here too. */
  truncateFromStart(startOffset: Offset): void {
    const below = this.#entries.filter((entry) => entry.startOffset <= startOffset);
    const last = below.at(-1);
    if (last === undefined || (below.length === 1 && last.startOffset === startOffset)) return;
    this.#entries.splice(0, below.length, { epoch: last.epoch, startOffset });
  }

  /** End of the largest epoch not above the requested one (OffsetForLeaderEpoch). */
  endOffsetFor(requested: number, logEndOffset: Offset): EpochEndOffset | undefined {
    const latest = this.#entries.at(-1);
    if (latest === undefined || requested < 0 || requested > latest.epoch) return undefined;
    if (requested === latest.epoch) return { leaderEpoch: requested, endOffset: logEndOffset };
    const above = this.#entries.findIndex((entry) => entry.epoch > requested);
    const endOffset = this.#entries[above].startOffset;
    const leaderEpoch = above === 0 ? requested : this.#entries[above - 1].epoch;
    return { leaderEpoch, endOffset };
  }

  /** Epoch of the batch at the offset; -1 where it is not known. */
  epochAt(offset: Offset): number {
    let epoch = -1;
    for (const entry of this.#entries) if (entry.startOffset <= offset) epoch = entry.epoch;
    return epoch;
  }

  #isAtOrAbove(entry: EpochEntry | undefined, epoch: number, startOffset: Offset): boolean {
    return entry !== undefined && (entry.epoch >= epoch || entry.startOffset >= startOffset);
  }
}
