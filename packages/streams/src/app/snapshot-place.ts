import type { SnapshotStore } from "@millrace/state";

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
