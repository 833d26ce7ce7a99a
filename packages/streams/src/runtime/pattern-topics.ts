import type { ClusterAdmin, TopicDescription } from "@millrace/cluster";

import { ApplicationError } from "../error/application-error.ts";
import type { CopartitionGroup, InternalTopic } from "../topology/subtopology.ts";
import { matches } from "../topology/topology-builder.ts";

/** What is known of a sub-topology's topics before a pattern is looked up. */
interface PatternReader {
  readonly sourceTopics: readonly string[];
  readonly sourcePatterns: readonly RegExp[];
  readonly copartitionGroups?: readonly CopartitionGroup[];
  readonly repartitionTopics: readonly InternalTopic[];
  readonly changelogTopics: readonly (InternalTopic & { readonly isSourceTopic: boolean })[];
}

/**
 * The topics that sources read by a pattern (Kafka: `SubscriptionUpdates`): members subscribe to what they see, the
 * leader lays out what they have subscribed to. What the application makes for itself never matches.
 */
export class PatternTopics {
  readonly #readers: readonly PatternReader[];
  readonly #patterns: readonly RegExp[];
  #present: ReadonlyMap<string, TopicDescription> = new Map();

  constructor(readers: readonly PatternReader[]) {
    this.#readers = readers;
    this.#patterns = readers.flatMap(({ sourcePatterns }) => sourcePatterns);
  }

  /** True: no source has a pattern. */
  get areNone(): boolean {
    return this.#patterns.length === 0;
  }

  /** Those that matched when they were looked at last. */
  get present(): ReadonlyMap<string, TopicDescription> {
    return this.#present;
  }

  has(topic: string): boolean {
    return matchesAny(this.#patterns, topic);
  }

  /** @throws ApplicationError `TOPIC_MATCHED_TWICE` */
  async look(admin: ClusterAdmin, signal: AbortSignal): Promise<void> {
    if (this.areNone) return;
    const topics = new Map(
      (await admin.listTopics(signal))
        .filter(({ isInternal }) => !isInternal)
        .map((topic) => [topic.name, topic]),
    );
    const found = withMatchedTopics(this.#readers, [...topics.keys()]).flatMap(
      ({ matchedTopics }) => matchedTopics,
    );
    this.#present = new Map(
      found.flatMap((name) => {
        const topic = topics.get(name);
        return topic === undefined ? [] : [[name, topic]];
      }),
    );
  }
}

/**
 * Sub-topologies with those of the topics that their patterns match.
 *
 * @throws ApplicationError `TOPIC_MATCHED_TWICE`
 */
export function withMatchedTopics<Reader extends PatternReader>(
  readers: readonly Reader[],
  topics: readonly string[],
): readonly (Reader & { readonly matchedTopics: readonly string[] })[] {
  const taken = new Set(readers.flatMap(knownTopics));
  const matchedBy = new Map<string, RegExp>();
  return readers.map((reader) => {
    const matched = topics.filter(
      (topic) => !taken.has(topic) && take(topic, reader.sourcePatterns, matchedBy),
    );
    const sourceTopics = [...reader.sourceTopics, ...matched].sort();
    const copartitionGroups = reader.copartitionGroups?.map(({ topics: named, patterns }) => ({
      topics: [...named, ...matched.filter((topic) => matchesAny(patterns, topic))],
      patterns,
    }));
    return { ...reader, sourceTopics, matchedTopics: matched, copartitionGroups };
  });
}

function matchesAny(patterns: readonly RegExp[], topic: string): boolean {
  return patterns.some((pattern) => matches(pattern, topic));
}

function take(topic: string, patterns: readonly RegExp[], matchedBy: Map<string, RegExp>): boolean {
  const found = patterns.filter((pattern) => matches(pattern, topic));
  for (const pattern of found) {
    const other = matchedBy.get(topic);
    if (other !== undefined)
      throw new ApplicationError(
        "TOPIC_MATCHED_TWICE",
        `topic ${topic} matches the patterns of two sources, ${other.source} and ${pattern.source}; a topic may belong to one source only`,
      );
    matchedBy.set(topic, pattern);
  }
  return found.length > 0;
}

function knownTopics({
  sourceTopics,
  repartitionTopics,
  changelogTopics,
}: PatternReader): readonly string[] {
  return [...sourceTopics, ...[...repartitionTopics, ...changelogTopics].map(({ name }) => name)];
}
