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
 * a key stay with a partition for 16 KiB. The topics must have been prepared. Partitions that are added later are
 * used as soon as the writer knows them, but for those of internal topics: tasks are laid out for what there was.
 */
export class ClusterRecordCollector implements RecordCollector {
  readonly #writer: BatchWriter;
  readonly #internalTopics: ReadonlySet<string>;
  readonly #topics = new Map<string, TopicAppender>();

  constructor(writer: BatchWriter, internalTopics: ReadonlySet<string> = new Set()) {
    this.#writer = writer;
    this.#internalTopics = internalTopics;
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
        `topic ${topic} is not there, or has not been there for metadataMaxAge; create it before records are written to it`,
        { topic },
      );
    const appender = new KeyedAppender(topic, this.#writer, {
      isFixed: this.#internalTopics.has(topic),
    });
    this.#topics.set(topic, appender);
    return appender;
  }

  partition(topic: string, partition: number): RecordAppender {
    return this.#writer.partition(topic, partition);
  }
}

class KeyedAppender implements TopicAppender {
  readonly #topic: string;
  readonly #writer: BatchWriter;
  readonly #isFixed: boolean;
  readonly #writers: PartitionWriter[] = [];
  #sticky = 0;
  #stickyBytes = 0;

  constructor(topic: string, writer: BatchWriter, { isFixed }: { readonly isFixed: boolean }) {
    this.#topic = topic;
    this.#writer = writer;
    this.#isFixed = isFixed;
    this.#grow();
  }

  get partitionCount(): number {
    if (!this.#isFixed) this.#grow();
    return this.#writers.length;
  }

  #grow(): void {
    const count = this.#writer.partitionCount(this.#topic) ?? 0;
    while (this.#writers.length < count)
      this.#writers.push(this.#writer.partition(this.#topic, this.#writers.length));
  }

  partition(partition: number): RecordAppender {
    const writer = partition < this.partitionCount ? this.#writers[partition] : undefined;
    if (writer === undefined)
      throw new StreamsError(
        "PRODUCTION_FAILED",
        `a partitioner chose partition ${partition} of ${this.partitionCount}; it must give one from 0`,
      );
    return writer;
  }

  append(
    timestamp: Timestamp,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Headers,
  ): boolean {
    const count = this.partitionCount;
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
