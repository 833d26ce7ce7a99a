import type { Decoded } from "@millrace/protocol";
import type { shareSnapshotRecord, shareUpdateRecord } from "@millrace/protocol/definitions";

/** All that is known of a partition's delivery to a share group. */
export type ShareState = Decoded<(typeof shareSnapshotRecord)["value"]>;
/** What has changed of it. */
export type ShareUpdate = Decoded<(typeof shareUpdateRecord)["value"]>;
/** Records next to each other of which the same is known. */
export type StateBatch = ShareState["stateBatches"][number];

/** No offset is known yet: the group's `share.auto.offset.reset` decides. */
export const uninitializedOffset = -1;
/** Nobody has counted what is done. */
export const uninitializedCount = -1;
