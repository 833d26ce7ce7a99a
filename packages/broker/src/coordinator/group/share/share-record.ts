import {
  shareGroupCurrentMemberAssignmentRecord,
  shareGroupMemberMetadataRecord,
  shareGroupMetadataRecord,
  shareGroupStatePartitionMetadataRecord,
  shareGroupTargetAssignmentMemberRecord,
  shareGroupTargetAssignmentMetadataRecord,
} from "@millrace/protocol/definitions";
import { RecordKind } from "../../coordinator-record.ts";

/* Kinds of records of a share group in `__consumer_offsets`. */

export const metadataKind = new RecordKind(shareGroupMetadataRecord, 0);
export const memberKind = new RecordKind(shareGroupMemberMetadataRecord, 0);
export const targetMetadataKind = new RecordKind(shareGroupTargetAssignmentMetadataRecord, 0);
export const targetKind = new RecordKind(shareGroupTargetAssignmentMemberRecord, 0);
export const currentKind = new RecordKind(shareGroupCurrentMemberAssignmentRecord, 0);
export const statePartitionsKind = new RecordKind(shareGroupStatePartitionMetadataRecord, 0);
