import { encodeCheckpoint, readCheckpoint, replaceFile } from "./checkpoint-file.ts";
import type { Offset } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import type { EpochEndOffset } from "../log-types.ts";

export interface EpochEntry {
  readonly epoch: number;
  readonly startOffset: Offset;
}

/**
 * Which leader epoch begins at which offset, kept in `leader-epoch-checkpoint` (Kafka: `LeaderEpochFileCache`).
 * Entries rise in both columns. The file lags until `save`: what it lacks is found again in the batches.
 */
export class LeaderEpochs {
  readonly #fileSystem: FileSystem;
  readonly #path: string;
  #entries: EpochEntry[] = [];
  #isDirty = false;
  /** What the file holds; undefined where that is not known. */
  #saved: string | undefined;

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem;
    this.#path = `${directory}/leader-epoch-checkpoint`;
  }

  get entries(): readonly EpochEntry[] {
    return this.#entries;
  }

  get isDirty(): boolean {
    return this.#isDirty;
  }

  load(): void {
    const lines = readCheckpoint(this.#fileSystem, this.#path, 2);
    this.#entries = lines.map(([epoch, startOffset]) => ({
      epoch: Number(epoch),
      startOffset: Number(startOffset),
    }));
    this.#saved = this.#lines().join("\n");
  }

  /** The file is what the page cache shows, which may be on no device: the next `save` writes it. */
  distrustFile(): void {
    this.#saved = undefined;
    this.#isDirty = true;
  }

  /** A batch of this epoch begins at the offset. */
  assign(epoch: number, startOffset: Offset): void {
    if (epoch < 0) return;
    const latest = this.#entries.at(-1);
    if (latest !== undefined && latest.epoch === epoch && startOffset >= latest.startOffset) return;
    while (this.#isAtOrAbove(this.#entries.at(-1), epoch, startOffset)) this.#entries.pop();
    this.#entries.push({ epoch, startOffset });
    this.#isDirty = true;
  }

  /** The log ends here: forget epochs that begin at or above. */
  truncateFromEnd(endOffset: Offset): void {
    const kept = this.#entries.filter((entry) => entry.startOffset < endOffset);
    if (kept.length === this.#entries.length) return;
    this.#entries = kept;
    this.#isDirty = true;
  }

  /** The log begins here: the epoch of its first record begins here too. */
  truncateFromStart(startOffset: Offset): void {
    const below = this.#entries.filter((entry) => entry.startOffset <= startOffset);
    const last = below.at(-1);
    if (last === undefined || (below.length === 1 && last.startOffset === startOffset)) return;
    this.#entries.splice(0, below.length, { epoch: last.epoch, startOffset });
    this.#isDirty = true;
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

  async save(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    const lines = this.#lines();
    const text = lines.join("\n");
    if (text === this.#saved) return;
    this.#saved = undefined;
    await replaceFile(this.#fileSystem, this.#path, encodeCheckpoint(lines));
    this.#saved = text;
  }

  #lines(): string[] {
    return this.#entries.map((entry) => `${entry.epoch} ${entry.startOffset}`);
  }

  #isAtOrAbove(entry: EpochEntry | undefined, epoch: number, startOffset: Offset): boolean {
    return entry !== undefined && (entry.epoch >= epoch || entry.startOffset >= startOffset);
  }
}
