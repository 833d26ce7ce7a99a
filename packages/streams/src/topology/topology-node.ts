import type { Serde, SerdePart } from "@millrace/serde";

import type { ProcessorSupplier } from "../processor/processor.ts";
import type { RecordInfo } from "../processor/record-info.ts";
import type { TimestampExtractor } from "../processor/timestamp-extractor.ts";
import type { OffsetReset } from "./offset-reset.ts";

export type TopologyNode = SourceNode | ProcessorNode | SinkNode;

/** Reads topics. Has no parents. */
export interface SourceNode {
  readonly kind: "source";
  readonly name: string;
  /** Where the program made it, such as `app.ts:12:4`; undefined where the engine does not tell. */
  readonly place?: string | undefined;
  /** Empty where `pattern` chooses. */
  readonly topics: readonly string[];
  readonly pattern: RegExp | undefined;
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
  readonly timestampExtractor: TimestampExtractor | undefined;
  /** True: a null value is dropped and counted unless the serde takes null. */
  readonly dropsNulls: boolean;
  /** Undefined: as the application says. */
  readonly offsetReset: OffsetReset | undefined;
  readonly parents: readonly [];
}

export interface ProcessorNode {
  readonly kind: "processor";
  readonly name: string;
  /** Where the program made it, such as `app.ts:12:4`; undefined where the engine does not tell. */
  readonly place?: string | undefined;
  readonly supplier: ProcessorSupplier;
  /** True: a user's own, whose records are looked at where it forwards them. */
  readonly isByHand?: boolean;
  /** Names of the stores it may use. */
  readonly stores: readonly string[];
  /** Beside those that its stores have. */
  readonly serdeUses?: readonly NodeSerdeUse[];
  readonly parents: readonly string[];
}

/** Bytes that a processor makes and reads by itself. */
export interface NodeSerdeUse {
  readonly serde: Serde<unknown>;
  readonly part: SerdePart;
  /** What the serde is told, without the application's id in front. */
  readonly topic: string;
}

/** Writes to a topic. Has no children. */
export interface SinkNode {
  readonly kind: "sink";
  readonly name: string;
  /** Where the program made it, such as `app.ts:12:4`; undefined where the engine does not tell. */
  readonly place?: string | undefined;
  readonly topic: string | TopicNameExtractor;
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
  /** Undefined: by Kafka's hash of the key's bytes. */
  readonly partitioner: StreamPartitioner | undefined;
  readonly parents: readonly string[];
}

/**
 * Chooses the topic record by record (Kafka: `TopicNameExtractor`). The topics must exist.
 *
 * @throws CallbackError `CALLBACK_GAVE_NO_TOPIC` in place of what it gives, where no topic can be called that
 */
export type TopicNameExtractor<K = unknown, V = unknown> = (
  value: V,
  key: K,
  record: RecordInfo,
) => string;

/**
 * Chooses the partition (Kafka: `StreamPartitioner`), or several, each of which gets the record; none (`[]`) drops it,
 * counted; undefined leaves it to the default. Which partition a record belongs to must not change with the time.
 *
 * @example const byRegion: StreamPartitioner<string, Order> = (order, _id, partitionCount) => order.region % partitionCount;
 */
export type StreamPartitioner<K = unknown, V = unknown> = (
  value: V,
  key: K,
  partitionCount: number,
  topic: string,
) => number | readonly number[] | undefined;
