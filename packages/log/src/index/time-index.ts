import type { Offset, Timestamp } from "@millrace/model";
import type { FileHandle, FileSystem } from "@millrace/platform";
import { getInt64, setInt64 } from "@millrace/protocol/wire";
import { noTimestamp } from "../log-config.ts";
import { IndexFile, type FileSum } from "./index-file.ts";

const entrySize = 12;

/**
 * `.timeindex`: int64 timestamp and int32 (offset - base). An entry says that nothing up to this offset is younger
 * than the timestamp. Both columns rise (Kafka: `TimeIndex`).
 */
export class TimeIndex {
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

  get lastTimestamp(): Timestamp {
    const count = this.entryCount;
    return count === 0 ? noTimestamp : this.#timestampAt(count - 1);
  }

  /** One entry stays free for the roll. */
  isFull(bytesMax: number): boolean {
    return this.entryCount >= Math.floor(bytesMax / entrySize) - 1;
  }

  /** Appends unless the timestamp is no news. */
  maybeAppend(timestamp: Timestamp, offset: Offset): void {
    if (timestamp <= this.lastTimestamp) return;
    const at = this.#file.append();
    setInt64(this.#file.view, at, timestamp);
    this.#file.view.setInt32(at + 8, offset - this.#baseOffset);
  }

  /** Every record below this offset is older than the timestamp, or as old. */
  offsetFor(timestamp: Timestamp): Offset {
    let low = 0;
    let high = this.entryCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#timestampAt(middle) < timestamp) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? this.#baseOffset : this.#offsetAt(low - 1);
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

  #timestampAt(slot: number): Timestamp {
    return getInt64(this.#file.view, slot * entrySize);
  }

  #offsetAt(slot: number): Offset {
    return this.#baseOffset + this.#file.view.getInt32(slot * entrySize + 8);
  }
}
