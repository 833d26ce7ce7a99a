import {
  FileSystemError,
  type DescriptorBounds,
  type FileHandle,
  type FileLock,
  type FileOpenMode,
  type FileStat,
  type FileSystem,
  noDescriptorBounds,
} from "@millrace/platform";
import { alreadyThere, notEmpty, notFound, partsOf, wrongKind } from "@millrace/platform/memory";
import type { Incarnation } from "../world/incarnation.ts";
import { within, type World } from "../world/world.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";
import { SimulatedDirectory } from "./simulated-directory.ts";
import { SimulatedFileHandle, syncError } from "./simulated-file-handle.ts";

/** A disk as one life of a process sees it. */
export class ProcessFileSystem implements FileSystem {
  readonly #world: World;
  readonly #owner: Incarnation;
  readonly #disk: SimulatedDisk;

  constructor(world: World, owner: Incarnation, disk: SimulatedDisk) {
    this.#world = world;
    this.#owner = owner;
    this.#disk = disk;
  }

  open(path: string, mode: FileOpenMode): FileHandle {
    this.#owner.checkAlive();
    const { directory, name } = this.#disk.place(path);
    let file = directory.entries.get(name);
    if (file === undefined) {
      if (mode === "read" || mode === "readWrite") throw notFound(path);
      this.#record("create", path);
      file = this.#disk.addFile(directory, name);
    } else if (mode === "create") {
      throw alreadyThere(path);
    }
    if (file.kind === "directory") throw wrongKind(path, "file");
    return new SimulatedFileHandle({
      world: this.#world,
      owner: this.#owner,
      disk: this.#disk,
      path,
      file,
      isWritable: mode !== "read",
    });
  }

  makeDirectory(path: string): void {
    this.#owner.checkAlive();
    let directory = this.#disk.root;
    for (const part of partsOf(path)) {
      const next = directory.entries.get(part) ?? this.#disk.addDirectory(directory, part);
      if (next.kind === "file") throw wrongKind(path, "directory");
      directory = next;
    }
    this.#record("makeDirectory", path);
  }

  list(path: string): readonly string[] {
    this.#owner.checkAlive();
    return [...this.#disk.directory(path).entries.keys()].sort();
  }

  stat(path: string): FileStat | undefined {
    this.#owner.checkAlive();
    const node = this.#disk.find(path);
    if (node === undefined) return undefined;
    return { kind: node.kind, sizeBytes: node.kind === "file" ? node.cache.length : 0 };
  }

  rename(source: string, target: string): void {
    this.#owner.checkAlive();
    const from = this.#disk.place(source);
    const node = from.directory.entries.get(from.name);
    if (node === undefined) throw notFound(source);
    const to = this.#disk.place(target);
    const replaced = to.directory.entries.get(to.name);
    if (replaced === node) return;
    if (replaced?.kind === "directory") {
      if (node.kind === "file") throw wrongKind(target, "file");
      if (replaced.entries.size > 0) throw notEmpty(target);
    } else if (replaced !== undefined) {
      if (node.kind === "directory") throw wrongKind(target, "directory");
      this.#disk.usedBytes -= replaced.cache.length;
    }
    this.#record("rename", `${source} ${target}`);
    SimulatedDirectory.change(
      { directory: from.directory, name: from.name, node: undefined },
      { directory: to.directory, name: to.name, node },
    );
  }

  remove(path: string): void {
    this.#owner.checkAlive();
    const { directory, name } = this.#disk.place(path);
    const node = directory.entries.get(name);
    if (node === undefined) return;
    if (node.kind === "directory") throw wrongKind(path, "file");
    this.#record("remove", path);
    this.#disk.usedBytes -= node.cache.length;
    SimulatedDirectory.change({ directory, name, node: undefined });
  }

  removeDirectory(path: string): void {
    this.#owner.checkAlive();
    const { directory, name } = this.#disk.place(path);
    const node = directory.entries.get(name);
    if (node === undefined) return;
    if (node.kind === "file") throw wrongKind(path, "directory");
    if (node.entries.size > 0) throw notEmpty(path);
    this.#record("removeDirectory", path);
    SimulatedDirectory.change({ directory, name, node: undefined });
  }

  async syncDirectory(path: string): Promise<void> {
    const world = this.#world;
    const owner = this.#owner;
    if (owner.isDead) return new Promise(() => {});
    const complete = this.#disk.directory(path).beginSync();
    const isFailing = world.strikes("fsyncError", world.diskRandom, owner, path);
    return new Promise((resolve, reject) => {
      world.schedule(within(world.times.syncMs, world.diskRandom), owner, () => {
        world.record(isFailing ? "syncFailed" : "synced", owner.process, path);
        if (isFailing) {
          reject(syncError(path));
          return;
        }
        complete();
        resolve();
      });
    });
  }

  async lock(path: string, note = ""): Promise<FileLock> {
    const owner = this.#owner;
    if (owner.isDead) return new Promise(() => {});
    const { locks } = this.#disk;
    this.#disk.place(path);
    const key = partsOf(path).join("/");
    const other = locks.get(key);
    if (other !== undefined && !other.holder.isDead) {
      throw new FileSystemError(
        "LOCKED",
        path,
        `process ${other.holder.process} (${other.note}) holds the lock; stop it, or use another folder`,
      );
    }
    const held = { holder: owner, note };
    locks.set(key, held);
    this.#record("lock", path);
    return {
      setNote: (next) => {
        held.note = next;
      },
      release: () => {
        if (!owner.isDead && locks.get(key) === held) locks.delete(key);
      },
    };
  }

  readLockNote(path: string): string | undefined {
    this.#owner.checkAlive();
    const lock = this.#disk.locks.get(partsOf(path).join("/"));
    return lock === undefined || lock.holder.isDead ? undefined : lock.note;
  }

  freeBytes(): number {
    return Math.max(0, this.#disk.capacityBytes - this.#disk.usedBytes);
  }

  totalBytes(): number {
    return this.#disk.capacityBytes;
  }

  absolutePath(path: string): string {
    return `/${partsOf(path).join("/")}`;
  }

  descriptors(): DescriptorBounds {
    return noDescriptorBounds;
  }

  #record(kind: string, path: string): void {
    this.#world.record(kind, this.#owner.process, path);
  }
}
