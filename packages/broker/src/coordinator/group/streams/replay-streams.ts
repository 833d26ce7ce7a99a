import type { StreamsGroupCurrentMemberAssignmentValue } from "@millrace/protocol/definitions";
import { StreamsGroup } from "./streams-group.ts";
import { newMember, type StreamsMember } from "./streams-member.ts";
import type { StreamsRecord } from "./streams-record.ts";
import {
  type AssignedTasks,
  type EpochTasks,
  noAssignedTasks,
  taskSet,
  type TaskIds,
} from "./tasks.ts";
import type { Topology } from "./topology.ts";

/** Folds a record in; a group is there from its first record to the tombstone of its epoch. */
export function replayStreams(groups: Map<string, StreamsGroup>, record: StreamsRecord): void {
  const known = groups.get(record.groupId);
  if (known === undefined && record.value === null) return;
  const group = known ?? new StreamsGroup(record.groupId);
  groups.set(record.groupId, group);
  group.described = group.configured;
  switch (record.part) {
    case "metadata":
      if (record.value === null) groups.delete(record.groupId);
      else {
        group.groupEpoch = record.value.epoch;
        group.metadataHash = record.value.metadataHash;
        group.validatedTopologyEpoch = record.value.validatedTopologyEpoch ?? -1;
        const configs = record.value.lastAssignmentConfigs ?? [];
        group.standbyReplicas = configs.find(({ key }) => key === standbyConfig)?.value;
      }
      return;
    case "targetMetadata":
      group.assignmentEpoch = record.value?.assignmentEpoch ?? -1;
      group.assignmentTimestamp = record.value?.assignmentTimestamp ?? 0;
      return;
    case "topology":
      group.topology = record.value === null ? undefined : (record.value as Topology);
      return;
    case "target":
      if (record.value === null) group.targets.delete(record.memberId);
      else
        group.targets.set(record.memberId, {
          active: taskSet(record.value.activeTasks),
          standby: taskSet(record.value.standbyTasks),
          warmup: taskSet(record.value.warmupTasks),
        });
      return;
    case "member":
      if (record.value === null) group.removeMember(record.memberId);
      else {
        const { rebalanceTimeoutMs = -1, userEndpoint = null } = record.value;
        const metadata = { ...record.value, rebalanceTimeoutMs, userEndpoint };
        group.setMember({ ...memberOf(group, record.memberId), metadata });
      }
      return;
    case "current": {
      const member = memberOf(group, record.memberId);
      if (record.value !== null)
        group.setMember(assigned(member, record.value as StreamsGroupCurrentMemberAssignmentValue));
      else if (group.members.has(record.memberId))
        group.setMember({
          ...member,
          memberEpoch: -1,
          previousMemberEpoch: -1,
          assigned: noAssignedTasks,
          revoking: noAssignedTasks,
        });
    }
  }
}

/** Kafka's name for the one config that assignments hang on. */
export const standbyConfig = "num.standby.replicas";

function memberOf(group: StreamsGroup, memberId: string): StreamsMember {
  return group.members.get(memberId) ?? newMember(memberId);
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
): EpochTasks {
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
