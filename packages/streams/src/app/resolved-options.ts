import { readOptions } from "@millrace/model";
import type { RecordingLevel, Tracing } from "@millrace/platform";

import type { RestoreListener } from "../runtime/state/restore-event.ts";
import type { OffsetReset } from "../topology/offset-reset.ts";
import type { StateListener } from "./application-state.ts";
import { groupConfigOf, type GroupConfig } from "./group-options.ts";
import type { SnapshotPlace } from "./snapshot-place.ts";
import {
  commitIntervalMsExactlyOnce,
  streamsOptionTable,
  type StreamsOptions,
} from "./streams-options.ts";
import type { UncaughtErrorPolicy } from "./uncaught-error.ts";

const commitIntervalMsAtLeastOnce = 30_000;

/** Options with defaults filled in and units resolved. */
export interface ResolvedStreamsOptions {
  readonly applicationId: string;
  readonly stateDirectory: string | undefined;
  readonly isExactlyOnce: boolean;
  readonly commitIntervalMs: number;
  readonly cacheBytesMax: number;
  readonly uncommittedBytesMax: number;
  readonly bufferedRecordsMax: number;
  readonly sliceMs: number;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly transactionTimeoutMs: number;
  readonly autoOffsetReset: OffsetReset;
  readonly replicationFactor: number;
  readonly closeTimeoutMs: number;
  readonly taskTimeoutMs: number;
  readonly serdeTimeoutMs: number;
  readonly maxTaskIdleMs: number;
  readonly metadataAgeMsMax: number;
  readonly applicationServer: string | undefined;
  readonly querySecret: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onStateChange: StateListener | undefined;
  readonly onRestore: RestoreListener | undefined;
  readonly stateFrom: SnapshotPlace | undefined;
  readonly stateFromAgeMsMax: number;
  readonly stateCleanupDelayMs: number;
  /** Undefined: state of any age is taken. */
  readonly stateAgeMsMax: number | undefined;
  readonly threads: number;
  readonly onUncaughtError: UncaughtErrorPolicy;
  readonly recordingLevel: RecordingLevel;
  readonly tracing: Tracing | undefined;
  readonly requestBytesMax: number;
  readonly compression: "none" | "gzip" | "zstd";
  readonly group: GroupConfig;
  readonly errors: Pick<
    StreamsOptions,
    "onDeserializationError" | "onProcessingError" | "onProductionError" | "deadLetterTopic"
  >;
}

/** @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION` */
export function resolveOptions(options: StreamsOptions): ResolvedStreamsOptions {
  const read = readOptions(streamsOptionTable, options);
  const isExactlyOnce = read.processingGuarantee === "exactly_once";
  return {
    applicationId: read.applicationId,
    stateDirectory: read.stateDirectory,
    isExactlyOnce,
    commitIntervalMs:
      read.commitInterval ??
      (isExactlyOnce ? commitIntervalMsExactlyOnce : commitIntervalMsAtLeastOnce),
    cacheBytesMax: read.cacheBytesMax,
    uncommittedBytesMax: read.uncommittedBytesMax,
    bufferedRecordsMax: read.bufferedRecordsPerPartition,
    sliceMs: read.slice,
    sessionTimeoutMs: read.sessionTimeout,
    heartbeatIntervalMs: read.heartbeatInterval,
    transactionTimeoutMs: read.transactionTimeout,
    autoOffsetReset: read.autoOffsetReset ?? "earliest",
    replicationFactor: read.replicationFactor,
    closeTimeoutMs: read.closeTimeout,
    taskTimeoutMs: read.taskTimeout,
    serdeTimeoutMs: read.serdeTimeout,
    maxTaskIdleMs: read.maxTaskIdle,
    metadataAgeMsMax: read.metadataMaxAge,
    applicationServer: read.applicationServer,
    querySecret: read.querySecret,
    signal: read.signal,
    onStateChange: read.onStateChange,
    onRestore: read.onRestore,
    stateFrom: read.stateFrom,
    stateFromAgeMsMax: read.stateFromMaxAge,
    stateCleanupDelayMs: read.stateCleanupDelay,
    stateAgeMsMax: read.stateMaxAge,
    threads: read.threads,
    onUncaughtError: read.onUncaughtError ?? "shutdownClient",
    recordingLevel: read.metricsRecordingLevel,
    tracing: read.tracing,
    requestBytesMax: read.requestBytesMax,
    compression: read.compression,
    group: groupConfigOf(read),
    errors: definedOnly({
      onDeserializationError: read.onDeserializationError,
      onProcessingError: read.onProcessingError,
      onProductionError: read.onProductionError,
      deadLetterTopic: read.deadLetterTopic,
    }),
  };
}

function definedOnly<Given extends object>(given: Given): Given {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Given; // fewer of optional fields is the same type
}
