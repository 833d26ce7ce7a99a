import {
  streamsGroupCurrentMemberAssignmentRecord,
  streamsGroupMemberMetadataRecord,
  streamsGroupMetadataRecord,
  streamsGroupTargetAssignmentMemberRecord,
  streamsGroupTargetAssignmentMetadataRecord,
  streamsGroupTopologyRecord,
} from "@millrace/protocol/definitions";
import { RecordKind } from "../../coordinator-record.ts";

/* Kinds of records of a streams group in `__consumer_offsets`. */

export const metadataKind = new RecordKind(streamsGroupMetadataRecord, 0);
export const topologyKind = new RecordKind(streamsGroupTopologyRecord, 0);
export const memberKind = new RecordKind(streamsGroupMemberMetadataRecord, 0);
export const targetMetadataKind = new RecordKind(streamsGroupTargetAssignmentMetadataRecord, 0);
export const targetKind = new RecordKind(streamsGroupTargetAssignmentMemberRecord, 0);
export const currentKind = new RecordKind(streamsGroupCurrentMemberAssignmentRecord, 0);
