import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { memberTombstones as tombstonesOf } from "../member-tombstones.ts";
import { byNumber, byText, type PartitionSets } from "../partition-sets.ts";
import { type ShareMember, stableState } from "./share-member.ts";
import {
  currentKind,
  memberKind,
  metadataKind,
  statePartitionsKind,
  targetKind,
  targetMetadataKind,
} from "./share-record.ts";

export interface TopicPartitions {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

/** As messages and records have them, in order. */
export function topicPartitions(sets: PartitionSets): TopicPartitions[] {
  return [...sets.keys()].toSorted(byText).map((topicId) => ({
    topicId,
    partitions: [...(sets.get(topicId) ?? [])].toSorted(byNumber),
  }));
}

export function epochRecord(
  groupId: string,
  epoch: number,
  metadataHash: number,
): CoordinatorRecord {
  return metadataKind.record({ groupId }, { epoch, metadataHash });
}

export function memberRecord(
  groupId: string,
  { memberId, metadata }: ShareMember,
): CoordinatorRecord {
  return memberKind.record({ groupId, memberId }, metadata);
}

export function targetRecord(
  groupId: string,
  memberId: string,
  target: PartitionSets,
): CoordinatorRecord {
  return targetKind.record({ groupId, memberId }, { topicPartitions: topicPartitions(target) });
}

export function targetMetadataRecord(
  groupId: string,
  assignmentEpoch: number,
  assignmentTimestamp: number,
): CoordinatorRecord {
  return targetMetadataKind.record({ groupId }, { assignmentEpoch, assignmentTimestamp });
}

export function currentRecord(groupId: string, member: ShareMember): CoordinatorRecord {
  const { memberId, memberEpoch, previousMemberEpoch, assigned } = member;
  return currentKind.record(
    { groupId, memberId },
    {
      memberEpoch,
      previousMemberEpoch,
      state: stableState,
      assignedPartitions: topicPartitions(assigned),
    },
  );
}

/** All that the log has of a member is forgotten. */
export function memberTombstones(groupId: string, memberId: string): CoordinatorRecord[] {
  return tombstonesOf({ currentKind, targetKind, memberKind }, groupId, memberId);
}

/** All that the log has of an empty group is forgotten. */
export function groupTombstones(groupId: string): CoordinatorRecord[] {
  const key = { groupId };
  return [
    targetMetadataKind.record(key, null),
    statePartitionsKind.record(key, null),
    metadataKind.record(key, null),
  ];
}
