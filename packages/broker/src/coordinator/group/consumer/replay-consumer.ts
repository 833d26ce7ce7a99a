import type { ConsumerGroupCurrentMemberAssignmentValue } from "@millrace/protocol/definitions";
import type { RecordReplay } from "../../coordinator-record.ts";
import { forgetGroup, type GroupWorld } from "../group-world.ts";
import { replayedSets } from "../java-order.ts";
import { epochsOfRecord, type PartitionEpochs } from "../partition-sets.ts";
import { replayedGroup, replayTarget, replayTargetMetadata } from "../replay-group.ts";
import { ConsumerGroup } from "./consumer-group.ts";
import {
  type ConsumerMember,
  leaveEpoch,
  type MemberMetadata,
  newMember,
  noPartitions,
} from "./consumer-member.ts";
import {
  currentKind,
  memberKind,
  metadataKind,
  patternKind,
  targetKind,
  targetMetadataKind,
} from "./consumer-record.ts";

/** A group is there from its first record to the tombstone of its epoch. */
export const consumerReplays: readonly RecordReplay<GroupWorld>[] = [
  metadataKind.replayedBy((world: GroupWorld, { groupId }, value) => {
    const group = groupFor(world, groupId, value);
    if (group === undefined) return;
    if (value === null) forgetGroup(world, groupId);
    else {
      group.groupEpoch = value.epoch;
      group.metadataHash = value.metadataHash;
    }
  }),
  targetMetadataKind.replayedBy((world: GroupWorld, { groupId }, value) => {
    replayTargetMetadata(groupFor(world, groupId, value), value);
  }),
  targetKind.replayedBy((world: GroupWorld, { groupId, memberId }, value) => {
    const target = value && replayedSets(value.topicPartitions);
    replayTarget(groupFor(world, groupId, value), memberId, target);
  }),
  memberKind.replayedBy((world: GroupWorld, { groupId, memberId }, metadata) => {
    const group = groupFor(world, groupId, metadata);
    if (metadata === null) group?.removeMember(memberId);
    else group?.setMember({ ...memberOf(group, memberId), metadata: owned(metadata) });
  }),
  currentKind.replayedBy((world: GroupWorld, { groupId, memberId }, value) => {
    const group = groupFor(world, groupId, value);
    if (group === undefined || (value === null && !group.members.has(memberId))) return;
    const member = memberOf(group, memberId);
    group.setMember(value === null ? unassigned(member) : assigned(member, value));
  }),
  patternKind.replayedBy((world: GroupWorld, { groupId, regularExpression }, value) => {
    const group = groupFor(world, groupId, value);
    const resolved = value === null ? null : { ...value, topics: new Set(value.topics) };
    group?.setPattern(regularExpression, resolved);
  }),
];

function groupFor(world: GroupWorld, groupId: string, value: unknown): ConsumerGroup | undefined {
  return replayedGroup(world, ConsumerGroup, groupId, value);
}

function memberOf(group: ConsumerGroup, memberId: string): ConsumerMember {
  return group.members.get(memberId) ?? newMember(memberId);
}

/** Bytes that were read belong to the log. */
function owned(metadata: MemberMetadata): MemberMetadata {
  const classic = metadata.classicMemberMetadata;
  if (classic === null) return metadata;
  const supportedProtocols = classic.supportedProtocols.map((protocol) => ({
    ...protocol,
    metadata: protocol.metadata.slice(),
  }));
  return { ...metadata, classicMemberMetadata: { ...classic, supportedProtocols } };
}

function unassigned(member: ConsumerMember): ConsumerMember {
  return {
    ...member,
    memberEpoch: leaveEpoch.forGood,
    previousMemberEpoch: leaveEpoch.forGood,
    assigned: noPartitions,
    revoking: noPartitions,
  };
}

function assigned(
  member: ConsumerMember,
  value: ConsumerGroupCurrentMemberAssignmentValue,
): ConsumerMember {
  const { memberEpoch, previousMemberEpoch, state } = value;
  return {
    ...member,
    memberEpoch,
    previousMemberEpoch,
    state,
    assigned: epochsOf(value.assignedPartitions, memberEpoch),
    revoking: epochsOf(value.partitionsPendingRevocation, memberEpoch),
  };
}

function epochsOf(
  list: ConsumerGroupCurrentMemberAssignmentValue["assignedPartitions"],
  memberEpoch: number,
): PartitionEpochs {
  const byId = list.map(({ topicId, ...partitions }) => ({ id: topicId, ...partitions }));
  return epochsOfRecord(byId, memberEpoch);
}
