import type { CoordinatorRecord } from "../../coordinator-record.ts";
import type { GroupWorld } from "../group-world.ts";
import { isLookedAt } from "../topics-hash.ts";
import type { PartitionSets } from "../partition-sets.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import { type ConsumerMember, metadataEqual, patternOf } from "./consumer-member.ts";
import { epochRecord, memberRecord } from "./consumer-records.ts";
import { updatePatterns } from "./patterns.ts";
import type { Subscriptions } from "./subscriptions.ts";
import { assignorOf, computeTarget } from "./target-assignment.ts";

/** Where a group stands after a heartbeat. */
export interface GroupStep {
  readonly targetEpoch: number;
  /** Of the member whose heartbeat it was. */
  readonly target: PartitionSets;
  readonly hasSubscriptionChanged: boolean;
  readonly groupEpoch: number;
}

export interface Advance {
  readonly group: ConsumerGroup;
  readonly before: ConsumerMember;
  readonly told: ConsumerMember;
  readonly records: CoordinatorRecord[];
  /** Undefined: patterns are not matched with this heartbeat. */
  readonly mayDescribe?: (topic: string) => boolean;
}

/**
 * A group goes on to its next epoch when a subscription or the topics have changed; with it comes a
 * new target assignment.
 */
export function advanceGroup(world: GroupWorld, advance: Advance): GroupStep {
  const { group, before, told, records } = advance;
  const { assignmentEpoch: targetEpoch, groupEpoch: known } = group;
  if (isQuiet(world, advance))
    return {
      targetEpoch,
      target: group.targetOf(told),
      hasSubscriptionChanged: false,
      groupEpoch: known,
    };
  const replaced = replacedBy(group, told);
  const isSame = replaced.length === 1 && replaced[0].metadata === told.metadata;
  const subscriptions = isSame
    ? group.subscriptions
    : group.subscriptions.after({ leaving: replaced, coming: [told] });
  if (!metadataEqual(before.metadata, told.metadata))
    records.push(memberRecord(group.groupId, told));
  const haveNamesChanged = !sameNames(before, told);
  const pattern = updatePatterns(world, { ...advance, subscriptions });
  const isNext =
    haveNamesChanged || pattern === "resolved" || hasAssignorChanged(world, advance, replaced);
  const groupEpoch = nextEpoch(world, { group, subscriptions, isNext, records });
  const hasSubscriptionChanged = haveNamesChanged || pattern !== "same";
  const target = assign(world, { group, told, replaced, subscriptions, groupEpoch, records });
  return { ...target, hasSubscriptionChanged, groupEpoch };
}

/** Nothing was told and nothing is due: most heartbeats, which so cost the same in groups of any size. */
function isQuiet(world: GroupWorld, { group, before, told }: Advance): boolean {
  return (
    told.metadata === before.metadata &&
    group.members.get(told.memberId) === before &&
    isLookedAt(group, world.topics) &&
    group.assignmentEpoch >= group.groupEpoch &&
    group.resolved.size === 0 &&
    patternOf(told) === ""
  );
}

/** A static member that comes again takes the place of its predecessor. */
function replacedBy(group: ConsumerGroup, told: ConsumerMember): readonly ConsumerMember[] {
  const { memberId, metadata } = told;
  const own = group.members.get(memberId);
  const seated = metadata.instanceId === null ? undefined : group.staticMember(metadata.instanceId);
  return [...new Set([own, seated])].filter((member) => member !== undefined);
}

function sameNames(before: ConsumerMember, told: ConsumerMember): boolean {
  const names = before.metadata.subscribedTopicNames;
  const others = told.metadata.subscribedTopicNames;
  return names.length === others.length && names.every((name, index) => name === others[index]);
}

/** With this member's wish most want another one than before (KAFKA-20434). */
function hasAssignorChanged(
  world: GroupWorld,
  { group, before, told }: Advance,
  replaced: readonly ConsumerMember[],
): boolean {
  if (before.metadata.serverAssignor === told.metadata.serverAssignor) return false;
  const { groupId, members } = group;
  const others = [...members.values()].filter((one) => !replaced.includes(one));
  return (
    assignorOf(world, groupId, members.values()) !== assignorOf(world, groupId, [...others, told])
  );
}

interface EpochRequest {
  readonly group: ConsumerGroup;
  readonly subscriptions: Subscriptions;
  readonly isNext: boolean;
  readonly records: CoordinatorRecord[];
}

function nextEpoch(
  world: GroupWorld,
  { group, subscriptions, isNext, records }: EpochRequest,
): number {
  const { topics } = world;
  if (!isNext && isLookedAt(group, topics)) return group.groupEpoch;
  const hash = subscriptions.topics.hash(topics);
  group.lookedAt = { version: topics.appliedOffset, hash };
  if (!isNext && hash === group.metadataHash) return group.groupEpoch;
  records.push(epochRecord(group.groupId, group.groupEpoch + 1, hash));
  return group.groupEpoch + 1;
}

interface AssignRequest {
  readonly group: ConsumerGroup;
  readonly told: ConsumerMember;
  /** In its place. */
  readonly replaced: readonly ConsumerMember[];
  readonly subscriptions: Subscriptions;
  readonly groupEpoch: number;
  readonly records: CoordinatorRecord[];
}

function assign(
  world: GroupWorld,
  request: AssignRequest,
): Pick<GroupStep, "targetEpoch" | "target"> {
  const { group, told, groupEpoch, records } = request;
  const { assignmentEpoch, assignmentTimestamp } = group;
  const last = { targetEpoch: assignmentEpoch, target: group.targetOf(told) };
  if (assignmentEpoch >= groupEpoch) return last;
  const { assignmentIntervalMs } = world.configs.consumerOf(group.groupId);
  const elapsed = world.clock.wallMs() - assignmentTimestamp;
  const isSoon = assignmentTimestamp !== 0 && elapsed < assignmentIntervalMs;
  // Who comes into an empty group has nobody to wait for (KAFKA-20442).
  if (group.members.size > 0 && assignmentIntervalMs !== 0 && isSoon) return last;
  const others = [...group.members.values()].filter((one) => !request.replaced.includes(one));
  const members = [...others, told];
  const { records: made, targets } = computeTarget(world, { ...request, members });
  records.push(...made);
  return { targetEpoch: groupEpoch, target: targets.get(told.memberId) ?? new Map() };
}
