import type { FileHandle, FileSystem } from "@millrace/platform";
import { parentOf } from "../checkpoint/checkpoint-file.ts";
import type { LogSegment } from "./log-segment.ts";

/** What has been written and is not known to be on the device, so that one `sync` covers it all. */
export class DirtyFiles {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  readonly #segments = new Set<LogSegment>();
  #handles: FileHandle[] = [];
  #isDirectoryDirty = false;
  #syncParent: (() => Promise<void>) | undefined;

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
  }

  /** Nothing of the folder is known to be on the device. */
  get isNew(): boolean {
    return this.#syncParent !== undefined;
  }

  /** The folder is new: it gets its own entry with the next sync. */
  addFolder(syncParent = () => this.#fileSystem.syncDirectory(parentOf(this.#directory))): void {
    this.#syncParent = syncParent;
    this.#isDirectoryDirty = true;
  }

  addSegment(segment: LogSegment): void {
    this.#segments.add(segment);
  }

  /** The segment is gone: nothing of it must survive. */
  removeSegment(segment: LogSegment): void {
    this.#segments.delete(segment);
  }

  /** Takes over handles: closed once they are synced. */
  addHandles(handles: Iterable<FileHandle>): void {
    for (const handle of handles) this.#handles.push(handle);
  }

  addDirectory(): void {
    this.#isDirectoryDirty = true;
  }

  /** Everything added before is on the device once it resolves. After a rejection nothing may be trusted. */
  async sync(): Promise<void> {
    const segments = [...this.#segments];
    const handles = this.#handles;
    const isDirectoryDirty = this.#isDirectoryDirty;
    this.#segments.clear();
    this.#handles = [];
    this.#isDirectoryDirty = false;
    const pending: Promise<void>[] = [];
    for (const segment of segments) pending.push(segment.sync());
    for (const handle of handles) pending.push(handle.datasync());
    try {
      const results = await Promise.allSettled(pending);
      for (const result of results) if (result.status === "rejected") throw result.reason;
      if (isDirectoryDirty) await this.#fileSystem.syncDirectory(this.#directory);
      await this.#syncParent?.();
      this.#syncParent = undefined;
    } finally {
      for (const handle of handles) handle.close();
    }
  }

  closeHandles(): void {
    for (const handle of this.#handles) handle.close();
    this.#handles = [];
    this.#segments.clear();
  }
}
