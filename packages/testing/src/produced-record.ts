import type { Headers, Timestamp } from "@millrace/model";
import type { RecordCollector, TopicAppender } from "@millrace/streams";

/** A record that a topology has written to any topic: sinks, repartition topics, changelogs, dead letters. */
export interface ProducedRecord {
  readonly topic: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly timestamp: Timestamp;
  readonly headers: Headers;
}

/** Keeps what a task writes, in the order in which it does. Every topic has one partition. */
export class RecordingCollector implements RecordCollector {
  readonly hasRoom = true;
  readonly #onRecord: (record: ProducedRecord) => void;

  constructor(onRecord: (record: ProducedRecord) => void) {
    this.#onRecord = onRecord;
  }

  topic(topic: string): TopicAppender {
    const append: TopicAppender["append"] = (timestamp, key, value, headers) => {
      this.#onRecord({
        topic,
        key: key === null ? null : key.slice(),
        value: value === null ? null : value.slice(),
        timestamp,
        headers,
      });
    };
    const appender: TopicAppender = { partitionCount: 1, append, partition: () => appender };
    return appender;
  }

  partition(topic: string): TopicAppender {
    return this.topic(topic);
  }
}
