import type { RecordReplay } from "../../coordinator-record.ts";
import { forgetGroup, type GroupWorld } from "../group-world.ts";
import { partitionSets } from "../partition-sets.ts";
import { replayedGroup, replayTarget, replayTargetMetadata } from "../replay-group.ts";
import { ShareGroup } from "./share-group.ts";
import { newShareMember, noPartitions, type ShareMember } from "./share-member.ts";
import {
  currentKind,
  memberKind,
  metadataKind,
  statePartitionsKind,
  targetKind,
  targetMetadataKind,
} from "./share-record.ts";
import type { TopicPartitions } from "./share-records.ts";
import { noStatePartitions, type StateTopic } from "./state-partitions.ts";

/** A group is there from its first record to the tombstone of its epoch. */
export const shareReplays: readonly RecordReplay<GroupWorld>[] = [
  metadataKind.replayedBy((world: GroupWorld, { groupId }, value) => {
    const group = groupFor(world, groupId, value);
    if (value === null) {
      if (group !== undefined) forgetGroup(world, groupId);
    } else if (group !== undefined) {
      group.groupEpoch = value.epoch;
      group.metadataHash = value.metadataHash;
    }
  }),
  targetMetadataKind.replayedBy((world: GroupWorld, { groupId }, value) => {
    replayTargetMetadata(groupFor(world, groupId, value), value);
  }),
  targetKind.replayedBy((world: GroupWorld, { groupId, memberId }, value) => {
    const target = value && partitionSets(value.topicPartitions);
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
    group.setMember({
      ...member,
      memberEpoch: value?.memberEpoch ?? -1,
      previousMemberEpoch: value?.previousMemberEpoch ?? -1,
      assigned: value === null ? noPartitions : partitionSets(value.assignedPartitions),
    });
  }),
  statePartitionsKind.replayedBy((world: GroupWorld, { groupId }, value) => {
    const group = groupFor(world, groupId, value);
    if (group === undefined) return;
    const sinceMs = world.clock.wallMs();
    group.state =
      value === null
        ? noStatePartitions
        : {
            initializing: stateTopics(value.initializingTopics, sinceMs),
            initialized: stateTopics(value.initializedTopics, sinceMs),
            deleting: new Set(value.deletingTopics.map(({ topicId }) => topicId)),
          };
  }),
];

function groupFor(world: GroupWorld, groupId: string, value: unknown): ShareGroup | undefined {
  return replayedGroup(world, ShareGroup, groupId, value);
}

function memberOf(group: ShareGroup, memberId: string): ShareMember {
  return group.members.get(memberId) ?? newShareMember(memberId);
}

function stateTopics(
  list: readonly (TopicPartitions & { readonly topicName: string })[],
  sinceMs: number,
): ReadonlyMap<string, StateTopic> {
  return new Map(
    list.map(({ topicId, topicName, partitions }) => [
      topicId,
      { topicName, partitions: new Set(partitions), sinceMs },
    ]),
  );
}
