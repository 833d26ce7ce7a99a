import { invariant } from "@millrace/model";
import type { SnapshotStore } from "../contract/snapshot-store.ts";
import type { PinnedEngine, PinnedStore } from "../stores/pinned-engine.ts";
import { checksumOf } from "./block-checksum.ts";
import { RowBlock } from "./row-block.ts";
import {
  manifestFile,
  rowsFile,
  type SnapshotBlock,
  type SnapshotOfStore,
} from "./snapshot-manifest.ts";

const defaultBlockBytesMin = 2 * 2 ** 20;

export interface SnapshotWritingOptions {
  /** A block is closed once it has so much: it is in memory whole, here and where it is read. Default 2 MiB. */
  readonly blockBytesMin?: number;
  /** Asked after each row: what is awaited before the next one. */
  readonly giveWay?: () => Promise<void> | undefined;
  readonly signal?: AbortSignal;
}

/**
 * The files of a snapshot that is being written: rows in blocks, of one store each. What holds of all of it, its manifest, is
 * its caller's.
 */
export class SnapshotWriting {
  readonly stores: SnapshotOfStore[] = [];
  readonly #to: SnapshotStore;
  readonly #folder: string;
  readonly #options: SnapshotWritingOptions;
  readonly #blockBytesMin: number;
  readonly #block: RowBlock;
  #fileCount = 0;

  constructor(to: SnapshotStore, folder: string, options: SnapshotWritingOptions) {
    this.#to = to;
    this.#folder = folder;
    this.#options = options;
    this.#blockBytesMin = options.blockBytesMin ?? defaultBlockBytesMin;
    this.#block = new RowBlock(this.#blockBytesMin + 2 ** 16);
  }

  async copy(pinned: PinnedEngine): Promise<void> {
    const { signal, giveWay } = this.#options;
    const blocks = new Map<string, SnapshotBlock[]>();
    let store: PinnedStore | undefined;
    while (pinned.next()) {
      // Before anything is awaited: where the task is closed meanwhile the cursor has nothing left to show.
      const { store: shown, key, value } = pinned;
      if (shown !== store) {
        await this.#flush(store, blocks);
        store = shown;
      }
      if (store?.offset === undefined) continue;
      this.#block.add(key, value);
      if (this.#block.lengthBytes >= this.#blockBytesMin) await this.#flush(store, blocks);
      const wait = giveWay?.();
      if (wait !== undefined) await wait;
      signal?.throwIfAborted();
    }
    await this.#flush(store, blocks);
    for (const { name, offset, owner, layout, spanMs } of pinned.stores)
      // Below the first offset there is nothing.
      if (offset !== undefined && offset > 0 && owner !== undefined)
        this.stores.push({
          name,
          layout,
          spanMs,
          offset,
          ...owner,
          blocks: blocks.get(name) ?? [],
        });
  }

  /** The manifest first: it may be there although the place has told of an error. Whoever gave up is not kept waiting. */
  async remove(): Promise<void> {
    const files = [...Array(this.#fileCount).keys()].map(rowsFile);
    try {
      for (const file of files.length === 0 ? [] : [manifestFile, ...files])
        await this.#to.delete(`${this.#folder}${file}`, this.#options.signal);
    } catch {
      // Half a snapshot stays, which counts as none: what has ended the writing is what matters.
    }
  }

  async #flush(
    store: PinnedStore | undefined,
    blocks: Map<string, SnapshotBlock[]>,
  ): Promise<void> {
    const { rows } = this.#block;
    if (rows === 0) return;
    invariant(store !== undefined, "STATE-18", "rows of no store");
    const bytes = this.#block.take();
    const file = rowsFile(this.#fileCount++);
    await this.#to.put(`${this.#folder}${file}`, bytes, this.#options.signal);
    const block = { file, rows, lengthBytes: bytes.length, checksum: checksumOf(bytes) };
    blocks.set(store.name, [...(blocks.get(store.name) ?? []), block]);
  }
}
