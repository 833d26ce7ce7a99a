import type { CoordinatorRecord } from "../../coordinator-record.ts";
import type { GroupWorld } from "../group-world.ts";
import { partitionSetsEqual, type PartitionSets } from "../partition-sets.ts";
import type { ShareGroup } from "./share-group.ts";
import { noPartitions, type ShareMember } from "./share-member.ts";
import { targetMetadataRecord, targetRecord } from "./share-records.ts";
import { assignShared } from "./simple-assignor.ts";

/** Partitions could be given out that nobody has yet, or have more than could. */
export function isAssignmentPending(group: ShareGroup): boolean {
  const { state, targets } = group;
  if (group.isEmpty) return false;
  const names = group.subscribedTopics();
  const given = new Map<string, Set<number>>();
  for (const target of targets.values())
    for (const [topicId, partitions] of target) {
      const known = given.get(topicId) ?? new Set();
      for (const partition of partitions) known.add(partition);
      given.set(topicId, known);
    }
  for (const [topicId, { topicName, partitions }] of state.initialized) {
    if (!names.has(topicName)) continue;
    const known = given.get(topicId);
    if (known === undefined || known.size !== partitions.size) return true;
    for (const partition of partitions) if (!known.has(partition)) return true;
  }
  return false;
}

/** What each member is to have, once there is something new and the last time is long enough ago. */
export function assign(
  world: GroupWorld,
  given: {
    readonly group: ShareGroup;
    /** The member that is being changed. */
    readonly told: ShareMember;
    readonly groupEpoch: number;
    readonly records: CoordinatorRecord[];
  },
): { readonly targetEpoch: number; readonly target: PartitionSets } {
  const { group, told, groupEpoch, records } = given;
  const { groupId, assignmentEpoch, assignmentTimestamp } = group;
  const last = { targetEpoch: assignmentEpoch, target: group.targetOf(told.memberId) };
  if (assignmentEpoch >= groupEpoch) return last;
  const { assignmentIntervalMs } = world.configs.shareOf(groupId);
  const nowMs = world.clock.wallMs();
  const isSoon = assignmentTimestamp !== 0 && nowMs - assignmentTimestamp < assignmentIntervalMs;
  // Who comes into an empty group has nobody to wait for (KAFKA-20442).
  if (!group.isEmpty && assignmentIntervalMs !== 0 && isSoon) return last;
  const members = new Map(group.members).set(told.memberId, told);
  const targets = computeTargets(world, group, members);
  for (const [memberId, target] of targets) {
    const before = group.targets.get(memberId);
    if (before === undefined || !partitionSetsEqual(before, target))
      records.push(targetRecord(groupId, memberId, target));
  }
  records.push(targetMetadataRecord(groupId, groupEpoch, nowMs));
  return { targetEpoch: groupEpoch, target: targets.get(told.memberId) ?? noPartitions };
}

function computeTargets(
  { topics }: GroupWorld,
  group: ShareGroup,
  members: ReadonlyMap<string, ShareMember>,
): ReadonlyMap<string, PartitionSets> {
  const subscriptions = new Map(
    [...members].map(([memberId, member]) => [memberId, new Set(group.topicIdsOf(member, topics))]),
  );
  const assignable = new Map(
    [...group.state.initialized].map(([topicId, { partitions }]) => [topicId, partitions]),
  );
  return assignShared(subscriptions, assignable, group.targets);
}
