import { invariant, type Offset } from "@millrace/model";
import type { FileHandle, FileSystem } from "@millrace/platform";
import { IndexFile, type FileSum } from "./index-file.ts";

const entrySize = 8;

/**
 * `.index`: pairs of int32 (offset - base, byte position). Each names the last offset of a batch and where that
 * batch begins, so a lookup lands at or before the batch that holds the offset (Kafka: `OffsetIndex`).
 */
export class OffsetIndex {
  readonly #file: IndexFile;
  readonly #baseOffset: Offset;

  constructor(fileSystem: FileSystem, path: string, baseOffset: Offset) {
    this.#file = new IndexFile(fileSystem, path, entrySize);
    this.#baseOffset = baseOffset;
  }

  get path(): string {
    return this.#file.path;
  }

  /** The file was renamed. */
  set path(path: string) {
    this.#file.path = path;
  }

  get entryCount(): number {
    return this.#file.entryCount;
  }

  /** Last offset indexed; the base offset where there is none. */
  get lastOffset(): Offset {
    const count = this.entryCount;
    return count === 0 ? this.#baseOffset : this.#offsetAt(count - 1);
  }

  isFull(bytesMax: number): boolean {
    return this.entryCount >= Math.floor(bytesMax / entrySize);
  }

  append(offset: Offset, position: number): void {
    invariant(this.entryCount === 0 || offset > this.lastOffset, "LOG-6", offset);
    const at = this.#file.append();
    this.#file.view.setInt32(at, offset - this.#baseOffset);
    this.#file.view.setInt32(at + 4, position);
  }

  /** Where to start looking for the batch with this offset. */
  positionFor(offset: Offset): number {
    return this.entryFor(offset)?.position ?? 0;
  }

  /** The batch to start at, by its last offset; undefined: at the begin. */
  entryFor(offset: Offset): { readonly lastOffset: Offset; readonly position: number } | undefined {
    let low = 0;
    let high = this.entryCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#offsetAt(middle) <= offset) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return undefined;
    return { lastOffset: this.#offsetAt(low - 1), position: this.#positionAt(low - 1) };
  }

  load(expected: FileSum): boolean {
    return this.#file.load(expected);
  }

  get sum(): FileSum | undefined {
    return this.#file.sum;
  }

  reset(): void {
    this.#file.reset();
  }

  flush(): FileHandle | undefined {
    return this.#file.flush();
  }

  #offsetAt(slot: number): Offset {
    return this.#baseOffset + this.#file.view.getInt32(slot * entrySize);
  }

  #positionAt(slot: number): number {
    return this.#file.view.getInt32(slot * entrySize + 4);
  }
}
