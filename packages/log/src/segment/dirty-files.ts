import type { FileHandle, FileSystem } from "@millrace/platform";
import { parentOf } from "../checkpoint/checkpoint-file.ts";
import type { LogSegment } from "./log-segment.ts";

/**
 * What has been written and is not known to be on the device, so that one `sync` covers it all. Its files keep their
 * descriptors until then, for an error of the device is told to those; unless no sync comes before the log's close.
 */
export class DirtyFiles {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  readonly #isSyncedSoon: boolean;
  readonly #segments = new Set<LogSegment>();
  readonly #handles = new Map<string, FileHandle>();
  #isDirectoryDirty = false;
  #syncParent: (() => Promise<void>) | undefined;

  constructor(fileSystem: FileSystem, directory: string, isSyncedSoon = true) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
    this.#isSyncedSoon = isSyncedSoon;
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
    if (!this.#isSyncedSoon) segment.handle.trustPageCache();
  }

  /** Removes the segment's files: nothing of them has to come to the device any more. */
  removeSegment(segment: LogSegment): void {
    this.#segments.delete(segment);
    for (const path of segment.paths) this.#forget(path);
    segment.remove();
  }

  /** Takes the segment's files out of the way; gives their paths. */
  retireSegment(segment: LogSegment): readonly string[] {
    this.#segments.delete(segment);
    for (const path of segment.paths) this.#forget(path);
    return segment.retire();
  }

  removeFile(path: string): void {
    this.#forget(path);
    this.#fileSystem.remove(path);
  }

  /** Takes over handles: closed once they are synced. */
  addHandles(handles: Iterable<FileHandle>): void {
    for (const handle of handles) {
      if (!this.#isSyncedSoon) handle.trustPageCache();
      // The one that was opened first is told of all that fails from then on.
      if (this.#handles.has(handle.path)) handle.close();
      else this.#handles.set(handle.path, handle);
    }
  }

  addDirectory(): void {
    this.#isDirectoryDirty = true;
  }

  /** Everything added before is on the device once it resolves. After a rejection nothing may be trusted. */
  async sync(): Promise<void> {
    const segments = [...this.#segments];
    const handles = [...this.#handles.values()];
    const isDirectoryDirty = this.#isDirectoryDirty;
    this.#segments.clear();
    this.#handles.clear();
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

  #forget(path: string): void {
    this.#handles.get(path)?.close();
    this.#handles.delete(path);
  }

  closeHandles(): void {
    for (const handle of this.#handles.values()) handle.close();
    this.#handles.clear();
    this.#segments.clear();
  }
}
