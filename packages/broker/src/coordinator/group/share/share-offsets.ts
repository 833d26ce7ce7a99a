import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { errorCode } from "../../error-code.ts";
import type { TopicLookup } from "../../topic-lookup.ts";
import type { GroupResult, GroupWorld } from "../group-world.ts";
import { GroupRefusal } from "../refusal.ts";
import { shareGroupOf } from "./leave-share-group.ts";
import { ShareGroup, shareGroup } from "./share-group.ts";
import {
  begin,
  combined,
  noStatePartitions,
  type StatePartitions,
  statePartitionsRecord,
  type StateTopic,
  without,
} from "./state-partitions.ts";

/** A partition that a group is to go on from. */
export interface AlteredPartition {
  readonly topicId: string;
  readonly partition: number;
  readonly startOffset: number;
}

/** Partitions by topic id. */
export type StateTopics = ReadonlyMap<string, StateTopic>;

/**
 * A group without members, or none yet, is to go on from these offsets. Gives the state epoch to begin with.
 *
 * @throws GroupRefusal
 */
export function alterOffsets(
  world: GroupWorld,
  groupId: string,
  altered: readonly AlteredPartition[],
): GroupResult<number> {
  const known = world.groups.get(groupId);
  if (known !== undefined && !(known instanceof ShareGroup)) shareGroupOf(world, groupId);
  const group = shareGroup(world, groupId) ?? new ShareGroup(groupId);
  checkEmpty(group);
  const topics = topicsOf(altered, world.topics, world.clock.wallMs());
  const records = [statePartitionsRecord(groupId, begin(group.state, topics), world.topics)];
  return { records: topics.size === 0 ? [] : records, response: group.groupEpoch };
}

/** The share coordinator has begun with these partitions: they can be given out. */
export function statesBegun(world: GroupWorld, groupId: string, begun: StateTopics): GroupResult {
  return changeState(world, groupId, (state) => ({
    ...state,
    initializing: without(state.initializing, begun),
    initialized: combined(state.initialized, begun),
  }));
}

/** The share coordinator could not begin with them: the next heartbeat tries again. */
export function statesNotBegun(
  world: GroupWorld,
  groupId: string,
  failed: StateTopics,
): GroupResult {
  return changeState(world, groupId, (state) => ({
    ...state,
    initializing: without(state.initializing, failed),
  }));
}

/** They, by topic. */
export function topicsOf(
  altered: readonly AlteredPartition[],
  topics: TopicLookup,
  sinceMs: number,
): StateTopics {
  const found = new Map<
    string,
    { readonly topicName: string; readonly partitions: Set<number>; readonly sinceMs: number }
  >();
  for (const { topicId, partition } of altered) {
    const topicName = topics.topicName(topicId) ?? "<UNKNOWN>";
    const topic = found.get(topicId) ?? { topicName, partitions: new Set<number>(), sinceMs };
    topic.partitions.add(partition);
    found.set(topicId, topic);
  }
  return found;
}

/** What is deleted is noted first, so that it can be taken up again after a crash. */
export interface StatesToDelete {
  readonly topics: StateTopics;
  /** Names of topics of which there is nothing to delete, and why. */
  readonly refused: readonly {
    readonly topicName: string;
    readonly errorMessage: string;
  }[];
}

/** @throws GroupRefusal */
export function beginDeletingOffsets(
  world: GroupWorld,
  groupId: string,
  topicNames: readonly string[],
): GroupResult<StatesToDelete> {
  const group = shareGroupOf(world, groupId);
  checkEmpty(group);
  const { state } = group;
  const topics = new Map<string, StateTopic>();
  const refused: { topicName: string; errorMessage: string }[] = [];
  for (const topicName of topicNames) {
    const topicId = world.topics.topicId(topicName);
    if (topicId === undefined) {
      refused.push({ topicName, errorMessage: "This server does not host this topic-partition." });
      continue;
    }
    const topic = state.initialized.get(topicId) ?? deletingTopic(world, state, topicId);
    if (topic !== undefined) topics.set(topicId, topic);
    else refused.push({ topicName, errorMessage: "There is no offset information to delete." });
  }
  const next = {
    ...state,
    initialized: without(state.initialized, topics),
    deleting: new Set([...state.deleting, ...topics.keys()]),
  };
  const records = [statePartitionsRecord(groupId, next, world.topics)];
  return { records: topics.size === 0 ? [] : records, response: { topics, refused } };
}

/** All that the share coordinator has of a group, before the group itself is deleted. */
export function beginDeletingAll(world: GroupWorld, groupId: string): GroupResult<StateTopics> {
  const group = shareGroup(world, groupId);
  if (group === undefined || !group.isEmpty || group.state === noStatePartitions)
    return { records: [], response: new Map() };
  const { state } = group;
  const topics = new Map(combined(state.initialized, state.initializing));
  for (const topicId of state.deleting) {
    const topic = deletingTopic(world, state, topicId);
    if (topic !== undefined) topics.set(topicId, topic);
  }
  const next = { ...noStatePartitions, deleting: new Set(topics.keys()) };
  return { records: [statePartitionsRecord(groupId, next, world.topics)], response: topics };
}

/** They are gone. */
export function statesDeleted(world: GroupWorld, groupId: string, gone: StateTopics): GroupResult {
  return changeState(world, groupId, (state) => ({
    ...state,
    deleting: new Set([...state.deleting].filter((topicId) => !gone.has(topicId))),
  }));
}

/** A topic is gone, and the share coordinator forgets it by itself. */
export function forgetTopic(world: GroupWorld, topicId: string): GroupResult {
  const records: CoordinatorRecord[] = [];
  const gone = (topics: StateTopics) => new Map([...topics].filter(([id]) => id !== topicId));
  for (const group of world.groups.values()) {
    if (!(group instanceof ShareGroup)) continue;
    const { initializing, initialized, deleting } = group.state;
    if (!initializing.has(topicId) && !initialized.has(topicId) && !deleting.has(topicId)) continue;
    const next = {
      initializing: gone(initializing),
      initialized: gone(initialized),
      deleting: new Set([...deleting].filter((id) => id !== topicId)),
    };
    records.push(statePartitionsRecord(group.groupId, next, world.topics));
  }
  return { records, response: undefined };
}

function changeState(
  world: GroupWorld,
  groupId: string,
  change: (state: StatePartitions) => StatePartitions,
): GroupResult {
  const group = shareGroup(world, groupId);
  if (group === undefined) return { records: [], response: undefined };
  const records = [statePartitionsRecord(groupId, change(group.state), world.topics)];
  return { records, response: undefined };
}

/** A deletion that was begun is done again, for all partitions that the topic has. */
function deletingTopic(
  { topics }: GroupWorld,
  { deleting }: StatePartitions,
  topicId: string,
): StateTopic | undefined {
  const topicName = topics.topicName(topicId);
  if (!deleting.has(topicId) || topicName === undefined) return undefined;
  const length = topics.partitionCount(topicName) ?? 0;
  const partitions = new Set(Array.from({ length }, (_, partition) => partition));
  return { topicName, partitions, sinceMs: 0 };
}

/** @throws GroupRefusal */
function checkEmpty(group: ShareGroup): void {
  if (!group.isEmpty) throw new GroupRefusal(errorCode.nonEmptyGroup, "The group is not empty.");
}
