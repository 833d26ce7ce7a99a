/** A topic as the metadata log says it is. Frozen: a change makes a new one. */
export interface TopicImage {
  readonly name: string;
  /** Text form of the UUID. */
  readonly topicId: string;
  readonly partitionCount: number;
  /** What is set for the topic, by Kafka's names. */
  readonly properties: ReadonlyMap<string, string>;
}

const internalTopics: ReadonlySet<string> = new Set([
  "__consumer_offsets",
  "__transaction_state",
  "__share_group_state",
]);

/** Kafka: `Topic.isInternal`. */
export function isInternalTopic(name: string): boolean {
  return internalTopics.has(name);
}
