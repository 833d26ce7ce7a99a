import type { Clock, Random } from "@millrace/platform";
import { SnapshotError } from "../contract/snapshot-error.ts";
import type { SnapshotStore } from "../contract/snapshot-store.ts";
import type { StoreEngine } from "../contract/store-engine.ts";
import { pinEngines } from "../stores/pin-engines.ts";
import { newSnapshotId, snapshotFolder } from "./snapshot-folders.ts";
import { encodeManifest } from "./manifest-bytes.ts";
import { manifestFile, type SnapshotManifest } from "./snapshot-manifest.ts";
import { SnapshotWriting, type SnapshotWritingOptions } from "./snapshot-writing.ts";

export interface WriteSnapshotOptions
  extends SnapshotWritingOptions, Pick<SnapshotManifest, "application" | "task"> {
  readonly platform: { readonly clock: Clock; readonly random: Random };
  /** See `SnapshotManifest`. Default: now. */
  readonly asOfMs?: number;
  /** Whether a store of an engine is copied: an engine may hold what the program keeps elsewhere now. Default: all are. */
  readonly has?: (store: string, engine: StoreEngine) => boolean;
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
  const pinned = pinEngines(engines, options.has);
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
