import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { memberTombstones as tombstonesOf } from "../member-tombstones.ts";
import type { StreamsMember } from "./streams-member.ts";
import {
  currentKind,
  memberKind,
  metadataKind,
  targetKind,
  targetMetadataKind,
  topologyKind,
} from "./streams-record.ts";
import { byNumber, byText, type PartitionEpochs, type PartitionSets } from "../partition-sets.ts";
import { taskIds, type Tasks } from "./tasks.ts";

/** Kafka's name for the one config that assignments hang on. */
export const standbyConfig = "num.standby.replicas";

/** The group's next epoch, and what it was made for. */
export function epochRecord(
  groupId: string,
  next: {
    readonly groupEpoch: number;
    readonly metadataHash: number;
    readonly validatedTopologyEpoch: number;
    readonly standbyReplicas: string | undefined;
  },
): CoordinatorRecord {
  const { groupEpoch, metadataHash, validatedTopologyEpoch, standbyReplicas } = next;
  const lastAssignmentConfigs =
    standbyReplicas === undefined ? [] : [{ key: standbyConfig, value: standbyReplicas }];
  return metadataKind.record(
    { groupId },
    { epoch: groupEpoch, metadataHash, validatedTopologyEpoch, lastAssignmentConfigs },
  );
}

export function memberRecord(
  groupId: string,
  { memberId, metadata }: StreamsMember,
): CoordinatorRecord {
  return memberKind.record({ groupId, memberId }, metadata);
}

export function targetRecord(groupId: string, memberId: string, tasks: Tasks): CoordinatorRecord {
  return targetKind.record(
    { groupId, memberId },
    {
      activeTasks: taskIds(tasks.active),
      standbyTasks: taskIds(tasks.standby),
      warmupTasks: taskIds(tasks.warmup),
    },
  );
}

export function currentRecord(groupId: string, member: StreamsMember): CoordinatorRecord {
  const { memberId, assigned, revoking, memberEpoch, previousMemberEpoch, state } = member;
  return currentKind.record(
    { groupId, memberId },
    {
      memberEpoch,
      previousMemberEpoch,
      state,
      activeTasks: withEpochs(assigned.active),
      standbyTasks: withoutEpochs(assigned.standby),
      warmupTasks: withoutEpochs(assigned.warmup),
      activeTasksPendingRevocation: withEpochs(revoking.active),
      standbyTasksPendingRevocation: withoutEpochs(revoking.standby),
      warmupTasksPendingRevocation: withoutEpochs(revoking.warmup),
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
    metadataKind.record(key, null),
    topologyKind.record(key, null),
  ];
}

function withoutEpochs(tasks: PartitionSets) {
  return taskIds(tasks).map((ids) => ({ ...ids, assignmentEpochs: null }));
}

function withEpochs(tasks: PartitionEpochs) {
  return [...tasks]
    .toSorted(([left], [right]) => byText(left, right))
    .map(([subtopologyId, epochs]) => {
      const sorted = [...epochs].toSorted(([left], [right]) => byNumber(left, right));
      return {
        subtopologyId,
        partitions: sorted.map(([partition]) => partition),
        assignmentEpochs: sorted.map(([, epoch]) => epoch),
      };
    });
}
