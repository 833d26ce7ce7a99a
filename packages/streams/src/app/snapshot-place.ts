import type { FileSystem } from "@millrace/platform";
import { directorySnapshotStore, SnapshotError, type SnapshotStore } from "@millrace/state";

/** Where snapshots lie: a directory, `s3://bucket/prefix`, or a store of one's own. */
export type SnapshotPlace = string | SnapshotStore;

export const snapshotPlaceKind = {
  allowed: 'a directory, "s3://bucket/prefix", or a SnapshotStore',
  accepts: (given: unknown) =>
    typeof given === "string"
      ? given !== ""
      : typeof given === "object" &&
        given !== null &&
        ["put", "get", "list", "delete"].every(
          (name) => typeof Reflect.get(given, name) === "function",
        ),
};

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
  if (typeof place !== "string") return toldBy(place);
  if (!/^[a-z0-9]{2,}:\/\//.test(place)) return directorySnapshotStore(platform.fileSystem, place);
  const opened = openSnapshots?.(place);
  if (opened !== undefined) return opened;
  throw new SnapshotError(
    "SNAPSHOT_STORE_UNKNOWN",
    `${place} is no place for snapshots: give a directory, or s3://bucket/prefix`,
  );
}

/** A store of somebody else's: whatever it throws is its failure, and no reason to end. */
function toldBy(store: SnapshotStore): SnapshotStore {
  const told = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof SnapshotError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SnapshotError("SNAPSHOT_STORE_FAILED", `${store.place}: ${reason}`, cause);
    }
  };
  return {
    place: store.place,
    put: (...given) => told(() => store.put(...given)),
    get: (...given) => told(() => store.get(...given)),
    list: (...given) => told(() => store.list(...given)),
    delete: (...given) => told(() => store.delete(...given)),
  };
}
