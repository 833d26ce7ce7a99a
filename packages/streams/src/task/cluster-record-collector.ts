import { partitionForKey, type Headers, type Timestamp } from "@millrace/model";
import type { Counter } from "@millrace/platform";
import { ClusterError, type BatchWriter, type PartitionWriter } from "@millrace/cluster";
import type { RecordContext } from "@millrace/state";

import { CallbackError } from "../error/callback-error.ts";
import { StreamsError } from "../error/streams-error.ts";
import type {
  RecordAppender,
  RecordCollector,
  RefusalOwner,
  TopicAppender,
} from "./record-collector.ts";
import { sourceTopicOf } from "../processor/unknown-input.ts";
import type { PartitionOrigins } from "./partition-origins.ts";
import type { WriteOrigins } from "./write-origins.ts";
import type { WriteSource } from "./write-source.ts";
import type { WrittenRecord } from "./written-record.ts";

/** Records between two looks for partitions that were added. */
const recordsPerLook = 64;
/** Bytes of records without a key that go to one partition before the next one has its turn. */
const stickyBytes = 16 * 1024;

export interface ClusterRecordCollectorOptions {
  readonly writer: BatchWriter;
  /** Of the task: says which record is under way. */
  readonly context: RecordContext;
  /** Shared by all that append to the writer. */
  readonly origins: WriteOrigins;
  readonly internalTopics?: ReadonlySet<string>;
  /** For what is appended to a topic by sinks. */
  readonly counters?: (topic: string) => ProducedCounters;
}

/** Bytes are those of keys and values. */
export interface ProducedCounters {
  readonly records: Counter;
  readonly bytes: Counter;
}

/**
 * Appends to a cluster through a `BatchWriter`, for one task. Kafka's partitioner: murmur2 of the key's bytes;
 * records without a key stay with a partition for 16 KiB. The topics must have been prepared. Partitions that are
 * added later are used as soon as the writer knows them, but for those of internal topics: tasks are laid out for
 * what there was.
 */
export class ClusterRecordCollector implements RecordCollector {
  failure: unknown = undefined;
  readonly #options: ClusterRecordCollectorOptions;
  readonly #topics = new Map<string, TopicAppender>();
  #owner: RefusalOwner | undefined;

  constructor(options: ClusterRecordCollectorOptions) {
    this.#options = options;
  }

  get hasRoom(): boolean {
    return this.#options.writer.hasRoom;
  }

  reportTo(owner: RefusalOwner): void {
    this.#owner = owner;
  }

  topic(topic: string, node?: string): TopicAppender {
    const name = `${topic}\n${node ?? ""}`;
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const { writer, internalTopics, context } = this.#options;
    if (writer.partitionCount(topic) === undefined)
      throw new StreamsError(
        "UNKNOWN_SINK_TOPIC",
        `topic ${topic} is not there, or has not been there for metadataMaxAge; create it before records are written to it`,
        {
          ...(node === undefined ? {} : { node }),
          ...(context.topic === null
            ? {}
            : { topic: context.topic, partition: context.partition, offset: context.offset }),
        },
      );
    const source = this.#source({ node, isChangelog: false });
    const counters = this.#options.counters?.(topic);
    const appender = new KeyedAppender({
      topic,
      writer,
      isFixed: internalTopics?.has(topic) === true,
      appenderOf: (partition) =>
        this.#appender(writer.partition(topic, partition), source, counters),
    });
    this.#topics.set(name, appender);
    return appender;
  }

  partition(topic: string, partition: number): RecordAppender {
    const source = this.#source({ node: undefined, isChangelog: true });
    return this.#appender(this.#options.writer.partition(topic, partition), source);
  }

  #source(who: Pick<WriteSource, "node" | "isChangelog">): WriteSource {
    return {
      ...who,
      context: this.#options.context,
      onRefused: (record, cause) => {
        if (this.#owner === undefined) throw cause;
        this.#owner.onRefused(record, cause);
      },
    };
  }

  #appender(
    writer: PartitionWriter,
    source: WriteSource,
    counters?: ProducedCounters,
  ): RecordAppender {
    const origins = this.#options.origins.of(writer);
    return new PartitionAppender({ writer, origins, source, counters }, (failure) => {
      this.failure = failure;
    });
  }
}

