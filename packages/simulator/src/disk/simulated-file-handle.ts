import { invariant } from "@millrace/model";
import { FileSystemError, type FileHandle } from "@millrace/platform";
import type { Incarnation } from "../world/incarnation.ts";
import { within, type World } from "../world/world.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";
import { sectorBytes, type SimulatedFile } from "./simulated-file.ts";

export interface SimulatedHandleOptions {
  readonly world: World;
  readonly owner: Incarnation;
  readonly disk: SimulatedDisk;
  readonly path: string;
  readonly file: SimulatedFile;
  readonly isWritable: boolean;
}

/** An open file of one process. */
export class SimulatedFileHandle implements FileHandle {
  readonly path: string;
  readonly #world: World;
  readonly #owner: Incarnation;
  readonly #disk: SimulatedDisk;
  readonly #file: SimulatedFile;
  readonly #isWritable: boolean;
  #isOpen = true;

  constructor({ world, owner, disk, path, file, isWritable }: SimulatedHandleOptions) {
    this.path = path;
    this.#world = world;
    this.#owner = owner;
    this.#disk = disk;
    this.#file = file;
    this.#isWritable = isWritable;
    owner.openFileCount += 1;
  }

  sizeBytes(): number {
    this.#checkOpen();
    return this.#file.cache.length;
  }

  read(target: Uint8Array, position: number): number {
    this.#checkOpen();
    const file = this.#file;
    const end = Math.min(position + target.length, file.cache.length);
    if (position >= end) return 0;
    const world = this.#world;
    const { diskRandom } = world;
    const isSpoilt =
      world.isDrawn("latentError", diskRandom, this.#owner) &&
      file.spoilSector(position + diskRandom.below(end - position));
    if (isSpoilt) world.countFault("latentError", this.#owner, folderOf(this.path));
    if (!file.isReadable(position, end)) {
      throw new FileSystemError(
        "INPUT_OUTPUT",
        this.path,
        `the device cannot read between ${position} and ${end}; check the disk`,
      );
    }
    return file.cache.read(target, position);
  }

  write(parts: readonly Uint8Array[], position: number): void {
    this.#checkWritable();
    let at = position;
    for (const part of parts) {
      this.#writePart(part, at);
      at += part.length;
    }
  }

  truncate(sizeBytes: number): void {
    this.#checkWritable();
    this.#world.record("truncate", this.#owner.process, `${this.path} ${sizeBytes}`);
    this.#disk.usedBytes += sizeBytes - this.#file.cache.length;
    this.#file.truncate(sizeBytes);
  }

  datasync(): Promise<void> {
    if (this.#owner.isDead) return new Promise(() => {});
    this.#checkOpen();
    const world = this.#world;
    const random = world.diskRandom;
    let delayMs = within(world.times.syncMs, random);
    if (world.strikes("slowFsync", random, this.#owner))
      delayMs += within(world.times.slowSyncMs, random);
    const isFailing = world.strikes("fsyncError", random, this.#owner, folderOf(this.path));
    const sync = this.#file.beginSync();
    return new Promise((resolve, reject) => {
      world.schedule(delayMs, this.#owner, () => {
        world.record(isFailing ? "syncFailed" : "synced", this.#owner.process, this.path);
        if (isFailing) {
          this.#file.failSync(sync);
          reject(syncError(this.path));
        } else {
          this.#file.completeSync(sync);
          resolve();
        }
      });
    });
  }

  trustPageCache(): void {}

  close(): void {
    if (this.#isOpen) this.#owner.openFileCount -= 1;
    this.#isOpen = false;
  }

  #writePart(part: Uint8Array, position: number): void {
    const world = this.#world;
    const file = this.#file;
    const disk = this.#disk;
    const growth = Math.max(0, position + part.length - file.cache.length);
    const isFull =
      disk.usedBytes + growth > disk.capacityBytes ||
      world.strikes("diskFull", world.diskRandom, this.#owner, folderOf(this.path));
    const room = isFull ? world.diskRandom.below(Math.min(part.length, sectorBytes) + 1) : 0;
    const written =
      isFull && disk.usedBytes + room > disk.capacityBytes ? 0 : isFull ? room : part.length;
    const bytes = written === part.length ? part : part.subarray(0, written);
    world.recordBytes("write", this.#owner.process, bytes);
    disk.usedBytes += Math.max(0, position + written - file.cache.length);
    file.write(bytes, position);
    if (!isFull) return;
    throw new FileSystemError(
      "DISK_FULL",
      this.path,
      "the disk is full; free some space, or move the data to a larger disk",
    );
  }

  #checkOpen(): void {
    this.#owner.checkAlive();
    invariant(this.#isOpen, "PLATFORM-2", this.path);
  }

  #checkWritable(): void {
    this.#checkOpen();
    if (this.#isWritable) return;
    throw new FileSystemError("READ_ONLY", this.path, "it was opened for reading only");
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

export function syncError(path: string): FileSystemError {
  return new FileSystemError(
    "INPUT_OUTPUT",
    path,
    "the device failed to sync; what was written may be lost; check the disk",
  );
}
