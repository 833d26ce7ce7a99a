/** One partition of a topic (Kafka: `TopicPartition`). */
export interface TopicPartition {
  readonly topic: string;
  /** Partition index, from 0. */
  readonly partition: number;
}

/** Kafka's text form `topic-partition`, for maps, logs and directory names. */
export function topicPartitionName(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

/** Position of a record in its partition. Whole, from 0; -1 where Kafka says "none". */
export type Offset = number;

/** Milliseconds since 1970-01-01 UTC; -1 where Kafka says "none". */
export type Timestamp = number;

/** What Kafka allows: 1 to 249 letters, digits, `.`, `_` and `-`, but neither `.` nor `..` (Kafka: `Topic.validate`). */
export function isTopicName(given: unknown): given is string {
  return typeof given === "string" && /^(?!\.\.?$)[a-zA-Z0-9._-]{1,249}$/.test(given);
}

/** That, for who is to give one. */
export const topicNameAllowed =
  "a topic's name, 1 to 249 of the letters a-z and A-Z, digits, '.', '_' and '-'";
