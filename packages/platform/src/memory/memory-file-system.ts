import { invariant } from "@millrace/model";
import { FileSystemError } from "../file-system-error.ts";
import {
  type DescriptorBounds,
  type FileHandle,
  type FileLock,
  type FileOpenMode,
  type FileStat,
  type FileSystem,
  noDescriptorBounds,
} from "../file-system.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import { alreadyThere, notEmpty, notFound, partsOf, wrongKind } from "./paths.ts";

interface MemoryFile {
  readonly kind: "file";
  readonly content: GrowingBytes;
}

interface MemoryDirectory {
  readonly kind: "directory";
  readonly entries: Map<string, MemoryNode>;
}

type MemoryNode = MemoryFile | MemoryDirectory;

/** Files that live as long as this object, and never fail. */
export class MemoryFileSystem implements FileSystem {
  readonly #root: MemoryDirectory = { kind: "directory", entries: new Map() };
  readonly #locks = new Map<string, string>();

  open(path: string, mode: FileOpenMode): FileHandle {
    const { directory, name } = this.#place(path);
    const found = directory.entries.get(name);
    if (found === undefined) {
      if (mode === "read" || mode === "readWrite") throw notFound(path);
      const file: MemoryFile = { kind: "file", content: new GrowingBytes() };
      directory.entries.set(name, file);
      return new MemoryFileHandle(path, file.content, true);
    }
    if (mode === "create") throw alreadyThere(path);
    if (found.kind === "directory") throw wrongKind(path, "file");
    return new MemoryFileHandle(path, found.content, mode !== "read");
  }

  makeDirectory(path: string): void {
    let directory = this.#root;
    for (const part of partsOf(path)) {
      let next = directory.entries.get(part);
      if (next === undefined) {
        next = { kind: "directory", entries: new Map() };
        directory.entries.set(part, next);
      }
      if (next.kind === "file") throw wrongKind(path, "directory");
      directory = next;
    }
  }

  list(path: string): readonly string[] {
    return [...this.#directory(path).entries.keys()].sort();
  }

  stat(path: string): FileStat | undefined {
    const node = this.#find(path);
    if (node === undefined) return undefined;
    return { kind: node.kind, sizeBytes: node.kind === "file" ? node.content.length : 0 };
  }

  rename(source: string, target: string): void {
    const from = this.#place(source);
    const node = from.directory.entries.get(from.name);
    if (node === undefined) throw notFound(source);
    const to = this.#place(target);
    const replaced = to.directory.entries.get(to.name);
    if (replaced === node) return;
    if (replaced?.kind === "directory") {
      if (node.kind === "file") throw wrongKind(target, "file");
      if (replaced.entries.size > 0) throw notEmpty(target);
    } else if (replaced !== undefined && node.kind === "directory") {
      throw wrongKind(target, "directory");
    }
    from.directory.entries.delete(from.name);
    to.directory.entries.set(to.name, node);
  }

  remove(path: string): void {
    const { directory, name } = this.#place(path);
    if (directory.entries.get(name)?.kind === "directory") throw wrongKind(path, "file");
    directory.entries.delete(name);
  }

  removeDirectory(path: string): void {
    const { directory, name } = this.#place(path);
    const node = directory.entries.get(name);
    if (node === undefined) return;
    if (node.kind === "file") throw wrongKind(path, "directory");
    if (node.entries.size > 0) throw notEmpty(path);
    directory.entries.delete(name);
  }

  async syncDirectory(path: string): Promise<void> {
    this.#directory(path);
  }

  async lock(path: string, note = ""): Promise<FileLock> {
    const key = partsOf(path).join("/");
    this.#place(path);
    const holder = this.#locks.get(key);
    if (holder !== undefined) {
      const told = holder === "" ? "" : ` (${holder})`;
      throw new FileSystemError("LOCKED", path, `another holder${told} lives; use another folder`);
    }
    this.#locks.set(key, note);
    let isHeld = true;
    return {
      setNote: (next) => {
        if (isHeld) this.#locks.set(key, next);
      },
      release: () => {
        if (isHeld) this.#locks.delete(key);
        isHeld = false;
      },
    };
  }

  readLockNote(path: string): string | undefined {
    return this.#locks.get(partsOf(path).join("/"));
  }

  freeBytes(): number {
    return Number.MAX_SAFE_INTEGER;
  }

  totalBytes(): number {
    return Number.MAX_SAFE_INTEGER;
  }

  absolutePath(path: string): string {
    return `/${partsOf(path).join("/")}`;
  }

  descriptors(): DescriptorBounds {
    return noDescriptorBounds;
  }

  #find(path: string): MemoryNode | undefined {
    let node: MemoryNode | undefined = this.#root;
    for (const part of partsOf(path)) {
      if (node?.kind !== "directory") return undefined;
      node = node.entries.get(part);
    }
    return node;
  }

  #directory(path: string): MemoryDirectory {
    const node = this.#find(path);
    if (node === undefined) throw notFound(path);
    if (node.kind === "file") throw wrongKind(path, "directory");
    return node;
  }

  #place(path: string): { readonly directory: MemoryDirectory; readonly name: string } {
    const parts = partsOf(path);
    const name = parts.at(-1);
    if (name === undefined) throw wrongKind(path, "file");
    return { directory: this.#directory(parts.slice(0, -1).join("/")), name };
  }
}

class MemoryFileHandle implements FileHandle {
  readonly path: string;
  readonly #content: GrowingBytes;
  readonly #isWritable: boolean;
  #isOpen = true;

  constructor(path: string, content: GrowingBytes, isWritable: boolean) {
    this.path = path;
    this.#content = content;
    this.#isWritable = isWritable;
  }

  sizeBytes(): number {
    this.#checkOpen();
    return this.#content.length;
  }

  read(target: Uint8Array, position: number): number {
    this.#checkOpen();
    return this.#content.read(target, position);
  }

  write(parts: readonly Uint8Array[], position: number): void {
    this.#checkWritable();
    let at = position;
    for (const part of parts) {
      if (part.length > 0) this.#content.write(part, at);
      at += part.length;
    }
  }

  truncate(sizeBytes: number): void {
    this.#checkWritable();
    this.#content.resize(sizeBytes);
  }

  datasync(): Promise<void> {
    this.#checkOpen();
    return Promise.resolve();
  }

  trustPageCache(): void {}

  close(): void {
    this.#isOpen = false;
  }

  #checkOpen(): void {
    invariant(this.#isOpen, "PLATFORM-2", this.path);
  }

  #checkWritable(): void {
    this.#checkOpen();
    if (this.#isWritable) return;
    throw new FileSystemError("READ_ONLY", this.path, "it was opened for reading only");
  }
}
