import type { Offset } from "@millrace/model";
import type { StoreForm } from "../contract/task-stores.ts";

/** Rows of one store, in one file. */
export interface SnapshotBlock {
  /** Within the snapshot. */
  readonly file: string;
  readonly rows: number;
  readonly lengthBytes: number;
  readonly checksum: number;
}

export interface SnapshotOfStore extends StoreForm {
  readonly name: string;
  /** The store holds all changelog records below it. */
  readonly offset: Offset;
  /** Topic and partition, as readers call them. */
  readonly changelog: string;
  /** Empty: the client knew none. */
  readonly topicId: string;
  readonly blocks: readonly SnapshotBlock[];
}

/** What a snapshot of a task's stores is: written last, so that one without is half a snapshot, and none. */
export interface SnapshotManifest {
  readonly application: string;
  /** Such as `0_3`. */
  readonly task: string;
  /** By the wall clock: its offsets were the ends of the changelogs then, or later. */
  readonly asOfMs: number;
  readonly stores: readonly SnapshotOfStore[];
}

export const manifestFile = "manifest.json";

export function rowsFile(number: number): string {
  return `${String(number).padStart(6, "0")}.rows`;
}
