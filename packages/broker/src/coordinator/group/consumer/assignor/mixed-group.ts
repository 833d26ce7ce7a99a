import type { JavaHashMap } from "../../java-hash-map.ts";
import { byUuid, copyOfSets, emptySets, inHashOrder, integerSet } from "../../java-order.ts";
import type { PartitionSets } from "../../partition-sets.ts";
import {
  type AssignedMember,
  type AssignRequest,
  finished,
  type GrowingSets,
  removePartition,
} from "./assignor.ts";
import { LoadRanges } from "./load-ranges.ts";

/** Rounds of balancing over all topics at most. */
const roundsMax = 16;

/** Kafka's `UniformHeterogeneousAssignmentBuilder`: members are subscribed to different topics. */
export function assignToMixedGroup(request: AssignRequest): ReadonlyMap<string, PartitionSets> {
  const group = new MixedGroup(request);
  group.assignFree();
  group.balance();
  return new Map([...group.assignment].map(([memberId, sets]) => [memberId, finished(sets)]));
}

class MixedGroup {
  readonly assignment = new Map<string, GrowingSets>();
  readonly #memberIds: readonly string[];
  /** By topic, the members (by index) that are subscribed to it. */
  readonly #subscribers = new Map<string, number[]>();
  /** By topic and partition, the member that is to have it; -1: nobody yet. */
  readonly #owners = new Map<string, number[]>();
  readonly #loads: number[];
  readonly #topicIds: readonly string[];

  constructor({ members, partitionCount }: AssignRequest) {
    this.#memberIds = inHashOrder(members.keys());
    this.#loads = this.#memberIds.map(() => 0);
    for (const [index, memberId] of this.#memberIds.entries())
      for (const topicId of members.get(memberId)?.topicIds ?? []) {
        const known = this.#subscribers.get(topicId);
        if (known === undefined) {
          this.#subscribers.set(topicId, [index]);
          this.#owners.set(
            topicId,
            Array.from({ length: partitionCount(topicId) }, () => -1),
          );
        } else known.push(index);
      }
    for (const [index, memberId] of this.#memberIds.entries())
      this.#keep(index, memberId, members.get(memberId));
    this.#topicIds = [...this.#subscribers.keys()].toSorted((left, right) =>
      this.#compareTopics(left, right),
    );
  }

  /** What a member had of its topics it has again. */
  #keep(index: number, memberId: string, member: AssignedMember | undefined): void {
    const previous: PartitionSets = member?.previous ?? new Map();
    const sets = copyOfSets(previous);
    this.assignment.set(memberId, sets);
    const topicIds = new Set(member?.topicIds);
    for (const [topicId, partitions] of previous) {
      if (!topicIds.has(topicId)) {
        sets.delete(topicId);
        continue;
      }
      this.#loads[index] += partitions.size;
      const owners = this.#owners.get(topicId) ?? [];
      for (const partition of partitions) owners[partition] = index;
    }
  }

  /** Many partitions per subscriber come first, then few subscribers. */
  #compareTopics(left: string, right: string): number {
    const perMember = (topicId: string) => this.#ownersOf(topicId).length / this.#countOf(topicId);
    return (
      perMember(right) - perMember(left) ||
      this.#countOf(left) - this.#countOf(right) ||
      byUuid(left, right)
    );
  }

  assignFree(): void {
    for (const topicId of this.#topicIds) {
      const owners = this.#ownersOf(topicId);
      const free = [...owners.keys()].filter((partition) => owners[partition] === -1);
      if (free.length === 0) continue;
      const ranges = new LoadRanges(this.#subscribers.get(topicId) ?? [], this.#loads);
      for (const partition of free) this.#move(topicId, partition, ranges.nextLowest());
    }
  }

  /** Goes over the topics until a whole round moves nothing. */
  balance(): void {
    const topicIds = this.#topicIds.filter((topicId) => this.#countOf(topicId) >= 2);
    let lastMoved = -1;
    for (let round = 0; round < roundsMax; round++)
      for (const [index, topicId] of topicIds.entries()) {
        if (index === lastMoved) return;
        if (this.#balanceTopic(topicId) || lastMoved === -1) lastMoved = index;
      }
  }

  /** True if partitions have moved. */
  #balanceTopic(topicId: string): boolean {
    const subscribers = this.#subscribers.get(topicId) ?? [];
    const loads = subscribers.map((index) => this.#loads[index]);
    if (Math.max(...loads) - Math.min(...loads) <= 1) return false;
    const owners = this.#ownersOf(topicId);
    const owned = new Map<number, number[]>();
    for (const [partition, owner] of owners.entries()) {
      const list = owned.get(owner);
      if (list === undefined) owned.set(owner, [partition]);
      else list.push(partition);
    }
    const ranges = new LoadRanges(subscribers, this.#loads);
    let hasMoved = false;
    while (!ranges.isBalanced) {
      const partition = nextToGive(ranges, owned);
      if (partition === undefined) break;
      const taker = ranges.nextLowest();
      if (ranges.isBalanced) break;
      this.#move(topicId, partition, taker);
      hasMoved = true;
    }
    return hasMoved;
  }

  #move(topicId: string, partition: number, index: number): void {
    const owners = this.#ownersOf(topicId);
    const owner = owners[partition];
    if (owner !== -1) {
      removePartition(this.#setsOf(owner), topicId, partition);
      this.#loads[owner]--;
    }
    this.#setsOf(index)
      .computeIfAbsent(topicId, () => this.#emptySetOf(topicId))
      .put(partition, true);
    owners[partition] = index;
    this.#loads[index]++;
  }

  /** It has room for an equal share. */
  #emptySetOf(topicId: string): JavaHashMap<number, true> {
    const share = Math.ceil(this.#ownersOf(topicId).length / this.#countOf(topicId));
    return integerSet(Math.floor(share / 0.75 + 1));
  }

  #setsOf(index: number): GrowingSets {
    return this.assignment.get(this.#memberIds[index]) ?? emptySets(0);
  }

  #ownersOf(topicId: string): number[] {
    return this.#owners.get(topicId) ?? [];
  }

  #countOf(topicId: string): number {
    return this.#subscribers.get(topicId)?.length ?? 0;
  }
}

/** The last partition of the member with the most load; undefined: nobody can give one. */
function nextToGive(ranges: LoadRanges, owned: ReadonlyMap<number, number[]>): number | undefined {
  for (;;) {
    const giver = ranges.nextHighest();
    if (giver === undefined) return undefined;
    const partition = owned.get(giver)?.pop();
    if (partition !== undefined) return partition;
    ranges.excludeHighest();
  }
}
