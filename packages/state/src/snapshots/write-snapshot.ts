import { invariant } from "@millrace/model";
import type { Clock, Random } from "@millrace/platform";
import { SnapshotError } from "../contract/snapshot-error.ts";
import type { SnapshotStore } from "../contract/snapshot-store.ts";
import type { StoreEngine } from "../contract/store-engine.ts";
import { PinnedEngine, type PinnedStore } from "../stores/pinned-engine.ts";
import { checksumOf, RowBlock } from "./row-block.ts";
import { newSnapshotId, snapshotFolder } from "./snapshot-folders.ts";
import {
  encodeManifest,
  manifestFile,
  rowsFile,
  type SnapshotBlock,
  type SnapshotManifest,
  type SnapshotOfStore,
} from "./snapshot-manifest.ts";

const defaultBlockBytesMin = 2 * 2 ** 20;

export interface WriteSnapshotOptions extends Pick<SnapshotManifest, "application" | "task"> {
  readonly platform: { readonly clock: Clock; readonly random: Random };
  /** See `SnapshotManifest`. Default: now. */
  readonly asOfMs?: number;
  /** A block is closed once it has so much: it is in memory whole, here and where it is read. Default 2 MiB. */
  readonly blockBytesMin?: number;
  /** Asked after each row: what is awaited before the next one. */
  readonly giveWay?: () => Promise<void> | undefined;
  /** Whether a store of an engine is copied: an engine may hold what the program keeps elsewhere now. Default: all are. */
  readonly has?: (store: string, engine: StoreEngine) => boolean;
  readonly signal?: AbortSignal;
}

/** A snapshot that was written whole. */
export interface WrittenSnapshot {
  readonly task: string;
  /** Sorts by time. */
  readonly id: string;
  readonly rows: number;
  readonly lengthBytes: number;
}

/**
 * Copies what the engines of one task hold at this moment, which is what was committed last, while others go on writing
 * to them. What ends in the middle is not there: the manifest is written last. What an error ends is removed, as far as
 * the place lets it be.
 *
 * STATE-18: rows of a snapshot are those that its offsets cover, no more and no less.
 *
 * @throws SnapshotError `SNAPSHOT_STORE_FAILED`, `SNAPSHOT_NOT_TAKEN`: no store has an offset;
 *   StateError `STORE_CLOSED`: the task was closed meanwhile
 */
export async function writeSnapshot(
  engines: readonly StoreEngine[],
  to: SnapshotStore,
  options: WriteSnapshotOptions,
): Promise<WrittenSnapshot> {
  const { application, task, platform, signal } = options;
  const asOfMs = options.asOfMs ?? platform.clock.wallMs();
  // All at once: nothing is committed between them.
  const pinned = pinAll(engines, options.has);
  const id = newSnapshotId(platform);
  const folder = snapshotFolder({ application, task, id });
  const writing = new SnapshotWriting(to, folder, options);
  try {
    for (const one of pinned) await writing.copy(one);
    const stores = writing.stores;
    if (stores.length === 0)
      throw new SnapshotError(
        "SNAPSHOT_NOT_TAKEN",
        `task ${task} of ${application} has committed nothing that a changelog covers`,
      );
    const manifest = encodeManifest({ application, task, asOfMs, stores });
    await to.put(`${folder}${manifestFile}`, manifest, signal);
    const blocks = stores.flatMap((store) => store.blocks);
    return {
      task,
      id,
      rows: blocks.reduce((sum, { rows }) => sum + rows, 0),
      lengthBytes: blocks.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0),
    };
  } catch (error) {
    await writing.remove();
    throw error;
  } finally {
    for (const one of pinned) one[Symbol.dispose]();
  }
}

function pinAll(
  engines: readonly StoreEngine[],
  has: WriteSnapshotOptions["has"] = () => true,
): readonly PinnedEngine[] {
  const pinned: PinnedEngine[] = [];
  try {
    for (const engine of engines)
      pinned.push(new PinnedEngine(engine, (store) => has(store, engine)));
    const names = pinned.flatMap(({ stores }) => stores.map(({ name }) => name));
    invariant(new Set(names).size === names.length, "STATE-18", names);
    return pinned;
  } catch (error) {
    for (const one of pinned) one[Symbol.dispose]();
    throw error;
  }
}

class SnapshotWriting {
  readonly stores: SnapshotOfStore[] = [];
  readonly #to: SnapshotStore;
  readonly #folder: string;
  readonly #options: WriteSnapshotOptions;
  readonly #blockBytesMin: number;
  readonly #block: RowBlock;
  #fileCount = 0;

  constructor(to: SnapshotStore, folder: string, options: WriteSnapshotOptions) {
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
