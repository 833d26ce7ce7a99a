import { FileSystemError, type FileSystem } from "@millrace/platform";
import { SnapshotError } from "../contract/snapshot-error.ts";
import type { SnapshotStore } from "../contract/snapshot-store.ts";

const temporarySuffix = ".tmp";

/** Of a file that is read: blocks have some MiB, unless one row has more. */
const fileBytesMax = 512 * 2 ** 20;

/**
 * Snapshots in a directory, such as one that instances share. A file is there whole once it has its name, and on the device.
 *
 * @example const store = directorySnapshotStore(platform.fileSystem, "./snapshots");
 */
export function directorySnapshotStore(fileSystem: FileSystem, directory: string): SnapshotStore {
  return new DirectorySnapshotStore(fileSystem, directory);
}

class DirectorySnapshotStore implements SnapshotStore {
  readonly place: string;
  readonly #fileSystem: FileSystem;

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem;
    this.place = directory;
  }

  async put(name: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const path = this.#pathOf(name);
    const folder = path.slice(0, path.lastIndexOf("/"));
    await this.#tried(`write ${path}`, async () => {
      this.#fileSystem.makeDirectory(folder);
      const temporary = `${path}${temporarySuffix}`;
      await this.#write(temporary, bytes);
      this.#fileSystem.rename(temporary, path);
      await this.#fileSystem.syncDirectory(folder);
    });
  }

  async get(name: string, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    signal?.throwIfAborted();
    const path = this.#pathOf(name);
    return this.#tried(`read ${path}`, () => {
      if (this.#fileSystem.stat(path)?.kind !== "file") return undefined;
      const handle = this.#fileSystem.open(path, "read");
      try {
        const sizeBytes = handle.sizeBytes();
        if (sizeBytes > fileBytesMax) throw tooLarge(path, sizeBytes);
        const bytes = new Uint8Array(sizeBytes);
        return bytes.subarray(0, handle.read(bytes, 0));
      } finally {
        handle.close();
      }
    });
  }

  async list(under: string, signal?: AbortSignal): Promise<readonly string[]> {
    signal?.throwIfAborted();
    const path = this.#pathOf(under.slice(0, -1));
    this.#requireDirectory();
    return this.#tried(`list ${path}`, () => {
      if (this.#fileSystem.stat(path)?.kind !== "directory") return [];
      return this.#fileSystem
        .list(path)
        .map((name) =>
          this.#fileSystem.stat(`${path}/${name}`)?.kind === "directory" ? `${name}/` : name,
        );
    });
  }

  /** The last file of a folder takes it along. */
  async delete(name: string, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const path = this.#pathOf(name);
    const folder = path.slice(0, path.lastIndexOf("/"));
    await this.#tried(`remove ${path}`, () => {
      if (this.#fileSystem.stat(folder) === undefined) return;
      this.#fileSystem.remove(path);
      if (this.#fileSystem.list(folder).length === 0) this.#fileSystem.removeDirectory(folder);
    });
  }

  /** What could not be written whole is removed: on a full disk each try would leave its part. */
  async #write(path: string, bytes: Uint8Array): Promise<void> {
    const handle = this.#fileSystem.open(path, "openOrCreate");
    let isWritten = false;
    try {
      handle.truncate(0);
      handle.write([bytes], 0);
      await handle.datasync();
      isWritten = true;
    } finally {
      handle.close();
      if (!isWritten) this.#fileSystem.remove(path);
    }
  }

  /** A directory that is not there has no snapshots yet; what is none never will. */
  #requireDirectory(): void {
    const kind = this.#fileSystem.stat(this.place)?.kind;
    if (kind !== undefined && kind !== "directory")
      throw new SnapshotError(
        "SNAPSHOT_STORE_FAILED",
        `${this.place} is a ${kind}; give a directory for snapshots`,
      );
  }

  #pathOf(name: string): string {
    return `${this.place}/${name}`;
  }

  async #tried<Result>(what: string, work: () => Result | Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (cause) {
      if (!(cause instanceof FileSystemError)) throw cause;
      throw new SnapshotError(
        "SNAPSHOT_STORE_FAILED",
        `could not ${what}: ${cause.message}; check the disk, its room and its permissions`,
        cause,
      );
    }
  }
}

function tooLarge(path: string, sizeBytes: number): SnapshotError {
  return new SnapshotError(
    "SNAPSHOT_DAMAGED",
    `${path} has ${sizeBytes} bytes, and is no part of a snapshot: those have ${fileBytesMax} at most`,
  );
}
