import { NameCounts } from "../name-counts.ts";
import { type ConsumerMember, patternOf } from "./consumer-member.ts";
import type { ResolvedPattern } from "./consumer-records.ts";

/** Members that go, and those that come or are something else now. */
export interface MemberChange {
  readonly leaving: Iterable<ConsumerMember>;
  readonly coming: Iterable<ConsumerMember>;
}

/**
 * What the members of a group are subscribed to (Kafka: `ModernGroup.subscribedTopicNames`), kept as they come and go: each
 * change costs what that member names.
 */
export class Subscriptions {
  /** By topic, how many members name it and how many patterns match it. */
  readonly topics: NameCounts;
  /** By pattern, how many members have it. */
  readonly patterns: NameCounts;
  readonly #base: Subscriptions | undefined;
  /** Topics of patterns. */
  readonly #resolved = new Map<string, ResolvedPattern>();
  #memberCount: number;
  #nameCount: number;

  constructor(base?: Subscriptions) {
    this.#base = base;
    this.topics = new NameCounts(base?.topics);
    this.patterns = new NameCounts(base?.patterns);
    this.#memberCount = base?.memberCount ?? 0;
    this.#nameCount = base?.nameCount ?? 0;
  }

  get memberCount(): number {
    return this.#memberCount;
  }

  /** Topics that members name, each counted for each member. */
  get nameCount(): number {
    return this.#nameCount;
  }

  /** Those of the patterns that are known; of a change, those that it has brought. */
  get resolved(): ReadonlyMap<string, ResolvedPattern> {
    return this.#resolved;
  }

  /** All members are subscribed to the same (Kafka: `SubscriptionType.HOMOGENEOUS`). */
  get isHomogeneous(): boolean {
    const { topics, patterns, memberCount, nameCount } = this;
    if (patterns.size === 0) return topics.size * memberCount === nameCount;
    const [pattern] = patterns;
    return nameCount === 0 && patterns.count(pattern) === memberCount;
  }

  /** What they would be after a change. It holds until these change. */
  after({ leaving, coming }: MemberChange): Subscriptions {
    const next = new Subscriptions(this);
    for (const member of leaving) next.remove(member);
    for (const member of coming) next.add(member);
    return next;
  }

  add(member: ConsumerMember): void {
    this.#count(member, 1);
  }

  remove(member: ConsumerMember): void {
    this.#count(member, -1);
  }

  /** Null: it is not known any more. */
  resolve(pattern: string, resolved: ResolvedPattern | null): void {
    const isUsed = this.patterns.has(pattern);
    if (isUsed) this.topics.add(this.#topicsOf(pattern), -1);
    if (resolved === null) this.#resolved.delete(pattern);
    else this.#resolved.set(pattern, resolved);
    if (isUsed) this.topics.add(this.#topicsOf(pattern), 1);
  }

  #count(member: ConsumerMember, by: 1 | -1): void {
    const { subscribedTopicNames } = member.metadata;
    this.#memberCount += by;
    this.#nameCount += by * subscribedTopicNames.length;
    this.topics.add(subscribedTopicNames, by);
    const pattern = patternOf(member);
    if (pattern === "") return;
    const wasUsed = this.patterns.has(pattern);
    this.patterns.add([pattern], by);
    if (this.patterns.has(pattern) !== wasUsed) this.topics.add(this.#topicsOf(pattern), by);
  }

  #topicsOf(pattern: string): Iterable<string> {
    const { topics } = this.#resolved.get(pattern) ?? {};
    return topics ?? this.#base?.resolved.get(pattern)?.topics ?? [];
  }
}
