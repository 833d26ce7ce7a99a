import type { VersionedTopics } from "../topic-lookup.ts";

interface Subscribed {
  readonly subscribedTopicNames: readonly string[];
}

interface Found {
  /** Of the topics. */
  readonly version: number;
  readonly matched: ReadonlySet<string> | undefined;
  readonly ids: readonly string[];
}

/** Ids of the topics that members read: looked up once, as long as neither the topics nor the member change. */
export class TopicIds {
  readonly #found = new WeakMap<Subscribed, Found>();

  /** Of those that exist: what a member names, and what its pattern has matched. */
  of(
    member: Subscribed,
    topics: VersionedTopics,
    matched?: ReadonlySet<string>,
  ): readonly string[] {
    const version = topics.appliedOffset;
    const known = this.#found.get(member);
    if (known?.version === version && known.matched === matched) return known.ids;
    const found = new Set<string>();
    for (const names of [member.subscribedTopicNames, matched ?? []])
      for (const name of names) {
        const topicId = topics.topicId(name);
        if (topicId !== undefined) found.add(topicId);
      }
    const ids = [...found];
    this.#found.set(member, { version, matched, ids });
    return ids;
  }
}
