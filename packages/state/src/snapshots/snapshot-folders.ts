import type { Clock, Random } from "@millrace/platform";
import type { SnapshotStore } from "../contract/snapshot-store.ts";
import { manifestFile, type SnapshotManifest } from "./snapshot-manifest.ts";

/** Whose snapshots. */
export type SnapshotOwner = Pick<SnapshotManifest, "application" | "task">;

/** Texts that sort as the times do at which they were made. */
export function newSnapshotId({
  clock,
  random,
}: {
  readonly clock: Clock;
  readonly random: Random;
}): string {
  const wallMs = String(clock.wallMs()).padStart(15, "0");
  return `${wallMs}-${random.nextUint32().toString(16).padStart(8, "0")}`;
}

export function taskFolder({ application, task }: SnapshotOwner): string {
  return `${application}/${task}/`;
}

export function snapshotFolder(one: SnapshotOwner & { readonly id: string }): string {
  return `${taskFolder(one)}${one.id}/`;
}

/** Of a task, newest first; some may be halves. */
export async function snapshotIds(
  store: SnapshotStore,
  owner: SnapshotOwner,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const names = await store.list(taskFolder(owner), signal);
  return names
    .filter((name) => name.endsWith("/"))
    .map((name) => name.slice(0, -1))
    .toSorted()
    .toReversed();
}

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
