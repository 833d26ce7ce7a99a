import {
  close,
  constants,
  fstatSync,
  fsync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  statfsSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { dirname } from "node:path";
import { FileSystemError } from "../file-system-error.ts";
import type { FileHandle, FileLock, FileOpenMode, FileStat, FileSystem } from "../file-system.ts";
import { errnoOf, fileSystemError } from "./file-system-errors.ts";
import { NodeFileHandle } from "./node-file-handle.ts";
import { lockFile, readNoteOfLiveHolder } from "./node-file-lock.ts";

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL } = constants;

const openFlags: Readonly<Record<FileOpenMode, number>> = {
  read: O_RDONLY,
  readWrite: O_RDWR,
  create: O_RDWR | O_CREAT | O_EXCL,
  openOrCreate: O_RDWR | O_CREAT,
};

/** Files and directories are for their owner alone: they hold what topics hold. */
const fileMode = 0o600;
const directoryMode = 0o700;

/** The disk, by Node's synchronous calls; what waits for the device runs in Node's thread pool. */
export class NodeFileSystem implements FileSystem {
  open(path: string, mode: FileOpenMode): FileHandle {
    return attempt(path, () => {
      const descriptor = openSync(path, openFlags[mode], fileMode);
      if (mode === "read" && fstatSync(descriptor).isDirectory()) {
        closeSync(descriptor);
        throw new FileSystemError("WRONG_KIND", path, "it is a directory, a file is needed");
      }
      return new NodeFileHandle(path, descriptor, mode !== "read");
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
    attempt(source, () => renameSync(source, target));
  }

  remove(path: string): void {
    attempt(path, () => unlessMissing(() => unlinkSync(path)));
  }

  removeDirectory(path: string): void {
    attempt(path, () => unlessMissing(() => rmdirSync(path)));
  }

  syncDirectory(path: string): Promise<void> {
    // Windows cannot open a directory, and its renames are journalled.
    if (process.platform === "win32") return Promise.resolve();
    return new Promise((resolve, reject) => {
      const descriptor = attempt(path, () => openSync(path, O_RDONLY));
      fsync(descriptor, (cause) => {
        close(descriptor, () => {
          if (cause) reject(fileSystemError(path, cause));
          else resolve();
        });
      });
    });
  }

  async lock(path: string, note = ""): Promise<FileLock> {
    return lockFile(path, note);
  }

  readLockNote(path: string): string | undefined {
    return attempt(path, () => readNoteOfLiveHolder(path));
  }

  freeBytes(path: string): number {
    return attempt(path, () => {
      let place = path;
      for (;;) {
        try {
          const { bavail, bsize } = statfsSync(place);
          return bavail * bsize;
        } catch (cause) {
          const parent = dirname(place);
          if (errnoOf(cause) !== "ENOENT" || parent === place) throw cause;
          place = parent;
        }
      }
    });
  }
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
    if (errnoOf(cause) !== "EEXIST" || !isDirectory(path)) throw cause;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
