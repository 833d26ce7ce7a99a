import type { Clock, Random } from "@millrace/platform";
import type { SnapshotStore } from "../contract/snapshot-store.ts";
import type { SnapshotManifest } from "./snapshot-manifest.ts";

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