interface PartitionAppenderParts {
  readonly writer: PartitionWriter;
  readonly origins: PartitionOrigins;
  readonly source: WriteSource;
  readonly counters: ProducedCounters | undefined;
}

/** Notes for whom it appends, and has somebody decide about records beyond the writer's bound. */
class PartitionAppender implements RecordAppender {
  readonly #writer: PartitionWriter;
  readonly #origins: PartitionOrigins;
  readonly #source: WriteSource;
  readonly #counters: ProducedCounters | undefined;
  readonly #onFailure: (failure: unknown) => void;

  constructor(
    { writer, origins, source, counters }: PartitionAppenderParts,
    onFailure: (failure: unknown) => void,
  ) {
    this.#writer = writer;
    this.#origins = origins;
    this.#source = source;
    this.#counters = counters;
    this.#onFailure = onFailure;
  }

  append(
    timestamp: Timestamp,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Headers,
  ): void {
    const writer = this.#writer;
    const index = writer.appendedCount;
    try {
      writer.append(timestamp, key, value, headers);
    } catch (cause) {
      if (!isTooLarge(cause)) {
        this.#onFailure(cause);
        throw cause;
      }
      this.#source.onRefused(this.#describe(timestamp, headers), cause);
      return;
    }
    this.#origins.note(index, this.#source);
    if (this.#counters === undefined) return;
    this.#counters.records.add(1);
    this.#counters.bytes.add((key?.length ?? 0) + (value?.length ?? 0));
  }

  #describe(timestamp: Timestamp, headers: Headers): WrittenRecord {
    const { topic, partition } = this.#writer;
    const { node, isChangelog, context } = this.#source;
    return {
      topic,
      partition,
      timestamp,
      headers,
      node,
      isChangelog,
      inputTopic: sourceTopicOf(context) ?? "",
      inputPartition: context.partition,
      inputOffset: context.offset,
    };
  }
}

function isTooLarge(cause: unknown): boolean {
  return cause instanceof ClusterError && cause.code === "RECORD_TOO_LARGE";
}

interface KeyedAppenderOptions {
  readonly topic: string;
  readonly writer: BatchWriter;
  /** True: what partitions there are now is all that it uses. */
  readonly isFixed: boolean;
  readonly appenderOf: (partition: number) => RecordAppender;
}

class KeyedAppender implements TopicAppender {
  readonly #options: KeyedAppenderOptions;
  /** Made with the first record for each: tasks are as many as partitions, and most write to few of them. */
  readonly #partitions: (RecordAppender | undefined)[] = [];
  #count = 0;
  #sticky = 0;
  #stickyBytes = 0;
  #untilLook = recordsPerLook;

  constructor(options: KeyedAppenderOptions) {
    this.#options = options;
    this.#grow();
  }

  get partitionCount(): number {
    if (!this.#options.isFixed) this.#grow();
    return this.#count;
  }

  partition(partition: number): RecordAppender {
    const count = this.partitionCount;
    if (!(Number.isInteger(partition) && partition >= 0 && partition < count))
      throw new CallbackError(
        "CALLBACK_GAVE_NO_PARTITION",
        "the partitioner",
        `${partition} for a partition of topic ${this.#options.topic}; return one from 0 to ${count - 1}, such as by the number of partitions that it is given, or undefined for the default`,
      );
    return this.#appender(partition);
  }

  append(
    timestamp: Timestamp,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Headers,
  ): void {
    this.#appender(this.#choose(key, value)).append(timestamp, key, value, headers);
  }

  #appender(partition: number): RecordAppender {
    return (this.#partitions[partition] ??= this.#options.appenderOf(partition));
  }

  #grow(): void {
    const { topic, writer } = this.#options;
    this.#count = Math.max(this.#count, writer.partitionCount(topic) ?? 0);
  }

  #choose(key: Uint8Array | null, value: Uint8Array | null): number {
    if (--this.#untilLook <= 0) {
      this.#untilLook = recordsPerLook;
      if (!this.#options.isFixed) this.#grow();
    }
    const count = this.#count;
    if (count === 1) return 0;
    if (key !== null) return partitionForKey(key, count);
    this.#stickyBytes += (value === null ? 0 : value.length) + 16;
    if (this.#stickyBytes > stickyBytes) {
      this.#stickyBytes = 0;
      this.#sticky = (this.#sticky + 1) % count;
    }
    return this.#sticky;
  }
}
