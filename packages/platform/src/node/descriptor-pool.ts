import { FileSystemError } from "../file-system-error.ts";
import { type DescriptorBounds, noDescriptorBounds } from "../file-system.ts";
import { openFilesLimit } from "./open-files-limit.ts";

/** Of what a process may open, the share that files get; as much again is theirs while bytes are made durable. */
const filesShare = 0.3;
/** How much of that again what makes bytes durable may take beyond: it is what gives descriptors free. */
const excessShare = 1;
const openFilesMin = 16;
/** What Node has open by itself, folders that are synced or listed, and the listener. */
const ownCount = 32;
/** Files that are synced at once to make room. */
const reliefCount = 8;

/** What a pool has to know of a file. */
export interface PooledFile {
  readonly path: string;
  /** Since the pool has last looked for one that can do without its descriptor. */
  wasUsed: boolean;
  /** It has a descriptor; closing that for a while loses nothing that counts, and its name leads to it. */
  readonly isEvictable: boolean;
  /** It has a descriptor, and a sync would make it evictable. */
  readonly isSyncable: boolean;
  evict(): void;
  /** Its name is going to lead elsewhere: its descriptor must stay. */
  keepOpen(): void;
  datasync(): Promise<void>;
}

/**
 * Lets more files be open than the process may have descriptors: one that was not used for long gives its own up, and
 * opens it again when it is used. (The clock algorithm: what was used gets a second chance, so that a use costs a flag.)
 * Files with bytes that are not synced keep theirs, since a device that fails to write them tells so to that descriptor
 * alone, unless their owner trusts the page cache. Where all have such bytes, there is an error at once, and some are
 * synced, so that there is room the next time.
 */
export class DescriptorPool {
  readonly #openMax: number;
  readonly #limit: number;
  readonly #files = new Map<string, Set<PooledFile>>();
  /** Files that can give up their descriptor, in the order of the clock. */
  readonly #evictable = new Set<PooledFile>();
  /** Files that could, were they synced. */
  readonly #syncable = new Set<PooledFile>();
  /** Syncs that wait for a descriptor, in turn. */
  readonly #waiting = new Set<() => void>();
  #openCount = 0;

  constructor(openMax?: number, limit = openFilesLimit()) {
    this.#openMax = openMax ?? Math.max(openFilesMin, Math.floor(limit * filesShare));
    this.#limit = limit;
  }

  get bounds(): DescriptorBounds {
    if (!Number.isFinite(this.#limit)) return noDescriptorBounds;
    const connections = this.#limit - this.#openMax * (1 + excessShare) - ownCount;
    return { all: this.#limit, connections: Math.max(0, Math.floor(connections)) };
  }

  add(file: PooledFile): void {
    const files = this.#files.get(file.path);
    if (files === undefined) this.#files.set(file.path, new Set([file]));
    else files.add(file);
  }

  remove(file: PooledFile): void {
    const files = this.#files.get(file.path);
    files?.delete(file);
    if (files?.size === 0) this.#files.delete(file.path);
  }

  /** Opens a descriptor, once there is room for it. */
  open(path: string, open: () => number): number {
    if (!this.#makeRoom()) this.#refuse(path);
    return this.#open(open);
  }

  /** The same for what is open for a moment, or has to be synced: refused only where nothing else helps. */
  openBriefly(path: string, open: () => number): number {
    if (!this.#makeRoom() && this.#openCount >= this.#openMax * (1 + excessShare))
      this.#refuse(path);
    return this.#open(open);
  }

  /** Takes the room once there is some, which syncs make: of many that wait for it, each looks anew. */
  async takeRoom(take: () => void): Promise<void> {
    while (!this.#makeRoom()) {
      this.#relieve();
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
    try {
      take();
    } finally {
      // It may not have needed it, or could not use it.
      this.#wakeNext();
    }
  }

  /** It got a descriptor, or whether it can give that up is not as before. */
  changed(file: PooledFile): void {
    if (file.isSyncable) this.#syncable.add(file);
    else this.#syncable.delete(file);
    if (file.isEvictable) {
      this.#evictable.add(file);
      this.#wakeNext();
    } else this.#evictable.delete(file);
  }

  /** Its descriptor is closed. */
  closed(file: PooledFile): void {
    this.#openCount--;
    this.changed(file);
    this.#wakeNext();
  }

  /** The file at a path is going to be removed, or to have another name. */
  leaves(path: string): void {
    for (const file of this.#files.get(path) ?? []) file.keepOpen();
  }

  /** So are all in a folder. */
  folderLeaves(folder: string): void {
    for (const [path, files] of this.#files)
      if (path.startsWith(`${folder}/`)) for (const file of files) file.keepOpen();
  }

  #open(open: () => number): number {
    const descriptor = open();
    this.#openCount++;
    return descriptor;
  }

  #makeRoom(): boolean {
    if (this.#openCount < this.#openMax) return true;
    for (const file of this.#evictable) {
      if (!file.wasUsed) {
        file.evict();
        return true;
      }
      file.wasUsed = false;
      this.#evictable.delete(file);
      this.#evictable.add(file);
    }
    return false;
  }

  #wakeNext(): void {
    const [wake] = this.#waiting;
    if (wake === undefined) return;
    this.#waiting.delete(wake);
    wake();
  }

  #refuse(path: string): never {
    this.#relieve();
    throw new FileSystemError(
      "TOO_MANY_OPEN_FILES",
      path,
      `${this.#openCount} files are open with bytes that are not synced yet, and no more may be; try again, or raise \`ulimit -n\``,
    );
  }

  #relieve(): void {
    let count = 0;
    for (const file of this.#syncable) {
      if (count++ === reliefCount) return;
      // Who uses such a file next is told if its sync fails.
      file.datasync().catch(() => {});
    }
  }
}
