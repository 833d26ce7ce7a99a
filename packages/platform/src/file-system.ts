/**
 * Files, as a log needs them. Paths use `/`. Reads and writes are synchronous, since they meet the page cache
 * (a hop to a thread pool costs more than the copy); whatever waits for the device is a promise.
 *
 * Every failure is a `FileSystemError`; after a failed `datasync` or `sync` the file must not be used again.
 */
export interface FileSystem {
  /**
   * - `read`: the file must be there.
   * - `readWrite`: the file must be there.
   * - `create`: the file must not be there (O_EXCL), opened for reading and writing.
   * - `openOrCreate`: either.
   */
  open(path: string, mode: FileOpenMode): FileHandle;
  /** Makes it and its parents; one that is there is fine. */
  makeDirectory(path: string): void;
  /** Names in a directory, sorted. */
  list(path: string): readonly string[];
  /** Undefined: there is nothing at that path. */
  stat(path: string): FileStat | undefined;
  /** Atomic; a file at the target is replaced. Open handles stay with their file. */
  rename(source: string, target: string): void;
  /** Removes one file; a missing one is fine. Handles that have it open go on reading it. */
  remove(path: string): void;
  /** Removes an empty directory (else `NOT_EMPTY`); a missing one is fine. */
  removeDirectory(path: string): void;
  /** Makes creations, renames and removals in this directory durable. */
  syncDirectory(path: string): Promise<void>;
  /**
   * Takes an exclusive lock that dies with the process, on Node with the thread too. Rejects with code `LOCKED`
   * while another holder lives, in this process too; `note` (such as an address) can be read by others through `readLockNote`.
   * The lock may leave files beside `path`, whose names start with its last part.
   */
  lock(path: string, note?: string): Promise<FileLock>;
  /** The note of the holder; undefined: nobody alive holds the lock. */
  readLockNote(path: string): string | undefined;
  /** Bytes free for this process on the device of the path. */
  freeBytes(path: string): number;
  /** Bytes of that device, free or not. */
  totalBytes(path: string): number;
  /** The path from the root on, whether there is anything or not. */
  absolutePath(path: string): string;
  /** What this process may have open at once. */
  descriptors(): DescriptorBounds;
}

/** Of files and connections together. */
export interface DescriptorBounds {
  /** `ulimit -n`; infinite where there is no bound. */
  readonly all: number;
  /** What is left for connections beside files. */
  readonly connections: number;
}

export const noDescriptorBounds: DescriptorBounds = Object.freeze({
  all: Number.POSITIVE_INFINITY,
  connections: Number.POSITIVE_INFINITY,
});

export type FileOpenMode = "read" | "readWrite" | "create" | "openOrCreate";

export interface FileStat {
  readonly kind: "file" | "directory";
  readonly sizeBytes: number;
}

/** Using a handle after `close` is a bug (`PLATFORM-2`); closing twice is fine. */
export interface FileHandle {
  readonly path: string;
  sizeBytes(): number;
  /** Fills `target` from `position`; gives how many bytes there were (fewer only at the end of the file). */
  read(target: Uint8Array, position: number): number;
  /** Writes all parts one after the other from `position`, or throws after having written some. */
  write(parts: readonly Uint8Array[], position: number): void;
  truncate(sizeBytes: number): void;
  /** Data and size are on the device once it resolves (fdatasync). */
  datasync(): Promise<void>;
  /**
   * Its owner does not wait for its bytes to come to the device: nothing has to stay open for them. Where the device
   * fails to write them, the next `datasync` may not be told.
   */
  trustPageCache(): void;
  close(): void;
}

export interface FileLock {
  /** Replaces the note that others may read. */
  setNote(note: string): void;
  release(): void;
}
