/** What coordinators ask of the topic metadata. */
export interface TopicLookup {
  /** Undefined where there is no such topic. */
  partitionCount(topic: string): number | undefined;
  /** Text form of the UUID; undefined where there is no such topic. */
  topicId(topic: string): string | undefined;
  topicName(topicId: string): string | undefined;
}

/** The topics, and a number that changes whenever they may have changed. */
export interface VersionedTopics extends TopicLookup {
  readonly appliedOffset: number;
  /** Of the last time that a topic came or went. */
  readonly namesOffset: number;
  topicNames(): Iterable<string>;
}
