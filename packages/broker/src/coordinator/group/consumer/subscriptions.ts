import { type ConsumerMember, patternOf } from "./consumer-member.ts";
import type { ResolvedPattern } from "./consumer-records.ts";

/** What the members of a group are subscribed to. */
export interface Subscriptions {
  readonly memberCount: number;
  /** By topic, how many members name it, and how many patterns match it. */
  readonly topics: ReadonlyMap<string, TopicSubscriptions>;
  /** By pattern, how many members have it. */
  readonly patterns: ReadonlyMap<string, number>;
}

interface TopicSubscriptions {
  byName: number;
  byPattern: number;
}

export function subscriptionsOf(
  members: Iterable<ConsumerMember>,
  resolved: ReadonlyMap<string, ResolvedPattern>,
): Subscriptions {
  const topics = new Map<string, TopicSubscriptions>();
  const patterns = new Map<string, number>();
  const entryOf = (topic: string): TopicSubscriptions => {
    let entry = topics.get(topic);
    if (entry === undefined) topics.set(topic, (entry = { byName: 0, byPattern: 0 }));
    return entry;
  };
  let memberCount = 0;
  for (const member of members) {
    memberCount++;
    for (const topic of member.metadata.subscribedTopicNames) entryOf(topic).byName++;
    const pattern = patternOf(member);
    if (pattern !== "") patterns.set(pattern, (patterns.get(pattern) ?? 0) + 1);
  }
  for (const pattern of patterns.keys())
    for (const topic of resolved.get(pattern)?.topics ?? []) entryOf(topic).byPattern++;
  return { memberCount, topics, patterns };
}

/** All members are subscribed to the same (Kafka: `SubscriptionType.HOMOGENEOUS`). */
export function isHomogeneous({ memberCount, topics, patterns }: Subscriptions): boolean {
  const entries = [...topics.values()];
  if (patterns.size === 0) return entries.every(({ byName }) => byName === memberCount);
  const [count] = patterns.values();
  return (
    count === memberCount &&
    entries.every(({ byName, byPattern }) => byName === 0 && byPattern === 1)
  );
}

/** The topics of one member: those that it names, and those that its pattern has matched. */
export function topicsOfMember(
  member: ConsumerMember,
  resolved: ReadonlyMap<string, ResolvedPattern>,
): ReadonlySet<string> {
  const matched = resolved.get(patternOf(member))?.topics ?? [];
  return new Set([...member.metadata.subscribedTopicNames, ...matched]);
}
