import type { StreamsGroup } from "./streams-group.ts";
import type { StreamsMember } from "./streams-member.ts";
import { standbyConfig } from "./replay-streams.ts";
import type { StreamsRecord } from "./streams-record.ts";
import { byNumber, byText, type EpochTasks, taskIds, type Tasks } from "./tasks.ts";

/** The group's next epoch, and what it was made for. */
export function epochRecord(
  group: StreamsGroup,
  next: {
    readonly groupEpoch: number;
    readonly metadataHash: number;
    readonly validatedTopologyEpoch: number;
    readonly standbyReplicas: string | undefined;
  },
): StreamsRecord {
  const { groupEpoch, metadataHash, validatedTopologyEpoch, standbyReplicas } = next;
  const lastAssignmentConfigs =
    standbyReplicas === undefined ? [] : [{ key: standbyConfig, value: standbyReplicas }];
  return {
    kind: "streams",
    part: "metadata",
    groupId: group.groupId,
    value: { epoch: groupEpoch, metadataHash, validatedTopologyEpoch, lastAssignmentConfigs },
  };
}

export function memberRecord(groupId: string, member: StreamsMember): StreamsRecord {
  return {
    kind: "streams",
    part: "member",
    groupId,
    memberId: member.memberId,
    value: member.metadata,
  };
}

export function targetRecord(groupId: string, memberId: string, tasks: Tasks): StreamsRecord {
  return {
    kind: "streams",
    part: "target",
    groupId,
    memberId,
    value: {
      activeTasks: taskIds(tasks.active),
      standbyTasks: taskIds(tasks.standby),
      warmupTasks: taskIds(tasks.warmup),
    },
  };
}

export function currentRecord(groupId: string, member: StreamsMember): StreamsRecord {
  const { assigned, revoking, memberEpoch, previousMemberEpoch, state } = member;
  return {
    kind: "streams",
    part: "current",
    groupId,
    memberId: member.memberId,
    value: {
      memberEpoch,
      previousMemberEpoch,
      state,
      activeTasks: withEpochs(assigned.active),
      standbyTasks: taskIds(assigned.standby),
      warmupTasks: taskIds(assigned.warmup),
      activeTasksPendingRevocation: withEpochs(revoking.active),
      standbyTasksPendingRevocation: taskIds(revoking.standby),
      warmupTasksPendingRevocation: taskIds(revoking.warmup),
    },
  };
}

/** All that the log has of a member is forgotten. */
export function memberTombstones(groupId: string, memberId: string): StreamsRecord[] {
  const record = { kind: "streams", groupId, memberId, value: null } as const;
  return [
    { ...record, part: "current" },
    { ...record, part: "target" },
    { ...record, part: "member" },
  ];
}

/** All that the log has of an empty group is forgotten. */
export function groupTombstones(groupId: string): StreamsRecord[] {
  const record = { kind: "streams", groupId, value: null } as const;
  return [
    { ...record, part: "targetMetadata" },
    { ...record, part: "metadata" },
    { ...record, part: "topology" },
  ];
}

function withEpochs(tasks: EpochTasks) {
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
