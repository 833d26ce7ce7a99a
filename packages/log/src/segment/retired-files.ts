import type { FileSystem } from "@millrace/platform";

/** Files that upkeep took out of the way, until their time has come (`file.delete.delay.ms`). */
export class RetiredFiles {
  readonly #fileSystem: FileSystem;
  /** In the order in which they were taken away. */
  #files: { readonly path: string; readonly dueMs: number }[] = [];

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  /** `dueMs` is of the monotonic clock. */
  add(paths: readonly string[], dueMs: number): void {
    for (const path of paths) this.#files.push({ path, dueMs });
  }

  /** Removes those whose time has come. */
  removeDue(nowMs: number): void {
    const due = this.#files.filter((file) => file.dueMs <= nowMs);
    this.#files = this.#files.filter((file) => file.dueMs > nowMs);
    for (const { path } of due) this.#fileSystem.remove(path);
  }

  removeAll(): void {
    this.removeDue(Number.POSITIVE_INFINITY);
  }
}
