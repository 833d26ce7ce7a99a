import type { Offset } from "@millrace/model";
import type {
  Clock,
  Logger,
  LoopTracing,
  Metrics,
  RecordingLevel,
  Timers,
} from "@millrace/platform";
import type { TaskStores } from "@millrace/state";

import type { ErrorPlace, StreamsError } from "../error/streams-error.ts";
import type { NodeTaps } from "../processor/record-tap.ts";
import type { TaskId } from "../processor/task-id.ts";
import type { Subtopology } from "../topology/subtopology.ts";
import type { ErrorPolicy } from "./error-policy.ts";
import type { GlobalStores } from "./global-stores.ts";
import type { RecordCollector } from "./record-collector.ts";
import type { TaskRecordContext } from "./task-record-context.ts";

/** What a `StreamTask` is made of. Whoever makes it has opened and restored the stores. */
export interface StreamTaskOptions {
  readonly taskId: TaskId;
  readonly subtopology: Subtopology;
  /** Topics read; default: the sub-topology's source topics. Those that a pattern has matched are to be added. */
  readonly inputTopics?: readonly string[];
  /** Opened with `storeOpenings(subtopology, …)` and the `recordContext` below. Closed with the task. */
  readonly stores: TaskStores;
  /** Those of the process; undefined: it has none. */
  readonly globalStores?: GlobalStores | undefined;
  readonly recordContext: TaskRecordContext;
  readonly collector: RecordCollector;
  /** Who listens to what the nodes pass on; undefined: nobody ever does. */
  readonly taps?: NodeTaps;
  /**
   * How many records of an input topic the cluster has beyond those that were added, as of the last fetch;
   * undefined: not known yet. With it the task waits for an empty input as `maxTaskIdleMs` says; without it, never.
   */
  readonly lag?: (topic: string) => number | undefined;
  /**
   * Where the reader of an input topic stands, all that it gave having been added: it may be further on than the last
   * record, past control records and those of aborted transactions.
   */
  readonly position?: (topic: string) => Offset | undefined;
  /** Committed beside each offset. */
  readonly processorMetadata?: ReadonlyMap<string, number>;
  readonly clock: Clock;
  /** Of the timeouts and back-offs of calls that operators await. */
  readonly timers: Pick<Timers, "after">;
  /** Told from outside of all calls of the task that `process` may have something to do. */
  readonly wake: () => void;
  /** Records whose serdes must first fetch something: the task stops before the first of them. */
  readonly heldPlaces?: () => readonly RecordPlace[];
  /** True: what waits for its serde there has waited for too long, and has failed. Default: nothing has. */
  readonly hasWaitedTooLong?: (place: RecordPlace) => boolean;
  readonly metrics: Metrics;
  /** Default `info`. */
  readonly recordingLevel?: RecordingLevel;
  /** Undefined: nobody traces. */
  readonly tracing?: LoopTracing | undefined;
  readonly logger: Logger;
  /** Told of each record that is left out on purpose. */
  readonly onDrop?: (reason: string, place: ErrorPlace) => void;
  /** Told of each error that a policy has passed over. */
  readonly onPassedOver?: (error: StreamsError) => void;
  readonly config: TaskConfig;
}

/** Which record is under way; topic null: none, such as for a timer. */
export interface RecordPlace {
  readonly topic: string | null;
  readonly partition: number;
  readonly offset: Offset;
}

export const defaultSerdeTimeoutMs = 30_000;

export interface TaskConfig {
  readonly applicationId: string;
  /** `isFull(topic)` from then on (Kafka: `buffered.records.per.partition`). Default 1000. */
  readonly bufferedRecordsPerPartitionMax?: number;
  /**
   * How long to wait for records of an input that has none left, so that inputs are taken in the order of their
   * times (Kafka: `max.task.idle.ms`). Default 0: only while the cluster has some. -1: never.
   */
  readonly maxTaskIdleMs?: number;
  /**
   * How long a record waits for what its serde must first fetch, until it counts as one that cannot be read, or written.
   * Default 30 s.
   */
  readonly serdeTimeoutMs?: number;
  /** A record that a serde cannot read (Kafka: `deserialization.exception.handler`). Default `fail`. */
  readonly onDeserializationError?: ErrorPolicy;
  /** A processor or callback that throws (Kafka: `processing.exception.handler`). Default `fail`. */
  readonly onProcessingError?: ErrorPolicy;
  /** A record that cannot be written (Kafka: `production.exception.handler`). Default `fail`. */
  readonly onProductionError?: ErrorPolicy;
  /**
   * How often, by the wall clock, windows that have closed and records that found no partner are looked for. Default
   * 1000 (Kafka's internal `__emit.interval.ms.…`).
   */
  readonly emitIntervalMs?: number;
  /** Where the built-in policies send the records that they leave out, or fail on (KIP-1034). */
  readonly deadLetterTopic?: string;
}
