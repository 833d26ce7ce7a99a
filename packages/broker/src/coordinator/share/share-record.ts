import { shareSnapshotRecord, shareUpdateRecord } from "@millrace/protocol/definitions";
import { RecordKind } from "../coordinator-record.ts";

/** Kinds of records of `__share_group_state`. */
export const snapshotKind = new RecordKind(shareSnapshotRecord, 0);
export const updateKind = new RecordKind(shareUpdateRecord, 0);
