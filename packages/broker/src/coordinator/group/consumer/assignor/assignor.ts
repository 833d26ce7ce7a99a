import type { JavaHashMap } from "../../java-hash-map.ts";
import type { PartitionSets } from "../../partition-sets.ts";

/** A member as assignors see it. */
export interface AssignedMember {
  readonly instanceId: string | null;
  /** Ids of its topics that exist. */
  readonly topicIds: readonly string[];
  /** What it was to have before, in the order of Java's maps. */
  readonly previous: PartitionSets;
}

export interface AssignRequest {
  readonly members: ReadonlyMap<string, AssignedMember>;
  /** All members are subscribed to the same. */
  readonly isHomogeneous: boolean;
  readonly partitionCount: (topicId: string) => number;
  /** What a member reads, in the order of Java's set of the names. */
  readonly subscriptionOf: (memberId: string) => {
    readonly topicIds: readonly string[];
    /** Of those that do not exist, too. */
    readonly nameCount: number;
  };
}

/** What each member is to have (Kafka: `ConsumerGroupPartitionAssignor`). */
export type Assignor = (request: AssignRequest) => ReadonlyMap<string, PartitionSets>;

/** An assignment in the making. */
export type GrowingSets = JavaHashMap<string, JavaHashMap<number, true>>;

/** In the order of Java's maps, which decides the next assignment. */
export function finished(sets: GrowingSets): PartitionSets {
  return new Map([...sets].map(([topicId, partitions]) => [topicId, new Set(partitions.keys())]));
}

export function removePartition(sets: GrowingSets, topicId: string, partition: number): void {
  const set = sets.get(topicId);
  set?.delete(partition);
  if (set?.size === 0) sets.delete(topicId);
}
