import {
  close,
  constants,
  fsync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  type StatsFs,
  statfsSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { FileSystemError } from "../file-system-error.ts";
import type {
  DescriptorBounds,
  FileHandle,
  FileLock,
  FileOpenMode,
  FileStat,
  FileSystem,
} from "../file-system.ts";
import { errnoOf, fileSystemError } from "./file-system-errors.ts";
import { DescriptorPool } from "./descriptor-pool.ts";
import { NodeFileHandle, type OpenFlags } from "./node-file-handle.ts";
import { whenDescriptorsAreLeft } from "./when-descriptors-are-left.ts";
import { lockFile, readNoteOfLiveHolder } from "./node-file-lock.ts";

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL } = constants;

const openFlags: Readonly<Record<FileOpenMode, OpenFlags>> = {
  read: { first: O_RDONLY, again: O_RDONLY, isWritable: false, isBrief: true },
  readWrite: { first: O_RDWR, again: O_RDWR, isWritable: true, isBrief: false },
  create: { first: O_RDWR | O_CREAT | O_EXCL, again: O_RDWR, isWritable: true, isBrief: false },
  openOrCreate: { first: O_RDWR | O_CREAT, again: O_RDWR, isWritable: true, isBrief: true },
};

/** Files and directories are for their owner alone: they hold what topics hold. */
const fileMode = 0o600;
const directoryMode = 0o700;

/** Directories that are synced at once: each has a descriptor meanwhile. */
const directorySyncsMax = 8;

/** The disk, by Node's synchronous calls; what waits for the device runs in Node's thread pool. */
export class NodeFileSystem implements FileSystem {
  readonly #pool: DescriptorPool;
  readonly #waitingSyncs: (() => void)[] = [];
  #directorySyncs = 0;

  constructor(pool = new DescriptorPool()) {
    this.#pool = pool;
  }

  open(path: string, mode: FileOpenMode): FileHandle {
    return attempt(path, () => {
      const handle = new NodeFileHandle(this.#pool, path, openFlags[mode], fileMode);
      if (mode === "read" && handle.isDirectory()) {
        handle.close();
        throw new FileSystemError("WRONG_KIND", path, "it is a directory, a file is needed");
      }
      return handle;
    });
  }

  makeDirectory(path: string): void {
    attempt(path, () => makeWithParents(path));
  }

  list(path: string): readonly string[] {
    return attempt(path, () => readdirSync(path).sort());
  }

  stat(path: string): FileStat | undefined {
    return attempt(path, () => {
      try {
        const stat = statSync(path, { throwIfNoEntry: false });
        if (stat === undefined) return undefined;
        return { kind: stat.isDirectory() ? "directory" : "file", sizeBytes: stat.size };
      } catch (cause) {
        if (errnoOf(cause) === "ENOTDIR") return undefined;
        throw cause;
      }
    });
  }

  rename(source: string, target: string): void {
    attempt(source, () => {
      this.#pool.leaves(source);
      this.#pool.folderLeaves(source);
      this.#pool.leaves(target);
      renameSync(source, target);
    });
  }

  remove(path: string): void {
    attempt(path, () => {
      this.#pool.leaves(path);
      unlessMissing(() => unlinkSync(path));
    });
  }

  removeDirectory(path: string): void {
    attempt(path, () => unlessMissing(() => rmdirSync(path)));
  }

  async syncDirectory(path: string): Promise<void> {
    // Windows cannot open a directory, and its renames are journalled.
    if (process.platform === "win32") return;
    if (this.#directorySyncs < directorySyncsMax) this.#directorySyncs++;
    else await new Promise<void>((resolve) => this.#waitingSyncs.push(resolve));
    try {
      await syncDirectory(path);
    } finally {
      const next = this.#waitingSyncs.shift();
      if (next === undefined) this.#directorySyncs--;
      else next();
    }
  }

  async lock(path: string, note = ""): Promise<FileLock> {
    return lockFile(path, note);
  }

  readLockNote(path: string): string | undefined {
    return attempt(path, () => readNoteOfLiveHolder(path));
  }

  descriptors(): DescriptorBounds {
    return this.#pool.bounds;
  }

  freeBytes(path: string): number {
    const { bavail, bsize } = deviceOf(path);
    return bavail * bsize;
  }

  totalBytes(path: string): number {
    const { blocks, bsize } = deviceOf(path);
    return blocks * bsize;
  }

  absolutePath(path: string): string {
    return resolve(path);
  }
}

/** Of the nearest folder that is there. */
function deviceOf(path: string): StatsFs {
  return attempt(path, () => {
    let place = path;
    for (;;) {
      try {
        return statfsSync(place);
      } catch (cause) {
        const parent = dirname(place);
        if (errnoOf(cause) !== "ENOENT" || parent === place) throw cause;
        place = parent;
      }
    }
  });
}

async function syncDirectory(path: string): Promise<void> {
  const open = () => attempt(path, () => openSync(path, O_RDONLY));
  const descriptor = await whenDescriptorsAreLeft(open);
  return new Promise((resolve, reject) => {
    fsync(descriptor, (cause) => {
      close(descriptor, () => {
        if (cause) reject(fileSystemError(path, cause));
        else resolve();
      });
    });
  });
}

function attempt<Result>(path: string, action: () => Result): Result {
  try {
    return action();
  } catch (cause) {
    throw cause instanceof FileSystemError ? cause : fileSystemError(path, cause);
  }
}

function unlessMissing(action: () => void): void {
  try {
    action();
  } catch (cause) {
    if (errnoOf(cause) !== "ENOENT") throw cause;
  }
}

/** Node's own `recursive` never comes back where a folder takes no entries and says that they are missing: /proc. */
function makeWithParents(path: string): void {
  if (isDirectory(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeWithParents(parent);
  try {
    mkdirSync(path, { mode: directoryMode });
  } catch (cause) {
    if (errnoOf(cause) !== "EEXIST") throw cause;
    if (isDirectory(path)) return; // made by another meanwhile
    const what = "it is a file, a directory is needed";
    throw new FileSystemError("WRONG_KIND", path, what, cause);
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
