import {
  closeSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  readSync,
  writeSync,
  writevSync,
} from "node:fs";
import { invariant } from "@millrace/model";
import type { FileHandle } from "../file-system.ts";
import { fileSystemError } from "./file-system-errors.ts";
import { withoutFirst } from "./without-first.ts";
import { FileSystemError } from "../file-system-error.ts";

/** An open file descriptor. */
export class NodeFileHandle implements FileHandle {
  readonly path: string;
  readonly #descriptor: number;
  readonly #isWritable: boolean;
  #isOpen = true;
  #syncsInFlight = 0;

  constructor(path: string, descriptor: number, isWritable: boolean) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#isWritable = isWritable;
  }

  sizeBytes(): number {
    this.#checkOpen();
    try {
      return fstatSync(this.#descriptor).size;
    } catch (cause) {
      throw fileSystemError(this.path, cause);
    }
  }

  read(target: Uint8Array, position: number): number {
    this.#checkOpen();
    let filled = 0;
    try {
      while (filled < target.length) {
        const count = readSync(
          this.#descriptor,
          target,
          filled,
          target.length - filled,
          position + filled,
        );
        if (count === 0) break;
        filled += count;
      }
    } catch (cause) {
      throw fileSystemError(this.path, cause);
    }
    return filled;
  }

  write(parts: readonly Uint8Array[], position: number): void {
    this.#checkWritable();
    try {
      if (parts.length === 1) this.#writeOne(parts[0], position);
      else this.#writeAll(parts, position);
    } catch (cause) {
      throw fileSystemError(this.path, cause);
    }
  }

  truncate(sizeBytes: number): void {
    this.#checkWritable();
    try {
      ftruncateSync(this.#descriptor, sizeBytes);
    } catch (cause) {
      throw fileSystemError(this.path, cause);
    }
  }

  datasync(): Promise<void> {
    this.#checkOpen();
    this.#syncsInFlight++;
    return new Promise((resolve, reject) => {
      fdatasync(this.#descriptor, (cause) => {
        this.#syncsInFlight--;
        this.#closeWhenIdle();
        if (cause) reject(fileSystemError(this.path, cause));
        else resolve();
      });
    });
  }

  /** The descriptor outlives syncs in flight: its number must not be reused under them. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#closeWhenIdle();
  }

  #closeWhenIdle(): void {
    if (!this.#isOpen && this.#syncsInFlight === 0) closeSync(this.#descriptor);
  }

  #checkOpen(): void {
    invariant(this.#isOpen, "PLATFORM-2", this.path);
  }

  #checkWritable(): void {
    this.#checkOpen();
    if (this.#isWritable) return;
    throw new FileSystemError("READ_ONLY", this.path, "it was opened for reading only");
  }

  #writeOne(part: Uint8Array, position: number): void {
    let written = 0;
    while (written < part.length)
      written += writeSync(
        this.#descriptor,
        part,
        written,
        part.length - written,
        position + written,
      );
  }

  /** After a short write the rest is tried again: the next try tells why. */
  #writeAll(parts: readonly Uint8Array[], position: number): void {
    let rest = parts.filter((part) => part.length > 0);
    let at = position;
    while (rest.length > 0) {
      const written = writevSync(this.#descriptor, rest, at);
      at += written;
      rest = withoutFirst(rest, written);
    }
  }
}
