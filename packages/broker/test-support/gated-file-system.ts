import { FileSystemError, type FileHandle, type FileSystem } from "@millrace/platform";
import { withMembers } from "./with-members.ts";

/** As every file system that counts has it. */
const nameBytesMax = 255;

/** What a test decides about the device below. */
export interface Gate {
  /** Syncs wait while it is shut, of all files or of those whose paths match. */
  shut(paths?: RegExp): void;
  open(): void;
  /** The next syncs fail. */
  breakSyncs(): void;
  /** What `freeBytes` says; undefined: what the file system says. */
  freeBytes: number | undefined;
  /** Files whose paths match cannot be made: the disk is full. */
  fullFor: RegExp | undefined;
  /** Paths that match are neither renamed nor removed: permission is denied. */
  resisting: RegExp | undefined;
  readonly syncCount: number;
  /** Files that are open. */
  readonly openCount: number;
}

/** A file system whose syncs happen when a test lets them. */
export function gatedFileSystem(inner: FileSystem): { fileSystem: FileSystem; gate: Gate } {
  let whenOpen = Promise.resolve();
  let shutPaths = /^/;
  let open = () => {};
  let isBroken = false;
  let syncCount = 0;
  const opened = new Set<FileHandle>();
  const gate: Gate = {
    freeBytes: undefined,
    fullFor: undefined,
    resisting: undefined,
    shut: (paths = /^/) => {
      shutPaths = paths;
      whenOpen = new Promise((resolve) => (open = resolve));
    },
    open: () => open(),
    breakSyncs: () => {
      isBroken = true;
    },
    get syncCount() {
      return syncCount;
    },
    get openCount() {
      return opened.size;
    },
  };
  const wrap = (handle: FileHandle): FileHandle => {
    opened.add(handle);
    return withMembers(handle, {
      close: () => {
        opened.delete(handle);
        handle.close();
      },
      datasync: async () => {
        if (shutPaths.test(handle.path)) await whenOpen;
        syncCount++;
        if (isBroken) throw new FileSystemError("INPUT_OUTPUT", handle.path, "the sync failed");
        await handle.datasync();
      },
    });
  };
  const fileSystem = withMembers(inner, {
    open: (path, mode) => {
      if (gate.fullFor?.test(path) === true && inner.stat(path) === undefined)
        throw new FileSystemError("DISK_FULL", path, "the disk is full");
      return wrap(inner.open(path, mode));
    },
    rename: (source, target) => {
      resist(gate, source);
      checkName(target);
      inner.rename(source, target);
    },
    remove: (path) => {
      resist(gate, path);
      inner.remove(path);
    },
    freeBytes: (path) => gate.freeBytes ?? inner.freeBytes(path),
  });
  return { fileSystem, gate };
}

function resist(gate: Gate, path: string): void {
  if (gate.resisting?.test(path) === true)
    throw new FileSystemError("PERMISSION_DENIED", path, "permission denied");
}

function checkName(path: string): void {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name.length > nameBytesMax)
    throw new FileSystemError("INPUT_OUTPUT", path, "the name is too long");
}
