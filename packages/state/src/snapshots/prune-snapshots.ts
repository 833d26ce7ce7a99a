import type { SnapshotStore } from "../contract/snapshot-store.ts";
import { snapshotFolder, snapshotIds, type SnapshotOwner } from "./snapshot-folders.ts";
import { manifestFile } from "./snapshot-manifest.ts";

/** The one before the newest may be being read, by an instance that starts. */
const wholeMin = 2;

/**
 * Removes the snapshots of a task but for the newest ones, and what is left of older ones that were not written whole.
 *
 * @param keep how many whole ones stay; two do whatever it is
 * @returns those that were removed
 */
export async function pruneSnapshots(
  store: SnapshotStore,
  {
    keep,
    signal,
    ...owner
  }: SnapshotOwner & { readonly keep: number; readonly signal?: AbortSignal },
): Promise<readonly string[]> {
  const removed: string[] = [];
  let whole = 0;
  for (const id of await snapshotIds(store, owner, signal)) {
    const folder = snapshotFolder({ ...owner, id });
    const files = await store.list(folder, signal);
    const isWhole = files.includes(manifestFile);
    if (whole >= Math.max(keep, wholeMin)) {
      // Without its manifest it is none: who ends in between leaves a half, for the next one.
      if (isWhole) await store.delete(`${folder}${manifestFile}`, signal);
      for (const file of files) await store.delete(`${folder}${file}`, signal);
      removed.push(id);
    }
    if (isWhole) whole += 1;
  }
  return removed;
}
