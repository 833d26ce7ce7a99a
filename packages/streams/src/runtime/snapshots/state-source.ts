import type { SnapshotStore } from "@millrace/state";

/** Where tasks take their state from that have none here, or an old one. */
export interface StateSource {
  readonly from: SnapshotStore;
  /** A changelog may have forgotten deletions of before that. */
  readonly ageMsMax: number;
}
