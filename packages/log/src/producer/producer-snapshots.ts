import type { Offset } from "@millrace/model";
import { FileSystemError, type FileHandle, type FileSystem, type Logger } from "@millrace/platform";
import { crc32c } from "@millrace/protocol/wire";
import { readWholeFile } from "../checkpoint/checkpoint-file.ts";
import {
  offsetFileName,
  offsetOfFileName,
  producerSnapshotSuffix,
} from "../segment/log-file-names.ts";
import type { SegmentRecord } from "../segment/segment-record.ts";
import type { ProducerEntry } from "./producer-entry.ts";
import { decodeProducerSnapshot, encodeProducerSnapshot } from "./producer-snapshot.ts";
import type { ProducerStates } from "./producer-states.ts";

/** Producers as they were at an offset. */
export interface FoundSnapshot {
  readonly offset: Offset;
  readonly entries: readonly ProducerEntry[];
}

/**
 * The snapshots of a log's producers: caches, one for each offset that needs it. A file says of itself whether it is
 * whole, but not that it is this log's: the records of segments do.
 */
export class ProducerSnapshots {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  readonly #logger: Logger | undefined;
  /** CRC-32C of the files that are vouched for. */
  readonly #sums = new Map<Offset, number>();
  /** Of those that may be in the page cache alone. */
  readonly #unsynced = new Set<Offset>();

  /** The logger is told of snapshots that cannot be removed; without one that is thrown. */
  constructor(fileSystem: FileSystem, directory: string, logger?: Logger) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
    this.#logger = logger;
  }

  pathOf(offset: Offset): string {
    return `${this.#directory}/${offsetFileName(offset, producerSnapshotSuffix)}`;
  }

  /** Offsets, rising. */
  list(): readonly Offset[] {
    const offsets: Offset[] = [];
    for (const name of this.#fileSystem.list(this.#directory)) {
      const offset = offsetOfFileName(name, producerSnapshotSuffix);
      if (offset !== undefined) offsets.push(offset);
    }
    return offsets;
  }

  /** Of the file as it is; undefined where there is none, or nothing vouches for it. */
  sumAt(offset: Offset): number | undefined {
    const sum = this.#sums.get(offset);
    // Somebody may have removed it.
    return sum === undefined || this.#fileSystem.stat(this.pathOf(offset)) === undefined
      ? undefined
      : sum;
  }

  /** Takes over what the record of a segment that begins here says. */
  vouch(baseOffset: Offset, record: SegmentRecord): void {
    const { endOffset, isDurable, isStopped, snapshots } = record;
    const [atBase, atEnd] = snapshots;
    if (atBase !== undefined) this.#sums.set(baseOffset, atBase);
    if (atEnd !== undefined) this.#sums.set(endOffset, atEnd);
    // Of a segment that was recorded as it grew.
    if (isDurable && !isStopped) this.#unsynced.add(endOffset);
  }

  /** Writes to the page cache; the caller syncs and closes the handle. */
  write({ offset, producers }: { offset: Offset; producers: ProducerStates }): FileHandle {
    const bytes = encodeProducerSnapshot(producers.entries);
    const handle = this.#fileSystem.open(this.pathOf(offset), "openOrCreate");
    try {
      handle.truncate(0);
      handle.write([bytes], 0);
    } catch (error) {
      handle.close();
      throw error;
    }
    this.#sums.set(offset, crc32c(bytes));
    return handle;
  }

  /** Writes one that nothing waits for: when it is on the device is up to the system. */
  writeUnsynced(state: Parameters<typeof this.write>[0]): void {
    this.write(state).close();
    this.#unsynced.add(state.offset);
  }

  /** One that was written so, for the caller to sync and close; undefined: somebody has seen to it. */
  openUnsynced(offset: Offset): FileHandle | undefined {
    if (!this.#unsynced.delete(offset)) return undefined;
    return this.#fileSystem.open(this.pathOf(offset), "readWrite");
  }

  /** Undefined where there is none, or none that is as it was written. */
  read(offset: Offset): readonly ProducerEntry[] | undefined {
    const bytes = readWholeFile(this.#fileSystem, this.pathOf(offset));
    const sum = this.#sums.get(offset);
    if (bytes === undefined || (sum !== undefined && sum !== crc32c(bytes))) return undefined;
    return decodeProducerSnapshot(bytes);
  }

  /**
   * The newest at or below an offset; of those that nothing vouches for one is taken only where there is no other, and
   * only up to `doubtfulMax`. One that is not as it was written is removed: the log has it all.
   */
  newest(upTo: Offset, doubtfulMax: Offset): FoundSnapshot | undefined {
    const offsets = this.list()
      .filter((offset) => offset <= upTo)
      .toReversed();
    const isVouched = (offset: Offset) => this.#sums.has(offset);
    const doubtful = offsets.filter((offset) => !isVouched(offset) && offset <= doubtfulMax);
    for (const offset of [...offsets.filter(isVouched), ...doubtful]) {
      const entries = this.read(offset);
      if (entries !== undefined) return { offset, entries };
      this.#remove(offset);
    }
    return undefined;
  }

  /** What cannot be removed takes room, and no more: nothing fails for it. */
  removeUnless(isNeeded: (offset: Offset) => boolean, remove?: (path: string) => void): void {
    this.#attempt(() => {
      for (const offset of this.list())
        if (!isNeeded(offset)) this.#attempt(() => this.#remove(offset, remove));
    });
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof FileSystemError) || this.#logger === undefined) throw error;
      this.#logger.log("warn", "log.snapshots-kept", { path: this.#directory, error });
    }
  }

  #remove(offset: Offset, remove = (path: string) => this.#fileSystem.remove(path)): void {
    remove(this.pathOf(offset));
    this.#sums.delete(offset);
    this.#unsynced.delete(offset);
  }
}
