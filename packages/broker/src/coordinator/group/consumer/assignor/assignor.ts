import { inUuidHashOrder } from "../../java-order.ts";
import type { PartitionSets } from "../../partition-sets.ts";

/** A member as assignors see it. */
export interface AssignedMember {
  readonly instanceId: string | null;
  /** Ids of its topics that exist. */
  readonly topicIds: readonly string[];
  /** What it was to have before. */
  readonly previous: PartitionSets;
}

export interface AssignRequest {
  readonly members: ReadonlyMap<string, AssignedMember>;
  /** All members are subscribed to the same. */
  readonly isHomogeneous: boolean;
  readonly partitionCount: (topicId: string) => number;
}

/** What each member is to have (Kafka: `ConsumerGroupPartitionAssignor`). */
export type Assignor = (request: AssignRequest) => ReadonlyMap<string, PartitionSets>;

/** An assignment in the making. */
export type GrowingSets = Map<string, Set<number>>;

/** In the order of Java's copy. */
export function copyOf(partitions: PartitionSets): GrowingSets {
  return new Map(
    inUuidHashOrder(partitions.keys()).map((topicId) => [
      topicId,
      new Set(partitions.get(topicId)),
    ]),
  );
}

/**
 * The order of its topics is that which Java's map has at the end, where a new key goes to the head of its slot: it
 * decides the next assignment.
 */
export function finished(sets: GrowingSets, previous: PartitionSets = new Map()): PartitionSets {
  const kept: string[] = [];
  const added: string[] = [];
  for (const topicId of sets.keys()) (previous.has(topicId) ? kept : added).push(topicId);
  const topicIds = inUuidHashOrder([...added.toReversed(), ...kept], previous.size);
  return new Map(topicIds.map((topicId) => [topicId, sets.get(topicId) ?? new Set()]));
}

export function addPartition(sets: GrowingSets, topicId: string, partition: number): void {
  const set = sets.get(topicId);
  if (set === undefined) sets.set(topicId, new Set([partition]));
  else set.add(partition);
}

export function removePartition(sets: GrowingSets, topicId: string, partition: number): void {
  const set = sets.get(topicId);
  set?.delete(partition);
  if (set?.size === 0) sets.delete(topicId);
}
