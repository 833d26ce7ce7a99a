import {
  closeSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
  writevSync,
} from "node:fs";
import { invariant } from "@millrace/model";
import { FileSystemError } from "../file-system-error.ts";
import type { FileHandle } from "../file-system.ts";
import type { DescriptorPool, PooledFile } from "./descriptor-pool.ts";
import { fileSystemError } from "./file-system-errors.ts";
import { whenDescriptorsAreLeft } from "./when-descriptors-are-left.ts";
import { withoutFirst } from "./without-first.ts";

/** How a file is opened the first time, and again. */
export interface OpenFlags {
  readonly first: number;
  readonly again: number;
  readonly isWritable: boolean;
  /** Such a file is closed soon: it is read whole, or replaces another one. */
  readonly isBrief: boolean;
}

/**
 * An open file. Its descriptor belongs to the pool, which may take it back while all its bytes are on the device, or
 * its owner trusts the page cache.
 *
 *     open ──evicted──▶ without descriptor ──used──▶ open
 */
export class NodeFileHandle implements FileHandle, PooledFile {
  readonly path: string;
  readonly #pool: DescriptorPool;
  readonly #flags: OpenFlags;
  wasUsed = true;
  #descriptor: number | undefined;
  #isOpen = true;
  #isKept = false;
  #isPageCacheTrusted = false;
  #syncsInFlight = 0;
  #writes = 0;
  #syncedWrites = 0;
  #failure: FileSystemError | undefined;

  constructor(pool: DescriptorPool, path: string, flags: OpenFlags, mode: number) {
    this.path = path;
    this.#pool = pool;
    this.#flags = flags;
    const open = () => openSync(path, flags.first, mode);
    this.#descriptor = flags.isBrief ? pool.openBriefly(path, open) : pool.open(path, open);
    pool.add(this);
    pool.changed(this);
  }

  get isEvictable(): boolean {
    return this.#isIdle && this.#areBytesSafe;
  }

  get isSyncable(): boolean {
    return this.#isIdle && !this.#areBytesSafe;
  }

  get #isIdle(): boolean {
    return this.#descriptor !== undefined && !this.#isKept && this.#syncsInFlight === 0;
  }

  get #areBytesSafe(): boolean {
    return this.#isPageCacheTrusted || this.#writes === this.#syncedWrites;
  }

  isDirectory(): boolean {
    return fstatSync(this.#use()).isDirectory();
  }

  sizeBytes(): number {
    return this.#attempt((descriptor) => fstatSync(descriptor).size);
  }

  read(target: Uint8Array, position: number): number {
    return this.#attempt((descriptor) => {
      let filled = 0;
      while (filled < target.length) {
        const rest = target.length - filled;
        const count = readSync(descriptor, target, filled, rest, position + filled);
        if (count === 0) break;
        filled += count;
      }
      return filled;
    });
  }

  write(parts: readonly Uint8Array[], position: number): void {
    this.#beginWrite();
    this.#attempt((descriptor) => {
      if (parts.length === 1) writeOne(descriptor, parts[0], position);
      else writeAll(descriptor, parts, position);
    });
  }

  truncate(sizeBytes: number): void {
    this.#beginWrite();
    this.#attempt((descriptor) => ftruncateSync(descriptor, sizeBytes));
  }

  /** Waits for a descriptor, where it has none: a sync that was refused would be taken for one that failed. */
  async datasync(): Promise<void> {
    invariant(this.#isOpen, "PLATFORM-2", this.path);
    if (this.#failure !== undefined) throw this.#failure;
    const writes = this.#writes;
    this.#syncsInFlight++;
    this.#pool.changed(this);
    try {
      if (this.#descriptor === undefined)
        await whenDescriptorsAreLeft(() =>
          this.#pool.takeRoom(() => {
            if (this.#isOpen) this.#useAnyway();
          }),
        );
      if (this.#descriptor !== undefined) await this.#datasync(this.#descriptor, writes);
    } finally {
      this.#syncsInFlight--;
      if (this.#isOpen) this.#pool.changed(this);
      else this.#closeWhenIdle();
    }
  }

  #datasync(descriptor: number, writes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(descriptor, (cause) => {
        if (cause) this.#failure ??= fileSystemError(this.path, cause);
        else this.#syncedWrites = Math.max(this.#syncedWrites, writes);
        if (this.#failure === undefined) resolve();
        else reject(this.#failure);
      });
    });
  }

  /** The descriptor outlives syncs in flight: its number must not be reused under them. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#pool.remove(this);
    this.#closeWhenIdle();
  }

  evict(): void {
    this.#closeWhenIdle();
  }

  keepOpen(): void {
    this.#useAnyway();
    this.#isKept = true;
    this.#pool.changed(this);
  }

  trustPageCache(): void {
    this.#isPageCacheTrusted = true;
    this.#pool.changed(this);
  }

  #closeWhenIdle(): void {
    const descriptor = this.#descriptor;
    if (descriptor === undefined || this.#syncsInFlight > 0) return;
    this.#descriptor = undefined;
    closeSync(descriptor);
    this.#pool.closed(this);
  }

  #use(): number {
    invariant(this.#isOpen, "PLATFORM-2", this.path);
    this.wasUsed = true;
    if (this.#descriptor !== undefined) return this.#descriptor;
    if (this.#flags.isBrief) return this.#useAnyway();
    return this.#opened(this.#pool.open(this.path, () => this.#reopen()));
  }

  #useAnyway(): number {
    invariant(this.#isOpen, "PLATFORM-2", this.path);
    if (this.#descriptor !== undefined) return this.#descriptor;
    return this.#opened(this.#pool.openBriefly(this.path, () => this.#reopen()));
  }

  #opened(descriptor: number): number {
    this.#descriptor = descriptor;
    this.wasUsed = true;
    this.#pool.changed(this);
    return descriptor;
  }

  #reopen(): number {
    return this.#attemptOn(() => openSync(this.path, this.#flags.again));
  }

  #beginWrite(): void {
    invariant(this.#isOpen, "PLATFORM-2", this.path);
    if (!this.#flags.isWritable)
      throw new FileSystemError("READ_ONLY", this.path, "it was opened for reading only");
    if (this.#failure !== undefined) throw this.#failure;
    const wasSafe = this.#areBytesSafe;
    this.#writes++;
    if (wasSafe && !this.#areBytesSafe) this.#pool.changed(this);
  }

  #attempt<Result>(action: (descriptor: number) => Result): Result {
    const descriptor = this.#use();
    return this.#attemptOn(() => action(descriptor));
  }

  #attemptOn<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (cause) {
      throw fileSystemError(this.path, cause);
    }
  }
}

function writeOne(descriptor: number, part: Uint8Array, position: number): void {
  let written = 0;
  while (written < part.length) {
    const rest = part.length - written;
    written += writeSync(descriptor, part, written, rest, position + written);
  }
}

/** After a short write the rest is tried again: the next try tells why. */
function writeAll(descriptor: number, parts: readonly Uint8Array[], position: number): void {
  let rest = parts.filter((part) => part.length > 0);
  let at = position;
  while (rest.length > 0) {
    const written = writevSync(descriptor, rest, at);
    at += written;
    rest = withoutFirst(rest, written);
  }
}
