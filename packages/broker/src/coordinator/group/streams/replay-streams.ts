import type { StreamsGroupCurrentMemberAssignmentValue } from "@millrace/protocol/definitions";
import type { RecordReplay } from "../../coordinator-record.ts";
import { forgetGroup, type GroupWorld } from "../group-world.ts";
import { epochsOfRecord, type PartitionEpochs } from "../partition-sets.ts";
import { replayedGroup, replayTarget, replayTargetMetadata } from "../replay-group.ts";
import { StreamsGroup } from "./streams-group.ts";
import { newMember, type StreamsMember } from "./streams-member.ts";
import {
  currentKind,
  memberKind,
  metadataKind,
  targetKind,
  targetMetadataKind,
  topologyKind,
} from "./streams-record.ts";
import { standbyConfig } from "./streams-records.ts";
import { type AssignedTasks, noAssignedTasks, taskSet, type TaskIds } from "./tasks.ts";

/** A group is there from its first record to the tombstone of its epoch. */
export const streamsReplays: readonly RecordReplay<GroupWorld>[] = [
  metadataKind.replayedBy((world: GroupWorld, { groupId }, value) => {
    const group = groupFor(world, groupId, value);
    if (value === null) {
      if (group !== undefined) forgetGroup(world, groupId);
    } else if (group !== undefined) {
      group.groupEpoch = value.epoch;
      group.metadataHash = value.metadataHash;
      group.validatedTopologyEpoch = value.validatedTopologyEpoch;
      const configs = value.lastAssignmentConfigs ?? [];
      group.standbyReplicas = configs.find(({ key }) => key === standbyConfig)?.value;
    }
  }),
  targetMetadataKind.replayedBy((world: GroupWorld, { groupId }, value) => {
    replayTargetMetadata(groupFor(world, groupId, value), value);
  }),
  topologyKind.replayedBy((world: GroupWorld, { groupId }, value) => {
    const group = groupFor(world, groupId, value);
    if (group !== undefined) group.topology = value ?? undefined;
  }),
  targetKind.replayedBy((world: GroupWorld, { groupId, memberId }, value) => {
    const target = value && {
      active: taskSet(value.activeTasks),
      standby: taskSet(value.standbyTasks),
      warmup: taskSet(value.warmupTasks),
    };
    replayTarget(groupFor(world, groupId, value), memberId, target);
  }),
  memberKind.replayedBy((world: GroupWorld, { groupId, memberId }, metadata) => {
    const group = groupFor(world, groupId, metadata);
    if (metadata === null) group?.removeMember(memberId);
    else group?.setMember({ ...memberOf(group, memberId), metadata });
  }),
  currentKind.replayedBy((world: GroupWorld, { groupId, memberId }, value) => {
    const group = groupFor(world, groupId, value);
    if (group === undefined || (value === null && !group.members.has(memberId))) return;
    const member = memberOf(group, memberId);
    group.setMember(value === null ? unassigned(member) : assigned(member, value));
  }),
];

function groupFor(world: GroupWorld, groupId: string, value: unknown): StreamsGroup | undefined {
  const group = replayedGroup(world, StreamsGroup, groupId, value);
  if (group !== undefined) group.described = group.configured;
  return group;
}

function memberOf(group: StreamsGroup, memberId: string): StreamsMember {
  return group.members.get(memberId) ?? newMember(memberId);
}

function unassigned(member: StreamsMember): StreamsMember {
  return {
    ...member,
    memberEpoch: -1,
    previousMemberEpoch: -1,
    assigned: noAssignedTasks,
    revoking: noAssignedTasks,
  };
}

function assigned(
  member: StreamsMember,
  value: StreamsGroupCurrentMemberAssignmentValue,
): StreamsMember {
  const { memberEpoch, previousMemberEpoch, state } = value;
  const assignedTasks: AssignedTasks = {
    active: epochTasks(value.activeTasks, memberEpoch),
    standby: taskSet(value.standbyTasks),
    warmup: taskSet(value.warmupTasks),
  };
  const revoking: AssignedTasks = {
    active: epochTasks(value.activeTasksPendingRevocation, memberEpoch),
    standby: taskSet(value.standbyTasksPendingRevocation),
    warmup: taskSet(value.warmupTasksPendingRevocation),
  };
  return { ...member, memberEpoch, previousMemberEpoch, state, assigned: assignedTasks, revoking };
}

function epochTasks(
  list: readonly (TaskIds & { readonly assignmentEpochs?: readonly number[] | null })[],
  memberEpoch: number,
): PartitionEpochs {
  const byId = list.map(({ subtopologyId, ...tasks }) => ({ id: subtopologyId, ...tasks }));
  return epochsOfRecord(byId, memberEpoch);
}
