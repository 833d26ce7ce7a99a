import { FileSystemError } from "../file-system-error.ts";
import { openFilesLimit } from "./open-files-limit.ts";

/** Of what a process may open, the share that files get; the rest is for sockets, and for other users of files. */
const filesShare = 0.3;
/** How much of that again what makes bytes durable may take beyond: it is what gives descriptors free. */
const excessShare = 1;
const openFilesMin = 16;
/** Files that are synced at once to make room. */
const reliefCount = 8;

/** What a pool has to know of a file. */
export interface PooledFile {
  readonly path: string;
  /** The larger, the later. */
  readonly lastUse: number;
  readonly hasDescriptor: boolean;
  /** Closing its descriptor for a while loses nothing: all bytes are on the device, and its name leads to it. */
  readonly isEvictable: boolean;
  /** A sync would make it evictable. */
  readonly isSyncable: boolean;
  evict(): void;
  /** Its name is going to lead elsewhere: its descriptor must stay. */
  keepOpen(): void;
  datasync(): Promise<void>;
}

/**
 * Lets more files be open than the process may have descriptors: the one that was not used for longest gives its own
 * up, and opens it again when it is used. Files with bytes that are not synced keep theirs, since a device that fails
 * to write them tells so to that descriptor alone. Where all have such bytes, there is an error at once, and some are
 * synced, so that there is room the next time.
 */
export class DescriptorPool {
  readonly #openMax: number;
  readonly #files = new Map<string, Set<PooledFile>>();
  readonly #waiting: (() => void)[] = [];
  #openCount = 0;
  #uses = 0;

  constructor(openMax = Math.max(openFilesMin, Math.floor(openFilesLimit() * filesShare))) {
    this.#openMax = openMax;
  }

  /** Descriptors that are open. */
  get openCount(): number {
    return this.#openCount;
  }

  nextUse(): number {
    return ++this.#uses;
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
    if (this.#openCount >= this.#openMax && !this.#evictOldest()) this.#refuse(path);
    return this.#open(open);
  }

  /** The same for what is open for a moment, or has to be synced: refused only where nothing else helps. */
  openBriefly(path: string, open: () => number): number {
    if (this.#openCount >= this.#openMax && !this.#evictOldest())
      if (this.#openCount >= this.#openMax * (1 + excessShare)) this.#refuse(path);
    return this.#open(open);
  }

  *#withDescriptor(): Generator<PooledFile> {
    for (const files of this.#files.values())
      for (const file of files) if (file.hasDescriptor) yield file;
  }

  /** Takes the room once there is some, which syncs make: of many that wait for it, each looks anew. */
  async takeRoom(take: () => void): Promise<void> {
    while (this.#openCount >= this.#openMax && !this.#evictOldest()) {
      this.#relieve();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    take();
  }

  /** A file was closed, or has all its bytes on the device. */
  changed(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  closed(): void {
    this.#openCount--;
    this.changed();
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

  #evictOldest(): boolean {
    let oldest: PooledFile | undefined;
    for (const file of this.#withDescriptor())
      if (file.isEvictable && (oldest === undefined || file.lastUse < oldest.lastUse))
        oldest = file;
    oldest?.evict();
    return oldest !== undefined;
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
    const syncable = [...this.#withDescriptor()].filter(({ isSyncable }) => isSyncable);
    syncable.sort((left, right) => left.lastUse - right.lastUse);
    // Who uses such a file next is told if its sync fails.
    for (const file of syncable.slice(0, reliefCount)) file.datasync().catch(() => {});
  }
}
