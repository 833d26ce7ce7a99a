import { invariant } from "@millrace/model";
import {
  capacityOfCopy,
  copyOfSets,
  inHashOrder,
  integerSet,
  inUuidHashOrder,
} from "../../java-order.ts";
import type { PartitionSets } from "../../partition-sets.ts";
import {
  type AssignRequest,
  type Assignor,
  finished,
  type GrowingSets,
  removePartition,
} from "./assignor.ts";
import { assignToMixedGroup } from "./mixed-group.ts";

/**
 * Kafka's `UniformAssignor`: all members have the same number of partitions, but for one, and keep
 * what they have as far as that goes.
 */
export const uniformAssignor: Assignor = (request) =>
  request.isHomogeneous ? assignToEqualMembers(request) : assignToMixedGroup(request);

type TopicPartition = readonly [topicId: string, partition: number];

/** Where all members are subscribed to the same topics. */
function assignToEqualMembers({
  members,
  partitionCount,
  subscriptionOf,
}: AssignRequest): ReadonlyMap<string, PartitionSets> {
  const memberIds = inHashOrder(members.keys());
  const first = subscriptionOf(memberIds[0]);
  if (first.topicIds.length === 0) return new Map();
  const topicIds = inUuidHashOrder(first.topicIds, capacityOfCopy(first.nameCount));
  const subscribed = new Set(topicIds);
  const free = freePartitions(members, topicIds, partitionCount);
  const total = topicIds.reduce((sum, topicId) => sum + partitionCount(topicId), 0);
  const share = Math.floor(total / memberIds.length);
  // Members that are to have one partition more than the others.
  let extra = total % memberIds.length;
  const assignment = new Map<string, GrowingSets>();
  const wanting: { readonly sets: GrowingSets; readonly count: number }[] = [];
  for (const [index, memberId] of memberIds.entries()) {
    const previous: PartitionSets = members.get(memberId)?.previous ?? new Map();
    const sets = copyOfSets(previous);
    assignment.set(memberId, sets);
    let mayHaveExtra = extra > 0;
    const quota = share + (mayHaveExtra ? 1 : 0);
    let room = trim(sets, previous, { topicIds: subscribed, quota, free });
    // It leaves the one more to others as long as there are enough of them.
    if (room > 0 && mayHaveExtra && memberIds.length - index > extra) {
      room--;
      mayHaveExtra = false;
    }
    if (room > 0) wanting.push({ sets, count: room });
    if (mayHaveExtra) extra--;
  }
  let next = 0;
  for (const { sets, count } of wanting)
    for (const [topicId, partition] of free.slice(next, (next += count)))
      sets.computeIfAbsent(topicId, () => integerSet()).put(partition, true);
  invariant(next >= free.length, "CONSUMER-GROUP-1", { free: free.length, next });
  return new Map([...assignment].map(([memberId, sets]) => [memberId, finished(sets)]));
}

function freePartitions(
  members: AssignRequest["members"],
  topicIds: readonly string[],
  partitionCount: (topicId: string) => number,
): TopicPartition[] {
  const assigned = new Set<string>();
  for (const { previous } of members.values())
    for (const [topicId, partitions] of previous)
      for (const partition of partitions) assigned.add(`${topicId}/${partition}`);
  return topicIds.flatMap((topicId) =>
    Array.from({ length: partitionCount(topicId) }, (_, partition): TopicPartition => [
      topicId,
      partition,
    ]).filter(([, partition]) => !assigned.has(`${topicId}/${partition}`)),
  );
}

/** Takes away what is beyond the quota; gives what the quota has left. */
function trim(
  sets: GrowingSets,
  previous: PartitionSets,
  {
    topicIds,
    quota,
    free,
  }: {
    readonly topicIds: ReadonlySet<string>;
    readonly quota: number;
    readonly free: TopicPartition[];
  },
): number {
  let room = quota;
  for (const [topicId, partitions] of previous) {
    if (!topicIds.has(topicId)) sets.delete(topicId);
    else if (partitions.size <= room) room -= partitions.size;
    else
      for (const partition of partitions) {
        if (room > 0) {
          room--;
          continue;
        }
        removePartition(sets, topicId, partition);
        free.push([topicId, partition]);
      }
  }
  return room;
}
