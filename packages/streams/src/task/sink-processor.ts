import { invariant, partitionForKey, type Headers } from "@millrace/model";
import type { LoopTracing } from "@millrace/platform";
import { SerdeError, SerdeScratch, WritePlace } from "@millrace/serde";

import { isProgramMistake } from "../error/program-mistake.ts";
import { errorPlace } from "../processor/error-place.ts";
import { StreamsError, reasonOf } from "../error/streams-error.ts";
import {
  requirePartition,
  requireSynchronous,
  requireTopicName,
} from "../processor/callback-result.ts";
import type { Processor, ProcessorContext } from "../processor/processor.ts";
import { CallbackRecord } from "../processor/record-info.ts";
import type { StreamRecord } from "../processor/stream-record.ts";
import type { SinkNode, StreamPartitioner } from "../topology/topology-node.ts";
import type { RecordAppender, RecordCollector, TopicAppender } from "./record-collector.ts";

type PartitionChoice = ReturnType<StreamPartitioner>;

interface Outgoing {
  readonly record: StreamRecord;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

/** What a sink tells its task. */
export interface SinkOwner {
  /** A record was handed to the collector. */
  onSent(): void;
  /** True: what the serde threw is no error, but a wait. */
  isPending(thrown: unknown): boolean;
  /** Comes back to leave the record out; else throws. */
  onProductionError(error: StreamsError): void;
}

export interface SinkParts {
  readonly collector: RecordCollector;
  readonly owner: SinkOwner;
  /** Undefined: nobody traces. */
  readonly tracing: LoopTracing | undefined;
}

/** Writes what reaches a sink node, with the bytes it came with where serdes allow (Kafka: `SinkNode`). */
export class SinkProcessor implements Processor {
  readonly #node: SinkNode;
  readonly #collector: RecordCollector;
  readonly #owner: SinkOwner;
  readonly #tracing: LoopTracing | undefined;
  /** The collector copies what it is given. */
  readonly #keyScratch = new SerdeScratch();
  readonly #valueScratch = new SerdeScratch();
  readonly #keyPlace = new WritePlace("key");
  readonly #valuePlace = new WritePlace("value");
  #context: ProcessorContext | undefined;
  #appender: TopicAppender | undefined;
  /** What a topic extractor is shown. */
  #info: CallbackRecord | undefined;

  constructor(node: SinkNode, { collector, owner, tracing }: SinkParts) {
    this.#node = node;
    this.#collector = collector;
    this.#owner = owner;
    this.#tracing = tracing;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#info = new CallbackRecord(context);
    const { topic } = this.#node;
    if (typeof topic === "string") this.#appender = this.#collector.topic(topic, this.#node.name);
  }

  process(record: StreamRecord): void {
    const { topic: choice, keySerde, valueSerde } = this.#node;
    const topic = typeof choice === "string" ? choice : this.#chooseTopic(record);
    let key: Uint8Array | null;
    let value: Uint8Array | null;
    try {
      key = record.keyBytes(keySerde, topic, this.#keyPlace.at(record.headers), this.#keyScratch);
      const place = this.#valuePlace.at(this.#keyPlace.headers);
      value = record.valueBytes(valueSerde, topic, place, this.#valueScratch);
    } catch (cause) {
      this.#refuse(topic, cause);
      return;
    }
    const appender = this.#appender ?? this.#collector.topic(topic, this.#node.name);
    const { partitioner } = this.#node;
    const own = this.#valuePlace.headers;
    const headers = this.#tracing === undefined ? own : this.#tracing.sent(topic, own);
    const outgoing = { record, key, value, headers };
    if (partitioner === undefined) this.#send(this.#byKey(key, appender), outgoing);
    else
      this.#sendWhere(
        partitioner(record.value, record.key, appender.partitionCount, topic),
        appender,
        outgoing,
      );
  }

  #send(appender: RecordAppender, { record, key, value, headers }: Outgoing): void {
    appender.append(record.timestamp, key, value, headers);
    this.#owner.onSent();
  }

  #sendWhere(choice: PartitionChoice, appender: TopicAppender, outgoing: Outgoing): void {
    const chosen = requireSynchronous(choice, "the partitioner");
    if (chosen === undefined) {
      this.#send(appender, outgoing);
      return;
    }
    if (!Array.isArray(chosen)) {
      this.#send(appender.partition(requirePartition(chosen)), outgoing);
      return;
    }
    if (chosen.length === 0)
      this.#context?.dropRecord(`the partitioner of ${this.#node.name} chose no partition`);
    // All are found before one is written to: who gets half of a record would go on with it.
    const appenders = [...new Set(chosen)].map((one) => appender.partition(requirePartition(one)));
    for (const one of appenders) this.#send(one, outgoing);
  }

  #chooseTopic(record: StreamRecord): string {
    const { topic } = this.#node;
    if (typeof topic === "string") return topic;
    const info = this.#info;
    invariant(info !== undefined, "TASK-1", "a sink was given a record before its context");
    const chosen = topic(record.value, record.key, info.of(record));
    info.over();
    return requireTopicName(chosen, "the topic extractor");
  }

  #byKey(key: Uint8Array | null, appender: TopicAppender): RecordAppender {
    const part = key === null ? undefined : this.#node.keySerde.partitionedBy?.(key);
    if (part === undefined) return appender;
    return appender.partition(partitionForKey(part, appender.partitionCount));
  }

  #refuse(topic: string, cause: unknown): void {
    const isRead = cause instanceof SerdeError && cause.code === "DESERIALIZATION_FAILED";
    if (isRead || this.#owner.isPending(cause)) throw cause;
    this.#owner.onProductionError(
      new StreamsError(
        "PRODUCTION_FAILED",
        `a record for topic ${topic} cannot be written: ${reasonOf(cause)}${isProgramMistake(cause) ? "" : ". Give the sink the serde of its values, or set onProductionError"}`,
        {
          ...(this.#context && errorPlace(this.#context)),
          cause,
        },
      ),
    );
  }
}
