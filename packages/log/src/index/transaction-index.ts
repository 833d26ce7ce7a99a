import type { Offset } from "@millrace/model";
import type { FileHandle, FileSystem } from "@millrace/platform";
import { getInt64, setInt64 } from "@millrace/protocol/wire";
import type { AbortedTransaction } from "../log-types.ts";
import { IndexFile, type FileSum } from "./index-file.ts";

const entrySize = 34;
const version = 0;

/** A transaction that ended in an abort marker in this segment. */
export interface AbortedTransactionEntry extends AbortedTransaction {
  /** Offset of the marker. */
  readonly lastOffset: Offset;
  /** Last stable offset once the marker was written: no older transaction was open below it. */
  readonly lastStableOffset: Offset;
}

/**
 * `.txnindex`: int16 version and the four int64 of an entry, in the order of the abort markers. The file exists
 * only where something was aborted (Kafka: `TransactionIndex`, `AbortedTxn`).
 */
export class TransactionIndex {
  readonly #file: IndexFile;
  readonly #fileSystem: FileSystem;

  constructor(fileSystem: FileSystem, path: string) {
    this.#fileSystem = fileSystem;
    this.#file = new IndexFile(fileSystem, path, entrySize);
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

  append(entry: AbortedTransactionEntry): void {
    const at = this.#file.append();
    const view = this.#file.view;
    view.setInt16(at, version);
    setInt64(view, at + 2, entry.producerId);
    setInt64(view, at + 10, entry.firstOffset);
    setInt64(view, at + 18, entry.lastOffset);
    setInt64(view, at + 26, entry.lastStableOffset);
  }

  entryAt(slot: number): AbortedTransactionEntry {
    const at = slot * entrySize;
    const view = this.#file.view;
    return {
      producerId: getInt64(view, at + 2),
      firstOffset: getInt64(view, at + 10),
      lastOffset: getInt64(view, at + 18),
      lastStableOffset: getInt64(view, at + 26),
    };
  }

  /** Adds what overlaps [from, to); true once later segments cannot add to it. */
  collect(from: Offset, to: Offset, found: AbortedTransactionEntry[]): boolean {
    for (let slot = 0; slot < this.entryCount; slot++) {
      const entry = this.entryAt(slot);
      if (entry.lastOffset >= from && entry.firstOffset < to) found.push(entry);
      if (entry.lastStableOffset >= to) return true;
    }
    return false;
  }

  load(expected: FileSum): boolean {
    return this.#file.load(expected);
  }

  /** Of no bytes where there is no file. */
  get sum(): FileSum | undefined {
    const isMissing = this.#fileSystem.stat(this.#file.path) === undefined;
    return this.entryCount === 0 && isMissing ? { sizeBytes: 0, checksum: 0 } : this.#file.sum;
  }

  reset(): void {
    this.#file.reset();
  }

  /** Writes nothing where there is neither an entry nor a file. */
  flush(): FileHandle | undefined {
    const isMissing = this.#fileSystem.stat(this.#file.path) === undefined;
    return this.entryCount === 0 && isMissing ? undefined : this.#file.flush();
  }
}
