import {
  consumerGroupCurrentMemberAssignmentRecord,
  consumerGroupMemberMetadataRecord,
  consumerGroupMetadataRecord,
  consumerGroupRegularExpressionRecord,
  consumerGroupTargetAssignmentMemberRecord,
  consumerGroupTargetAssignmentMetadataRecord,
} from "@millrace/protocol/definitions";
import { RecordKind } from "../../coordinator-record.ts";

/* Kinds of records of a consumer group in `__consumer_offsets`. */

export const metadataKind = new RecordKind(consumerGroupMetadataRecord, 0);
export const memberKind = new RecordKind(consumerGroupMemberMetadataRecord, 0);
export const targetMetadataKind = new RecordKind(consumerGroupTargetAssignmentMetadataRecord, 0);
export const targetKind = new RecordKind(consumerGroupTargetAssignmentMemberRecord, 0);
export const currentKind = new RecordKind(consumerGroupCurrentMemberAssignmentRecord, 0);
export const patternKind = new RecordKind(consumerGroupRegularExpressionRecord, 0);
