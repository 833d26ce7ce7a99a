import { groupMetadataRecord } from "@millrace/protocol/definitions";
import { RecordKind, type CoordinatorRecord } from "../../coordinator-record.ts";

/** A group as of a generation (Kafka: `GroupMetadataValue`). */
export interface GroupSnapshot {
  readonly protocolType: string;
  readonly generation: number;
  readonly protocol: string | null;
  readonly leader: string | null;
  readonly currentStateTimestamp: number;
  readonly members: readonly MemberSnapshot[];
}

export interface MemberSnapshot {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeout: number;
  readonly sessionTimeout: number;
  readonly subscription: Uint8Array;
  readonly assignment: Uint8Array;
}

const valueVersion = 3;

export const groupKind = new RecordKind(groupMetadataRecord, valueVersion);

/** Null forgets the group. */
export function groupRecord(groupId: string, snapshot: GroupSnapshot | null): CoordinatorRecord {
  return groupKind.record({ group: groupId }, snapshot);
}
