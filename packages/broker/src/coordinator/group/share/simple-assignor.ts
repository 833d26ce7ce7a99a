import type { PartitionSets } from "../partition-sets.ts";

/** Members of a share group with the topics, by id, that each reads. */
export type Subscriptions = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Kafka's `SimpleAssignor`: partitions may have several members. Each partition has as many of them as any other, each
 * member as many partitions as any other, and who has something keeps it as far as that allows.
 */
export function assignShared(
  subscriptions: Subscriptions,
  assignable: PartitionSets,
  previous: ReadonlyMap<string, PartitionSets>,
): ReadonlyMap<string, PartitionSets> {
  const memberIds = [...subscriptions.keys()];
  const shared = new Map(memberIds.map((memberId) => [memberId, new Map<string, Set<number>>()]));
  for (const topicIds of portionsOf(subscriptions)) {
    const readers = memberIds.filter((memberId) =>
      topicIds.every((topicId) => subscriptions.get(memberId)?.has(topicId) === true),
    );
    const places = topicIds.flatMap((topicId) =>
      [...(assignable.get(topicId) ?? [])].map((partition) => ({ topicId, partition })),
    );
    const given = share(readers, places.map(textOf), (memberId) => {
      const before = previous.get(memberId);
      return places
        .filter(({ topicId, partition }) => before?.get(topicId)?.has(partition))
        .map(textOf);
    });
    const byText = new Map(places.map((place) => [textOf(place), place]));
    for (const [memberId, texts] of given)
      for (const text of texts) {
        const place = byText.get(text);
        const topics = shared.get(memberId);
        if (place === undefined || topics === undefined) continue;
        const partitions = topics.get(place.topicId);
        if (partitions === undefined) topics.set(place.topicId, new Set([place.partition]));
        else partitions.add(place.partition);
      }
  }
  return shared;
}

interface Place {
  readonly topicId: string;
  readonly partition: number;
}

function textOf({ topicId, partition }: Place): string {
  return `${topicId}:${partition}`;
}

/** Topics that are shared out together: all of them where all members read the same, else each by itself. */
function portionsOf(subscriptions: Subscriptions): readonly (readonly string[])[] {
  const all = new Set([...subscriptions.values()].flatMap((topicIds) => [...topicIds]));
  const isSame = [...subscriptions.values()].every((topicIds) => topicIds.size === all.size);
  return isSame ? [[...all]] : [...all].map((topicId) => [topicId]);
}

/** Shares partitions out among members, so that nobody has more than one more than anybody else. */
function share(
  memberIds: readonly string[],
  partitions: readonly string[],
  before: (memberId: string) => readonly string[],
): ReadonlyMap<string, ReadonlySet<string>> {
  if (partitions.length === 0) return new Map();
  const sharing = Math.ceil(memberIds.length / partitions.length);
  const each = (sharing * partitions.length) / memberIds.length;
  const wanted = new Map(
    memberIds.map((memberId, index) => [
      memberId,
      Math.ceil(each * (index + 1)) - Math.ceil(each * index),
    ]),
  );
  const given = new Map(memberIds.map((memberId) => [memberId, new Set<string>()]));
  const readers = new Map(partitions.map((partition) => [partition, new Set<string>()]));
  for (const [memberId, kept] of given)
    for (const partition of before(memberId)) {
      const others = readers.get(partition);
      if (others === undefined || kept.size === wanted.get(memberId)) continue;
      if (others.size === sharing) continue;
      kept.add(partition);
      others.add(memberId);
    }
  const isOpen = (memberId: string) =>
    (given.get(memberId)?.size ?? 0) < (wanted.get(memberId) ?? 0);
  let open = memberIds.filter(isOpen);
  for (const [partition, others] of readers)
    while (others.size < sharing) {
      const memberId = open.find((one) => !others.has(one));
      if (memberId === undefined) break;
      given.get(memberId)?.add(partition);
      others.add(memberId);
      // The next partition goes to the next member.
      open = [...open.filter((one) => one !== memberId), ...(isOpen(memberId) ? [memberId] : [])];
    }
  return given;
}
