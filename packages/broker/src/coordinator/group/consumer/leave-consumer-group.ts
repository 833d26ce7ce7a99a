import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { forgetGroup, nothing, type GroupResult, type GroupWorld } from "../group-world.ts";
import { canBeClassic, type Downgrade, toClassicGroup } from "../migration/to-classic-group.ts";
import { type ConsumerGroup, consumerGroup } from "./consumer-group.ts";
import {
  type ConsumerMember,
  leaveEpoch,
  memberState,
  noPartitions,
  patternOf,
} from "./consumer-member.ts";
import { currentRecord, epochRecord, memberTombstones, patternRecord } from "./consumer-records.ts";
import { joinTimer, rebalanceTimer, sessionTimer, syncTimer } from "./consumer-timers.ts";

/**
 * Members leave, or are put out: their partitions are free, and the group goes on to the next epoch. Where the log takes
 * nothing (a full disk) they stay members, and have another session: else nobody would ever get their partitions.
 */
export function removeMembers(
  world: GroupWorld,
  group: ConsumerGroup,
  leaving: readonly ConsumerMember[],
): GroupResult {
  if (leaving.length === 0) return nothing;
  const { groupId } = group;
  const gone = new Set(leaving.map(({ memberId }) => memberId));
  const staying = [...group.members.values()].filter(({ memberId }) => !gone.has(memberId));
  if (canBeClassic(world, group, staying))
    return downgrade(world, group, { members: staying, needsRebalance: true });
  const { topics, patterns } = group.subscriptions.after({ leaving, coming: [] });
  const records: CoordinatorRecord[] = [...gone].flatMap((id) => memberTombstones(groupId, id));
  for (const pattern of new Set(leaving.map(patternOf)))
    if (pattern !== "" && !patterns.has(pattern))
      records.push(patternRecord(groupId, pattern, null));
  const hash = topics.hash(world.topics);
  records.push(epochRecord(groupId, group.groupEpoch + 1, hash));
  for (const memberId of gone)
    for (const timer of [sessionTimer, rebalanceTimer, joinTimer, syncTimer])
      world.timers.cancel(groupId, timer(memberId));
  return {
    records,
    response: undefined,
    settled: (failure) => {
      const kept = consumerGroup(world, groupId)?.members;
      if (failure === undefined || kept === undefined) return;
      resumeMembers(
        world,
        groupId,
        [...kept.values()].filter(({ memberId }) => gone.has(memberId)),
      );
    },
  };
}

/**
 * A static member leaves for a while: what it has stays its own until its session ends, and goes on
 * to its successor as if it had had it always.
 */
export function departedRecord(groupId: string, member: ConsumerMember): CoordinatorRecord {
  const assigned = new Map(
    [...member.assigned].map(([topicId, epochs]) => [
      topicId,
      new Map([...epochs.keys()].map((partition) => [partition, 0])),
    ]),
  );
  const memberEpoch = leaveEpoch.forAWhile;
  return currentRecord(groupId, { ...member, memberEpoch, assigned, revoking: noPartitions });
}

/** A member that is not heard of for its session is put out. */
export function restartSession(
  world: GroupWorld,
  groupId: string,
  memberId: string,
  delayMs = world.configs.consumerOf(groupId).sessionTimeoutMs,
): void {
  const fire = (): GroupResult => putOut(world, groupId, memberId);
  world.timers.schedule(groupId, sessionTimer(memberId), { delayMs, fire });
}

/** A member that does not let go in time is put out. */
export function startRevocation(
  world: GroupWorld,
  groupId: string,
  { memberId, memberEpoch, metadata }: ConsumerMember,
): void {
  const fire = (): GroupResult => {
    const member = consumerGroup(world, groupId)?.members.get(memberId);
    return member?.memberEpoch === memberEpoch ? putOut(world, groupId, memberId) : nothing;
  };
  const delayMs = metadata.rebalanceTimeoutMs;
  world.timers.schedule(groupId, rebalanceTimer(memberId), { delayMs, fire });
}

/** Of a timer: its time is up. */
export function putOut(world: GroupWorld, groupId: string, memberId: string): GroupResult {
  const group = consumerGroup(world, groupId);
  const member = group?.members.get(memberId);
  if (group === undefined || member === undefined) return nothing;
  return removeMembers(world, group, [member]);
}

/** The group goes on as a classic one, unless that cannot be kept. */
export function downgrade(world: GroupWorld, group: ConsumerGroup, how: Downgrade): GroupResult {
  const result = toClassicGroup(world, group, how);
  return {
    ...result,
    settled: (failure) => {
      result.settled?.(failure);
      if (failure === undefined) return;
      forgetGroup(world, group.groupId);
      world.groups.set(group.groupId, group);
      resumeConsumerGroup(world, group);
    },
  };
}

/** The group was read from the log: its members have a session's length to be heard of. */
export function resumeConsumerGroup(world: GroupWorld, { groupId, members }: ConsumerGroup): void {
  resumeMembers(world, groupId, members.values());
}

function resumeMembers(
  world: GroupWorld,
  groupId: string,
  members: Iterable<ConsumerMember>,
): void {
  for (const member of members) {
    restartSession(world, groupId, member.memberId);
    if (member.state === memberState.unrevoked) startRevocation(world, groupId, member);
  }
}
