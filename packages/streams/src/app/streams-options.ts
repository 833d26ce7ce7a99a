import type { ClusterClient } from "@millrace/cluster";
import { toMilliseconds, type Duration } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import type { StoreEngineProvider } from "@millrace/state";

import type { ErrorPolicy } from "../task/error-policy.ts";
import { ApplicationError } from "../error/application-error.ts";

/** How an application runs. Names are Kafka Streams' in camelCase; durations `"5m"` or milliseconds. */
export interface StreamsOptions {
  /** Names the group, the internal topics and the folder of the state (Kafka: `application.id`). */
  readonly applicationId: string;
  /** Where state and the process id live. Without it the state is rebuilt at every start. */
  readonly stateDirectory?: string;
  /** Default `exactly_once` (Kafka: `processing.guarantee`, there `at_least_once`). */
  readonly processingGuarantee?: "exactly_once" | "at_least_once";
  /** Default 100 ms exactly once, 30 s at least once (Kafka: `commit.interval.ms`). */
  readonly commitInterval?: Duration;
  /** Bytes of all record caches. Default 10 MiB (Kafka: `statestore.cache.max.bytes`). */
  readonly cacheBytesMax?: number;
  /** Bytes written to stores between two commits; more force a commit. Default 64 MiB. */
  readonly uncommittedBytesMax?: number;
  /** Records queued per partition before it is paused. Default 1000. */
  readonly bufferedRecordsPerPartition?: number;
  /** Longest time without giving way to other work of the process. Default 5 ms. */
  readonly slice?: Duration;
  /** Default 45 s (Kafka: `session.timeout.ms`). */
  readonly sessionTimeout?: Duration;
  /** Default 3 s (Kafka: `heartbeat.interval.ms`). */
  readonly heartbeatInterval?: Duration;
  /** After this long the broker aborts what a dead process left open. Default 10 s. */
  readonly transactionTimeout?: Duration;
  /** Where inputs without a committed offset start. Default `earliest`. */
  readonly autoOffsetReset?: "earliest" | "latest";
  /** Replicas of internal topics; -1 is the cluster's default. */
  readonly replicationFactor?: number;
  /**
   * For how long errors that may pass, such as a broker that is away, are met by trying again. Default 5 min
   * (Kafka: `task.timeout.ms`).
   */
  readonly taskTimeout?: Duration;
  /**
   * How long a task waits for an input that has nothing left, so that inputs are taken in the order of their
   * times. Default 0: only while the cluster has more of it; -1: never (Kafka: `max.task.idle.ms`).
   */
  readonly maxTaskIdle?: Duration | -1;
  /** How often partition counts of the inputs are looked at. Default 5 min (Kafka: `metadata.max.age.ms`). */
  readonly metadataMaxAge?: Duration;
  /** Closes the application when it aborts; while it starts, `start` rejects with `APPLICATION_CLOSED`. */
  readonly signal?: AbortSignal;
  /** Longest that `close` may take. Default 30 s. */
  readonly closeTimeout?: Duration;
  /** Record batches of outputs: default none. */
  readonly compression?: "none" | "gzip" | "zstd";
  /** A record that a serde cannot read (Kafka: `deserialization.exception.handler`). Default `fail`. */
  readonly onDeserializationError?: ErrorPolicy;
  /** A callback or processor that throws (Kafka: `processing.exception.handler`). Default `fail`. */
  readonly onProcessingError?: ErrorPolicy;
  /** A record that cannot be written (Kafka: `production.exception.handler`). Default `fail`. */
  readonly onProductionError?: ErrorPolicy;
  /** Where records go that are left out, or failed on (Kafka: `errors.dead.letter.queue.topic.name`). */
  readonly deadLetterTopic?: string;
}

/** What the core is handed by the package that composes. */
export interface StreamsEnvironment {
  readonly platform: Platform;
  readonly cluster: ClusterClient;
  readonly engines: StoreEngineProvider;
}

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
  readonly autoOffsetReset: "earliest" | "latest";
  readonly replicationFactor: number;
  readonly closeTimeoutMs: number;
  readonly taskTimeoutMs: number;
  readonly maxTaskIdleMs: number;
  readonly metadataAgeMsMax: number;
  readonly signal: AbortSignal | undefined;
  readonly compression: "none" | "gzip" | "zstd";
  readonly errors: Pick<
    StreamsOptions,
    "onDeserializationError" | "onProcessingError" | "onProductionError" | "deadLetterTopic"
  >;
}

const optionNames: Readonly<Record<keyof StreamsOptions, true>> = {
  applicationId: true,
  stateDirectory: true,
  processingGuarantee: true,
  commitInterval: true,
  cacheBytesMax: true,
  uncommittedBytesMax: true,
  bufferedRecordsPerPartition: true,
  slice: true,
  sessionTimeout: true,
  heartbeatInterval: true,
  transactionTimeout: true,
  autoOffsetReset: true,
  replicationFactor: true,
  closeTimeout: true,
  taskTimeout: true,
  maxTaskIdle: true,
  metadataMaxAge: true,
  signal: true,
  compression: true,
  onDeserializationError: true,
  onProcessingError: true,
  onProductionError: true,
  deadLetterTopic: true,
};

