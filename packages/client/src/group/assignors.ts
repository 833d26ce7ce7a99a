import type {
  Assignment,
  GroupSubscription,
  MemberSubscription,
  PartitionAssignor,
} from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";

/**
 * Each topic is cut into ranges, one per member that subscribes to it, so that topics with the same keys
 * stay together (Kafka: `RangeAssignor`, the default of consumers).
 */
export const rangeAssignor: PartitionAssignor = {
  name: "range",
  subscriptionUserData: () => null,
  assign: async ({ members, partitionCounts }) => {
    const shares = emptyShares(members);
    for (const [topic, partitionCount] of partitionCounts) {
      const subscribers = inOrder(members.filter(({ topics }) => topics.includes(topic)));
      let next = 0;
      for (const [index, { memberId }] of subscribers.entries()) {
        const extra = index < partitionCount % subscribers.length ? 1 : 0;
        const end = next + Math.floor(partitionCount / subscribers.length) + extra;
        for (; next < end; next++) shares.get(memberId)?.push({ topic, partition: next });
      }
    }
    return assignmentsOf(shares);
  },
};

/** All partitions of all topics are dealt out in turn (Kafka: `RoundRobinAssignor`). */
export const roundRobinAssignor: PartitionAssignor = {
  name: "roundrobin",
  subscriptionUserData: () => null,
  assign: async ({ members, partitionCounts }) => {
    const shares = emptyShares(members);
    const ordered = inOrder(members);
    let turn = 0;
    for (const topic of [...partitionCounts.keys()].sort()) {
      if (!ordered.some(({ topics }) => topics.includes(topic))) continue;
      const partitionCount = partitionCounts.get(topic) ?? 0;
      for (let partition = 0; partition < partitionCount; partition++) {
        while (!ordered[turn % ordered.length].topics.includes(topic)) turn++;
        shares.get(ordered[turn++ % ordered.length].memberId)?.push({ topic, partition });
      }
    }
    return assignmentsOf(shares);
  },
};

function emptyShares(members: GroupSubscription["members"]): Map<string, TopicPartition[]> {
  return new Map(members.map(({ memberId }) => [memberId, []]));
}

function assignmentsOf(
  shares: ReadonlyMap<string, readonly TopicPartition[]>,
): ReadonlyMap<string, Assignment> {
  return new Map(
    [...shares].map(([memberId, partitions]) => [memberId, { partitions, userData: null }]),
  );
}

/** Static members first, by their instance ids: a restart does not change the order. */
function inOrder(members: readonly MemberSubscription[]): readonly MemberSubscription[] {
  return members.toSorted((left, right) => {
    if (left.groupInstanceId !== null && right.groupInstanceId !== null)
      return compare(left.groupInstanceId, right.groupInstanceId);
    if (left.groupInstanceId !== null) return -1;
    if (right.groupInstanceId !== null) return 1;
    return compare(left.memberId, right.memberId);
  });
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
