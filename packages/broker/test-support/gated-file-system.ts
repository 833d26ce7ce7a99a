import { FileSystemError, type FileHandle, type FileSystem } from "@millrace/platform";

/** What a test decides about the device below. */
export interface Gate {
  /** Syncs wait while it is shut. */
  shut(): void;
  open(): void;
  /** The next syncs fail. */
  breakSyncs(): void;
  /** What `freeBytes` says; undefined: what the file system says. */
  freeBytes: number | undefined;
  /** Files whose paths match cannot be made: the disk is full. */
  fullFor: RegExp | undefined;
  readonly syncCount: number;
}

/** A file system whose syncs happen when a test lets them. */
export function gatedFileSystem(inner: FileSystem): { fileSystem: FileSystem; gate: Gate } {
  let opened = Promise.resolve();
  let open = () => {};
  let isBroken = false;
  let syncCount = 0;
  const gate: Gate = {
    freeBytes: undefined,
    fullFor: undefined,
    shut: () => {
      opened = new Promise((resolve) => (open = resolve));
    },
    open: () => open(),
    breakSyncs: () => {
      isBroken = true;
    },
    get syncCount() {
      return syncCount;
    },
  };
  const wrap = (handle: FileHandle): FileHandle => ({
    path: handle.path,
    sizeBytes: () => handle.sizeBytes(),
    read: (target, position) => handle.read(target, position),
    write: (parts, position) => handle.write(parts, position),
    truncate: (sizeBytes) => handle.truncate(sizeBytes),
    close: () => handle.close(),
    datasync: async () => {
      await opened;
      syncCount++;
      if (isBroken) throw new FileSystemError("INPUT_OUTPUT", handle.path, "the sync failed");
      await handle.datasync();
    },
  });
  const fileSystem: FileSystem = {
    open: (path, mode) => {
      if (gate.fullFor?.test(path) === true && inner.stat(path) === undefined)
        throw new FileSystemError("DISK_FULL", path, "the disk is full");
      return wrap(inner.open(path, mode));
    },
    makeDirectory: (path) => inner.makeDirectory(path),
    list: (path) => inner.list(path),
    stat: (path) => inner.stat(path),
    rename: (source, target) => inner.rename(source, target),
    remove: (path) => inner.remove(path),
    removeDirectory: (path) => inner.removeDirectory(path),
    syncDirectory: (path) => inner.syncDirectory(path),
    lock: (path, note) => inner.lock(path, note),
    readLockNote: (path) => inner.readLockNote(path),
    freeBytes: (path) => gate.freeBytes ?? inner.freeBytes(path),
  };
  return { fileSystem, gate };
}
