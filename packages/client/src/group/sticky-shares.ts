import type { GroupSubscription, MemberSubscription } from "@millrace/cluster";
import { topicPartitionName, type TopicPartition } from "@millrace/model";

interface Share {
  readonly memberId: string;
  readonly topics: ReadonlySet<string>;
  readonly partitions: TopicPartition[];
}

/**
 * Shares out partitions so that members have as equal numbers as their subscriptions allow, and keep what they had
 * (Kafka: `AbstractStickyAssignor`): no partition could move to a member that has two fewer.
 */
export function stickyShares(
  group: GroupSubscription,
): ReadonlyMap<string, readonly TopicPartition[]> {
  const shares = group.members
    .map(({ memberId, topics }) => ({ memberId, topics: new Set(topics), partitions: [] }))
    .toSorted((left, right) => compare(left.memberId, right.memberId));
  const kept = keepOwned(group, shares);
  for (const one of unassigned(group, kept)) leastLoaded(shares, one.topic)?.partitions.push(one);
  balance(shares);
  return new Map(shares.map(({ memberId, partitions }) => [memberId, partitions]));
}

/** Who has a partition: the member of the latest generation that says so; null where two of one do. */
export function ownersOf(
  members: readonly MemberSubscription[],
): ReadonlyMap<string, MemberSubscription | null> {
  const owners = new Map<string, MemberSubscription | null>();
  const generations = new Map<string, number>();
  for (const member of members)
    for (const { topic, partition } of member.ownedPartitions) {
      const name = topicPartitionName(topic, partition);
      const known = generations.get(name);
      if (known !== undefined && known > member.generationId) continue;
      const isDisputed = known === member.generationId && owners.get(name) !== member;
      owners.set(name, isDisputed ? null : member);
      generations.set(name, member.generationId);
    }
  return owners;
}

/** Gives the names of what is kept. */
function keepOwned(
  { members, partitionCounts }: GroupSubscription,
  shares: readonly Share[],
): ReadonlySet<string> {
  const owners = ownersOf(members);
  const byMember = new Map(members.map((member) => [member.memberId, member]));
  const kept = new Set<string>();
  for (const { memberId, topics, partitions } of shares) {
    const member = byMember.get(memberId);
    for (const { topic, partition } of member?.ownedPartitions ?? []) {
      const name = topicPartitionName(topic, partition);
      const isThere = topics.has(topic) && partition < (partitionCounts.get(topic) ?? 0);
      if (!isThere || owners.get(name) !== member || kept.has(name)) continue;
      kept.add(name);
      partitions.push({ topic, partition });
    }
  }
  return kept;
}

function unassigned(
  { partitionCounts }: GroupSubscription,
  kept: ReadonlySet<string>,
): readonly TopicPartition[] {
  return [...partitionCounts]
    .toSorted(([left], [right]) => compare(left, right))
    .flatMap(([topic, count]) =>
      Array.from({ length: count }, (_, partition) => ({ topic, partition })),
    )
    .filter(({ topic, partition }) => !kept.has(topicPartitionName(topic, partition)));
}

/** Undefined: nobody reads the topic. */
function leastLoaded(shares: readonly Share[], topic: string): Share | undefined {
  let best: Share | undefined;
  for (const share of shares) {
    if (!share.topics.has(topic)) continue;
    if (best === undefined || share.partitions.length < best.partitions.length) best = share;
  }
  return best;
}

/** Ends: each move makes the numbers more equal. */
function balance(shares: readonly Share[]): void {
  for (let hasMoved = true; hasMoved;) {
    hasMoved = false;
    const heaviestFirst = shares.toSorted(
      (left, right) => right.partitions.length - left.partitions.length,
    );
    for (const share of heaviestFirst) if (relieve(shares, share)) hasMoved = true;
  }
}

/** Moves what other members could have that have less; what it was given last goes first. */
function relieve(shares: readonly Share[], { topics, partitions }: Share): boolean {
  let hasMoved = false;
  for (const topic of topics) {
    let at = partitions.findLastIndex((one) => one.topic === topic);
    let target = leastLoaded(shares, topic);
    while (at >= 0 && target !== undefined && target.partitions.length + 2 <= partitions.length) {
      target.partitions.push(...partitions.splice(at, 1));
      hasMoved = true;
      at = partitions.findLastIndex((one) => one.topic === topic);
      target = leastLoaded(shares, topic);
    }
  }
  return hasMoved;
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