/** @throws ApplicationError `UNKNOWN_OPTION`, `INVALID_OPTION`; DurationError */
export function resolveOptions(options: StreamsOptions): ResolvedStreamsOptions {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(optionNames, name)) throw unknownOption(name);
  }
  const isExactlyOnce = oneOf(options, "processingGuarantee", ["exactly_once", "at_least_once"]);
  return {
    applicationId: topicPrefix(options.applicationId),
    stateDirectory: options.stateDirectory,
    isExactlyOnce: isExactlyOnce === "exactly_once",
    commitIntervalMs: toMilliseconds(
      options.commitInterval ?? (isExactlyOnce === "exactly_once" ? 100 : 30_000),
      "commitInterval",
    ),
    cacheBytesMax: wholeNumber(options, "cacheBytesMax", 0, 10 * 2 ** 20),
    uncommittedBytesMax: wholeNumber(options, "uncommittedBytesMax", 1, 64 * 2 ** 20),
    bufferedRecordsMax: wholeNumber(options, "bufferedRecordsPerPartition", 1, 1000),
    sliceMs: toMilliseconds(options.slice ?? 5, "slice"),
    sessionTimeoutMs: toMilliseconds(options.sessionTimeout ?? "45s", "sessionTimeout"),
    heartbeatIntervalMs: toMilliseconds(options.heartbeatInterval ?? "3s", "heartbeatInterval"),
    transactionTimeoutMs: toMilliseconds(options.transactionTimeout ?? "10s", "transactionTimeout"),
    autoOffsetReset: oneOf(options, "autoOffsetReset", ["earliest", "latest"]),
    replicationFactor: wholeNumber(options, "replicationFactor", -1, -1),
    closeTimeoutMs: toMilliseconds(options.closeTimeout ?? "30s", "closeTimeout"),
    taskTimeoutMs: toMilliseconds(options.taskTimeout ?? "5m", "taskTimeout"),
    maxTaskIdleMs: idleTime(options.maxTaskIdle ?? 0),
    metadataAgeMsMax: toMilliseconds(options.metadataMaxAge ?? "5m", "metadataMaxAge"),
    signal: options.signal,
    compression: oneOf(options, "compression", ["none", "gzip", "zstd"]),
    errors: definedOnly({
      onDeserializationError: options.onDeserializationError,
      onProcessingError: options.onProcessingError,
      onProductionError: options.onProductionError,
      deadLetterTopic: options.deadLetterTopic,
    }),
  };
}

function idleTime(given: Duration | -1): number {
  return given === -1 ? -1 : toMilliseconds(given, "maxTaskIdle");
}

function definedOnly<Given extends object>(given: Given): Given {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Given; // fewer of optional fields is the same type
}

/** The first choice is the default. */
function oneOf<Name extends keyof StreamsOptions, Choice extends string>(
  options: StreamsOptions,
  name: Name,
  choices: readonly [Choice, ...Choice[]],
): Choice {
  const value: unknown = options[name] ?? choices[0];
  const choice = choices.find((candidate) => candidate === value);
  if (choice !== undefined) return choice;
  throw new ApplicationError(
    "INVALID_OPTION",
    `${name} is ${JSON.stringify(value)}; give one of ${choices.join(", ")}`,
  );
}

function wholeNumber(
  options: StreamsOptions,
  name: keyof StreamsOptions,
  min: number,
  byDefault: number,
): number {
  const value: unknown = options[name] ?? byDefault;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min) return value;
  throw new ApplicationError(
    "INVALID_OPTION",
    `${name} is ${JSON.stringify(value)}; give a whole number of at least ${min}`,
  );
}

function topicPrefix(applicationId: unknown): string {
  if (typeof applicationId === "string" && /^[a-zA-Z0-9._-]{1,200}$/.test(applicationId)) {
    return applicationId;
  }
  throw new ApplicationError(
    "INVALID_OPTION",
    `applicationId is ${JSON.stringify(applicationId)}; give a name of letters, digits, '.', '_' and '-', since it begins the names of internal topics`,
  );
}

function unknownOption(name: string): ApplicationError {
  const nearest = Object.keys(optionNames).find(
    (known) => known.toLowerCase() === name.replaceAll(/[._-]/g, "").toLowerCase(),
  );
  const hint =
    nearest === undefined
      ? `Known are ${Object.keys(optionNames).join(", ")}.`
      : `Did you mean ${nearest}?`;
  return new ApplicationError(
    "UNKNOWN_OPTION",
    `there is no option ${JSON.stringify(name)}. ${hint}`,
  );
}
