import type { FileSystem } from "@millrace/platform";
import { directorySnapshotStore, SnapshotError, type SnapshotStore } from "@millrace/state";

import type { SnapshotPlace } from "./snapshot-place.ts";
import { toldSnapshotStore } from "./told-snapshot-store.ts";

/** What places can be reached from here. */
export interface SnapshotPlaces {
  readonly platform: { readonly fileSystem: FileSystem };
  /** Opens places that are named by a URL; undefined: it knows none of that kind. */
  readonly openSnapshots?: (url: string) => SnapshotStore | undefined;
}

/** @throws SnapshotError `SNAPSHOT_STORE_UNKNOWN` */
export function openSnapshotStore(
  place: SnapshotPlace,
  { platform, openSnapshots }: SnapshotPlaces,
): SnapshotStore {
  if (typeof place !== "string") return toldSnapshotStore(place);
  if (!/^[a-z0-9]{2,}:\/\//.test(place)) return directorySnapshotStore(platform.fileSystem, place);
  const opened = openSnapshots?.(place);
  if (opened !== undefined) return opened;
  throw new SnapshotError(
    "SNAPSHOT_STORE_UNKNOWN",
    `${place} is no place for snapshots: give a directory, or s3://bucket/prefix`,
  );
}
