import {
  FileSystemError,
  type FileHandle,
  type FileLock,
  type FileSystem,
} from "@millrace/platform";
import { StateError } from "../contract/state-error.ts";
import type { EngineEntry, EntryCursor, ScanRange, StoreEngine } from "../contract/store-engine.ts";
import { MemoryEngine } from "../memory/memory-engine.ts";
import { decodeFrame, encodeFrame } from "./batch-frame.ts";

/** "MRSTATE" and the version of this file format. */
const fileHeader = Uint8Array.of(0x4d, 0x52, 0x53, 0x54, 0x41, 0x54, 0x45, 1);

/** Below this the file is never rewritten. */
const rewriteBytesMin = 1024 * 1024;

export interface FileEngineOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  /** Held until the engine closes. */
  readonly lock: FileLock;
  /** Told how many bytes of an unfinished batch, or worse, were cut off. */
  readonly onTornTail: (bytes: number) => void;
}

/**
 * The in-memory engine with its batches in a file, without fsync: after a kill it holds a prefix of the batches, and
 * after a loss of unsynced writes too, since a batch counts only whole. A file that grew to four times its content
 * is rewritten as one batch.
 */
export class FileEngine implements StoreEngine {
  readonly isPersistent = true;
  readonly #memory = new MemoryEngine();
  readonly #options: FileEngineOptions;
  readonly #path: string;
  #file: FileHandle;
  #sizeBytes = 0;
  #rewriteAtBytes = rewriteBytesMin;
  #isOpen = true;

  constructor(options: FileEngineOptions) {
    this.#options = options;
    this.#path = `${options.directory}/store.log`;
    this.#file = options.fileSystem.open(this.#path, "openOrCreate");
    try {
      this.#replay();
    } catch (error) {
      this.#file.close(); // nobody else would: there is no engine
      throw error;
    }
  }

  get estimatedEntryCount(): number {
    return this.#memory.estimatedEntryCount;
  }

  get(key: Uint8Array): Uint8Array | null {
    return this.#memory.get(key);
  }

  scan(range: ScanRange): EntryCursor {
    return this.#memory.scan(range);
  }

  pin(): EntryCursor {
    return this.#memory.pin();
  }

  write(entries: readonly EngineEntry[]): void {
    if (entries.length === 0) return;
    if (this.#isOpen) this.#append(encodeFrame(entries));
    this.#memory.write(entries);
    if (this.#sizeBytes > this.#rewriteAtBytes) this.#rewrite();
  }

  /** In the file it is a batch that deletes each of them. */
  deleteRange(from: Uint8Array, to: Uint8Array): void {
    const deletions: EngineEntry[] = [];
    using cursor = this.#memory.scan({ from, to });
    while (cursor.next()) deletions.push({ key: cursor.key, value: null });
    this.write(deletions);
  }

  close(): Promise<void> {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#file.close();
      this.#options.lock.release();
    }
    return this.#memory.close();
  }

  /** The next append begins at the same place if this one fails, so that nothing half written is ever followed. */
  #append(frame: Uint8Array): void {
    try {
      this.#file.write([frame], this.#sizeBytes);
    } catch (cause) {
      throw new StateError(
        "STORE_ENGINE_FAILED",
        `${this.#path} could not be written; make room on the disk and restart the task`,
        cause,
      );
    }
    this.#sizeBytes += frame.length;
  }

  #replay(): void {
    const file = new Uint8Array(this.#file.sizeBytes());
    this.#file.read(file, 0);
    this.#sizeBytes = fileHeader.length;
    if (!this.#checkHeader(file)) return;
    for (
      let frame = decodeFrame(file, this.#sizeBytes);
      frame !== undefined;
      frame = decodeFrame(file, this.#sizeBytes)
    ) {
      this.#memory.write(frame.entries);
      this.#sizeBytes = frame.end;
    }
    if (this.#sizeBytes >= file.length) return;
    this.#options.onTornTail(file.length - this.#sizeBytes);
    this.#file.truncate(this.#sizeBytes);
  }

  /** False: the file had no header, holds nothing, and has one now. */
  #checkHeader(file: Uint8Array): boolean {
    const last = fileHeader.length - 1;
    const isOurs = fileHeader.every((byte, index) => index === last || file[index] === byte);
    if (isOurs && file[last] > fileHeader[last])
      throw new StateError(
        "STORE_FORMAT_TOO_NEW",
        `${this.#path} has format ${file[last]}, this version reads up to ${fileHeader[last]}; run the newer version, or delete the folder so that it is restored from the changelogs`,
      );
    if (isOurs && file[last] === fileHeader[last]) return true;
    if (file.length > 0) this.#options.onTornTail(file.length);
    this.#file.truncate(0);
    this.#file.write([fileHeader], 0);
    return false;
  }

  /** Where it fails (a full disk) the old file is as good as before: it is tried again later. */
  #rewrite(): void {
    const path = `${this.#path}.new`;
    const frame = encodeFrame(this.#entries());
    const file = this.#writeNew(path, frame);
    if (file === undefined) {
      this.#rewriteAtBytes = 2 * this.#sizeBytes;
      return;
    }
    this.#file.close();
    this.#file = file;
    this.#sizeBytes = fileHeader.length + frame.length;
    this.#rewriteAtBytes = Math.max(rewriteBytesMin, 4 * this.#sizeBytes);
  }

  #writeNew(path: string, frame: Uint8Array): FileHandle | undefined {
    const { fileSystem } = this.#options;
    let file: FileHandle | undefined;
    try {
      fileSystem.remove(path);
      file = fileSystem.open(path, "create");
      file.write([fileHeader, frame], 0);
      fileSystem.rename(path, this.#path);
      return file;
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error;
      file?.close();
      return undefined;
    }
  }

  *#entries(): Iterable<EngineEntry> {
    using cursor = this.#memory.scan({});
    while (cursor.next()) yield { key: cursor.key, value: cursor.value };
  }
}
