import type { StreamsGroupCurrentMemberAssignmentValue } from "@millrace/protocol/definitions";
import type { RecordReplay } from "../../coordinator-record.ts";
import { forgetGroup, type GroupWorld } from "../group-world.ts";
import { StreamsGroup, streamsGroup } from "./streams-group.ts";
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
import type { PartitionEpochs } from "../partition-sets.ts";
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
    const group = groupFor(world, groupId, value);
    if (group === undefined) return;
    group.assignmentEpoch = value?.assignmentEpoch ?? -1;
    group.assignmentTimestamp = value?.assignmentTimestamp ?? 0;
  }),
  topologyKind.replayedBy((world: GroupWorld, { groupId }, value) => {
    const group = groupFor(world, groupId, value);
    if (group !== undefined) group.topology = value ?? undefined;
  }),
  targetKind.replayedBy((world: GroupWorld, { groupId, memberId }, value) => {
    const group = groupFor(world, groupId, value);
    if (value === null) group?.targets.delete(memberId);
    else
      group?.targets.set(memberId, {
        active: taskSet(value.activeTasks),
        standby: taskSet(value.standbyTasks),
        warmup: taskSet(value.warmupTasks),
      });
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

/** Made by its first record; who only has offsets becomes a streams group so. */
function groupFor(world: GroupWorld, groupId: string, value: unknown): StreamsGroup | undefined {
  const known = streamsGroup(world, groupId);
  if (known === undefined && value === null) return undefined;
  const group = known ?? new StreamsGroup(groupId);
  world.groups.set(groupId, group);
  group.described = group.configured;
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

/** Records before Kafka 4.3 have no epochs: the member's stands for them. */
function epochTasks(
  list: readonly (TaskIds & { readonly assignmentEpochs?: readonly number[] | null })[],
  memberEpoch: number,
): PartitionEpochs {
  return new Map(
    list.map(({ subtopologyId, partitions, assignmentEpochs }) => [
      subtopologyId,
      new Map(
        partitions.map((partition, index) => [
          partition,
          assignmentEpochs?.length === partitions.length ? assignmentEpochs[index] : memberEpoch,
        ]),
      ),
    ]),
  );
}
