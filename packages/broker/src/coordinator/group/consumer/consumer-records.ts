import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { memberTombstones as tombstonesOf } from "../member-tombstones.ts";
import { byText, type PartitionEpochs, type PartitionSets } from "../partition-sets.ts";
import type { ConsumerMember } from "./consumer-member.ts";
import {
  currentKind,
  memberKind,
  metadataKind,
  patternKind,
  targetKind,
  targetMetadataKind,
} from "./consumer-record.ts";

/** The group's next epoch, and the topics that it was made for. */
export function epochRecord(
  groupId: string,
  epoch: number,
  metadataHash: number,
): CoordinatorRecord {
  return metadataKind.record({ groupId }, { epoch, metadataHash });
}

export function memberRecord(
  groupId: string,
  { memberId, metadata }: ConsumerMember,
): CoordinatorRecord {
  return memberKind.record({ groupId, memberId }, metadata);
}

export function targetRecord(
  groupId: string,
  memberId: string,
  target: PartitionSets,
): CoordinatorRecord {
  const topicPartitions = [...target].map(([topicId, partitions]) => ({
    topicId,
    partitions: [...partitions],
  }));
  return targetKind.record({ groupId, memberId }, { topicPartitions });
}

export function currentRecord(groupId: string, member: ConsumerMember): CoordinatorRecord {
  const { memberId, memberEpoch, previousMemberEpoch, state } = member;
  return currentKind.record(
    { groupId, memberId },
    {
      memberEpoch,
      previousMemberEpoch,
      state,
      assignedPartitions: withEpochs(member.assigned),
      partitionsPendingRevocation: withEpochs(member.revoking),
    },
  );
}

/** The topics that a pattern has matched, as of an offset of the metadata. */
export interface ResolvedPattern {
  readonly topics: ReadonlySet<string>;
  readonly version: number;
  readonly timestamp: number;
}

/** Null: nobody is subscribed to it any more. */
export function patternRecord(
  groupId: string,
  regularExpression: string,
  resolved: ResolvedPattern | null,
): CoordinatorRecord {
  const value = resolved && { ...resolved, topics: [...resolved.topics].toSorted(byText) };
  return patternKind.record({ groupId, regularExpression }, value);
}

/** All that the log has of a member is forgotten. */
export function memberTombstones(groupId: string, memberId: string): CoordinatorRecord[] {
  return tombstonesOf({ currentKind, targetKind, memberKind }, groupId, memberId);
}

/** All that the log has of a group, its members apart, is forgotten. */
export function groupTombstones(groupId: string, patterns: Iterable<string>): CoordinatorRecord[] {
  return [
    targetMetadataKind.record({ groupId }, null),
    ...[...patterns].map((pattern) => patternRecord(groupId, pattern, null)),
    metadataKind.record({ groupId }, null),
  ];
}

function withEpochs(partitions: PartitionEpochs) {
  return [...partitions].map(([topicId, epochs]) => ({
    topicId,
    partitions: [...epochs.keys()],
    assignmentEpochs: [...epochs.values()],
  }));
}
