import { partitionForKey, type Headers, type Timestamp } from "@millrace/model";
import type { BatchWriter, PartitionWriter } from "@millrace/cluster";

import { StreamsError } from "../error/streams-error.ts";

/** Where the records of a task go: sinks, repartition topics, changelogs, dead letters (Kafka: `RecordCollector`). */
export interface RecordCollector {
  /** The appender of a topic, which finds the partition by the key. Take it once, keep it. */
  topic(topic: string): TopicAppender;
  /** The appender of one partition: for changelogs. */
  partition(topic: string, partition: number): RecordAppender;
  /** False: stop processing after the record under way, and wait until there is room again. */
  readonly hasRoom: boolean;
}

/** A `PartitionWriter` of the cluster port fits. */
export interface RecordAppender {
  /** Copies the bytes before it returns. */
  append(
    timestamp: Timestamp,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Headers,
  ): unknown;
}

export interface TopicAppender extends RecordAppender {
  readonly partitionCount: number;
  /** The appender of one of its partitions, chosen by a partitioner of the user's. */
  partition(partition: number): RecordAppender;
}

/** Bytes of records without a key that go to one partition before the next one has its turn. */
const stickyBytes = 16 * 1024;

/**
 * Appends to a cluster through a `BatchWriter`. Kafka's partitioner: murmur2 of the key's bytes; records without
 * a key stay with a partition for 16 KiB. The topics must have been prepared.
 */
export class ClusterRecordCollector implements RecordCollector {
  readonly #writer: BatchWriter;
  readonly #topics = new Map<string, TopicAppender>();

  constructor(writer: BatchWriter) {
    this.#writer = writer;
  }

  get hasRoom(): boolean {
    return this.#writer.hasRoom;
  }

  topic(topic: string): TopicAppender {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    const count = this.#writer.partitionCount(topic);
    if (count === undefined)
      throw new StreamsError(
        "UNKNOWN_SINK_TOPIC",
        `topic ${topic} was not there when the application started; create it, and name it among the topics of the sink`,
        { topic },
      );
    const writers: PartitionWriter[] = [];
    for (let partition = 0; partition < count; partition++)
      writers.push(this.#writer.partition(topic, partition));
    const appender = new KeyedAppender(writers);
    this.#topics.set(topic, appender);
    return appender;
  }

  partition(topic: string, partition: number): RecordAppender {
    return this.#writer.partition(topic, partition);
  }
}

class KeyedAppender implements TopicAppender {
  readonly #writers: readonly PartitionWriter[];
  #sticky = 0;
  #stickyBytes = 0;

  constructor(writers: readonly PartitionWriter[]) {
    this.#writers = writers;
  }

  get partitionCount(): number {
    return this.#writers.length;
  }

  partition(partition: number): RecordAppender {
    const writer = this.#writers[partition];
    if (writer === undefined)
      throw new StreamsError(
        "PRODUCTION_FAILED",
        `a partitioner chose partition ${partition} of ${this.#writers.length}; it must give one from 0`,
      );
    return writer;
  }

  append(
    timestamp: Timestamp,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Headers,
  ): boolean {
    const count = this.#writers.length;
    if (count === 1) return this.#writers[0].append(timestamp, key, value, headers);
    if (key !== null)
      return this.#writers[partitionForKey(key, count)].append(timestamp, key, value, headers);
    this.#stickyBytes += (value === null ? 0 : value.length) + 16;
    if (this.#stickyBytes > stickyBytes) {
      this.#stickyBytes = 0;
      this.#sticky = (this.#sticky + 1) % count;
    }
    return this.#writers[this.#sticky].append(timestamp, key, value, headers);
  }
}
