import { errorCode } from "../error-code.ts";
import { GroupRefusal } from "./refusal.ts";
import { topicNamesOfPrincipalMax, topicNamesTotalMax } from "./subscription-bound.ts";

/** A group of any type, some of whose members name topics. */
export interface NamingGroup {
  /** Topics that its members are subscribed to by name, each counted for each member. */
  readonly subscribedNameCount: number;
  nameCountOf(memberId: string): number;
}

/** A member that says which topics it reads. */
export interface NamingMember {
  readonly groupId: string;
  readonly memberId: string;
  /** As Kafka writes it, such as `User:ann`. */
  readonly principal: string;
}

/** So many members are remembered before it is looked for the first time who has left. */
const rememberedCountMin = 1000;

/**
 * How many topics the members of all groups name: all of them together, and those of one principal. Who a member belongs to
 * stands in no record: after a restart it is known once the member was heard of.
 */
export class TopicNameBound {
  readonly #groups: ReadonlyMap<string, NamingGroup>;
  /** Of all partitions of `__consumer_offsets`, this one too. */
  readonly #all: () => Iterable<TopicNameBound>;
  readonly #members = new Map<string, NamingMember>();
  #rememberedCountMax = rememberedCountMin;

  constructor(groups: ReadonlyMap<string, NamingGroup>, all: () => Iterable<TopicNameBound>) {
    this.#groups = groups;
    this.#all = all;
  }

  /** A member that named so many topics names others now. @throws GroupRefusal there is no room for those beyond */
  take(member: NamingMember, before: number, now: number): void {
    if (now > before) this.require(member.principal, now - before);
    const key = `${member.groupId}\n${member.memberId}`;
    if (now === 0 || this.#members.get(key)?.principal === member.principal) return;
    this.#members.set(key, member);
    if (this.#members.size > this.#rememberedCountMax) this.#forgetGone();
  }

  /** @throws GroupRefusal so many more are too many, of all or of the principal */
  require(principal: string | undefined, more: number): void {
    let total = more;
    for (const { totalCount } of this.#all()) total += totalCount;
    if (total <= topicNamesOfPrincipalMax) return;
    const remedy = "let some leave, or subscribe by patterns";
    if (total > topicNamesTotalMax)
      throw new GroupRefusal(
        errorCode.groupMaxSizeReached,
        `the members of all groups name ${topicNamesTotalMax} topics; ${remedy}`,
      );
    if (principal === undefined) return;
    let own = more;
    for (const each of this.#all()) own += each.countOf(principal);
    if (own > topicNamesOfPrincipalMax)
      throw new GroupRefusal(
        errorCode.groupMaxSizeReached,
        `the members of ${principal} name ${topicNamesOfPrincipalMax} topics, of the ${topicNamesTotalMax} of all; ${remedy}`,
      );
  }

  /** Members whose principal is known, some of whom may have left. */
  get rememberedCount(): number {
    return this.#members.size;
  }

  get totalCount(): number {
    let count = 0;
    for (const group of this.#groups.values()) count += group.subscribedNameCount;
    return count;
  }

  countOf(principal: string): number {
    let count = 0;
    for (const member of this.#members.values())
      if (member.principal === principal) count += this.#countOfMember(member);
    return count;
  }

  #countOfMember({ groupId, memberId }: NamingMember): number {
    return this.#groups.get(groupId)?.nameCountOf(memberId) ?? 0;
  }

  #forgetGone(): void {
    for (const [key, member] of this.#members)
      if (this.#countOfMember(member) === 0) this.#members.delete(key);
    this.#rememberedCountMax = Math.max(rememberedCountMin, 2 * this.#members.size);
  }
}
