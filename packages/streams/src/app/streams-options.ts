import type { ClusterClient } from "@millrace/cluster";
import {
  bytesOption,
  choiceOption,
  durationOption,
  numberOption,
  isSynchronousFunction,
  isTopicName,
  optionTable,
  readOptions,
  textOption,
  topicNameAllowed,
  valueOption,
  type GivenOptions,
} from "@millrace/model";
import type { Platform } from "@millrace/platform";
import type { StoreEngineProvider } from "@millrace/state";

import {
  defaultAssignmentConfigs,
  type AssignmentConfigs,
} from "../runtime/assignment/assignor/assignment-configs.ts";
import { parseHostEndpoint } from "../runtime/assignment/host-endpoint.ts";
import type { RestoreListener } from "../runtime/state/restore-event.ts";
import type { ErrorPolicy } from "../task/error-policy.ts";
import { isOffsetReset, offsetResetsAllowed, type OffsetReset } from "../topology/offset-reset.ts";
import { restoreListenerKind } from "./restore-listeners.ts";
import type { QueryTransport } from "../query/query-transport.ts";
import type { FetchHandler } from "./app-handler.ts";
import { stateListenerKind, type StateListener } from "./application-state.ts";
import type { OpenThread } from "./thread-host.ts";
import { uncaughtErrorPolicy, type UncaughtErrorPolicy } from "./uncaught-error.ts";

const errorPolicy = {
  allowed: '"fail", "continue" or a synchronous function that answers one of them',
  accepts: (given: unknown) =>
    given === "fail" || given === "continue" || isSynchronousFunction(given),
};

/** Kafka's bounds: five tags, keys of 20 characters, values of 30. */
const clientTagsKind = {
  allowed:
    "an object of at most 5 texts, its keys of at most 20 characters, its values of at most 30",
  accepts: (given: unknown) =>
    typeof given === "object" &&
    given !== null &&
    Object.keys(given).length <= 5 &&
    Object.entries(given).every(
      ([key, value]: [string, unknown]) =>
        key.length <= 20 && typeof value === "string" && value.length <= 30,
    ),
};

const tagKeysKind = {
  allowed: "a list of at most 5 keys of clientTags",
  accepts: (given: unknown) =>
    Array.isArray(given) && given.length <= 5 && given.every((key) => typeof key === "string"),
};

const topicPrefix = {
  allowed:
    "a name of letters, digits, '.', '_' and '-', other than '.' and '..', of at most 200, since it begins the names of internal topics and names a folder",
  accepts: (text: string) => /^(?!\.\.?$)[a-zA-Z0-9._-]{1,200}$/.test(text),
};

const topicName = { allowed: topicNameAllowed, accepts: isTopicName };

/** The options of an application; their names are Kafka Streams' in camelCase. */
export const streamsOptionRows = {
  /** Names the group, the internal topics and the folder of the state. */
  applicationId: textOption({ isRequired: true, kafka: "application.id", ...topicPrefix }),
  /**
   * Where state and the process id live; without it the process is a dynamic member, and state is rebuilt at every
   * start.
   */
  stateDirectory: textOption({ kafka: "state.dir" }),
  /** Whether outputs, state and input positions are committed together or one after the other. */
  processingGuarantee: choiceOption(["exactly_once", "at_least_once"], {
    byDefault: "exactly_once",
    kafka: "processing.guarantee",
  }),
  /** Time between commits. */
  commitInterval: durationOption({
    defaultText: "100 ms exactly once, else 30 s",
    kafka: "commit.interval.ms",
  }),
  /** Bytes of all record caches; 0 turns them off. */
  cacheBytesMax: bytesOption({
    byDefault: 10 * 2 ** 20,
    kafka: "statestore.cache.max.bytes",
  }),
  /** Bytes written to stores between commits; more force one. */
  uncommittedBytesMax: bytesOption({
    min: 1,
    byDefault: 64 * 2 ** 20,
    kafka: "statestore.uncommitted.max.bytes",
  }),
  /** Records queued until a partition is held back. */
  bufferedRecordsPerPartition: numberOption({
    min: 1,
    byDefault: 1000,
    kafka: "buffered.records.per.partition",
  }),
  /**
   * How long a task waits for an input that has nothing left, so that inputs are taken in the order of their times;
   * 0: only while the cluster has more of it, -1: never.
   */
  maxTaskIdle: durationOption({ also: -1, byDefault: 0, kafka: "max.task.idle.ms" }),
  /** Longest time without giving way to other work of the process. */
  slice: durationOption({ byDefault: "5ms" }),
  /** How long errors that may pass, such as a broker that is away, are met by trying again. */
  taskTimeout: durationOption({ byDefault: "5m", kafka: "task.timeout.ms" }),
  /**
   * How long a record waits for what its serde must first fetch, such as a schema. Then it counts as one that cannot be
   * read, or written; where a schema registry does not answer it waits on, and the log says so. Others go on meanwhile.
   */
  serdeTimeout: durationOption({ byDefault: "30s" }),
  /**
   * Who shares tasks out: a member of the group (`classic`), or the broker (`streams`, KIP-1071, Apache Kafka 4.2 and
   * later). There standbys are the group's config `streams.num.standby.replicas`.
   */
  groupProtocol: choiceOption(["classic", "streams"], {
    byDefault: "classic",
    kafka: "group.protocol",
  }),
  /** After this long without a heartbeat others take over. */
  sessionTimeout: durationOption({ minMs: 1, byDefault: "45s", kafka: "session.timeout.ms" }),
  /** Time between two signs of life to the group. */
  heartbeatInterval: durationOption({ minMs: 1, byDefault: "3s", kafka: "heartbeat.interval.ms" }),
  /** After this long the broker aborts what a dead process left open. */
  transactionTimeout: durationOption({
    minMs: 1,
    byDefault: "10s",
    kafka: "transaction.timeout.ms",
  }),
  /**
   * Where inputs go on that have no committed offset, or one that is not there any more; a source may have an
   * `offsetReset` of its own. `none`: the application ends.
   */
  autoOffsetReset: valueOption<OffsetReset>(
    { allowed: offsetResetsAllowed, accepts: isOffsetReset },
    { defaultText: "earliest", kafka: "auto.offset.reset" },
  ),
  /** Replicas of internal topics; -1 is the cluster's default. */
  replicationFactor: numberOption({
    min: -1,
    max: 32_767,
    byDefault: -1,
    kafka: "replication.factor",
  }),
  /** Copies of each stateful task in other processes, from which one can take over without restoring. */
  numStandbyReplicas: numberOption({ byDefault: 0, kafka: "num.standby.replicas" }),
  /**
   * Which of Kafka Streams' assignors shares tasks out where this process leads: `high_availability` moves a stateful
   * task once its new process has the state, `sticky` at once. Equal in all instances.
   */
  taskAssignor: choiceOption(["high_availability", "sticky"], {
    byDefault: "high_availability",
    kafka: "task.assignor.class",
  }),
  /** Copies at a time that warm up for a move, beyond `numStandbyReplicas`. */
  maxWarmupReplicas: numberOption({ min: 1, byDefault: 2, kafka: "max.warmup.replicas" }),
  /** A process that lacks no more changelog records of a task than this may take it over. */
  acceptableRecoveryLag: numberOption({ byDefault: 10_000, kafka: "acceptable.recovery.lag" }),
  /** How often is looked whether a copy has warmed up. */
  probingRebalanceInterval: durationOption({
    minMs: 1,
    byDefault: "10m",
    kafka: "probing.rebalance.interval.ms",
  }),
  /**
   * Where other instances, and whoever asks them, reach `app.handler()` of this one: `host:port`, with `https://` before it
   * where it is served so. Without it others do not ask this one.
   */
  applicationServer: textOption({
    kafka: "application.server",
    allowed: '"host:port", or "https://host:port"',
    accepts: (text) => parseHostEndpoint(text) !== undefined,
  }),
  /** What tells this instance's place from that of others, such as `{ zone: "a" }`. */
  clientTags: valueOption<Readonly<Record<string, string>>>(clientTagsKind, {
    defaultText: "none",
    kafka: "client.tag.",
  }),
  /** The client tags in which copies of a task are to differ from it and from each other. */
  rackAwareAssignmentTags: valueOption<readonly string[]>(tagKeysKind, {
    defaultText: "none",
    kafka: "rack.aware.assignment.tags",
  }),
  /** The rack, or zone, in which this instance runs, as `broker.rack` says it of brokers. */
  clientRack: textOption({ kafka: "client.rack" }),
  /**
   * Has tasks read from their own rack where that is possible, and each instance as many as without: `min_traffic`, or
   * `balance_subtopology`, which keeps its share of each sub-topology too. Each instance must have a `clientRack`.
   */
  rackAwareAssignmentStrategy: choiceOption(["none", "min_traffic", "balance_subtopology"], {
    byDefault: "none",
    kafka: "rack.aware.assignment.strategy",
  }),
  /** What it costs that a task reads a partition from another rack. */
  rackAwareAssignmentTrafficCost: numberOption({
    defaultText: "10, or 1 with sticky",
    kafka: "rack.aware.assignment.traffic_cost",
  }),
  /** What it costs that a task moves. */
  rackAwareAssignmentNonOverlapCost: numberOption({
    defaultText: "1, or 10 with sticky",
    kafka: "rack.aware.assignment.non_overlap_cost",
  }),
  /** How often the inputs' partition counts are looked at, and the topics that match a pattern. */
  metadataMaxAge: durationOption({ byDefault: "5m", kafka: "metadata.max.age.ms" }),
  /** Bytes of one request to write, and so of the largest record; topics have bounds of their own. */
  requestBytesMax: bytesOption({
    min: 1,
    byDefault: 2 ** 20,
    kafka: "producer.max.request.size",
  }),
  /** Of the record batches of outputs. */
  compression: choiceOption(["none", "gzip", "zstd"], {
    byDefault: "none",
    kafka: "compression.type",
  }),
  /** Longest that `close` may take. */
  closeTimeout: durationOption({ byDefault: "30s" }),
  /** A record that a serde cannot read: `fail`, `continue`, or a function that decides. */
  onDeserializationError: valueOption<ErrorPolicy>(errorPolicy, {
    defaultText: "fail",
    kafka: "deserialization.exception.handler",
  }),
  /** A callback or processor that throws: likewise. */
  onProcessingError: valueOption<ErrorPolicy>(errorPolicy, {
    defaultText: "fail",
    kafka: "processing.exception.handler",
  }),
  /** A record that cannot be written, but for those of changelogs: likewise. */
  onProductionError: valueOption<ErrorPolicy>(errorPolicy, {
    defaultText: "fail",
    kafka: "production.exception.handler",
  }),
  /** Where records go that are left out, or failed on. */
  deadLetterTopic: textOption({ kafka: "errors.dead.letter.queue.topic.name", ...topicName }),
  /** Told of each change of the application's state, the first ones too: see `app.onStateChange`. */
  onStateChange: valueOption<StateListener>(stateListenerKind, { kafka: "setStateListener" }),
  /** Told of stores that are read from their changelogs: see `app.onRestore`. */
  onRestore: valueOption<RestoreListener>(restoreListenerKind, {
    kafka: "setGlobalStateRestoreListener",
  }),
  /** Stream loops: each has tasks of its own. With a topology they share the caller's thread, with a module's URL each has one. */
  threads: numberOption({ min: 1, byDefault: 1, kafka: "num.stream.threads" }),
  /**
   * An error that nothing else has caught ends a stream loop, and then: another one takes its place (`replaceThread`),
   * this instance ends (`shutdownClient`), or all instances do (`shutdownApplication`); or a function decides.
   */
  onUncaughtError: valueOption<UncaughtErrorPolicy>(uncaughtErrorPolicy, {
    defaultText: "shutdownClient",
    kafka: "setUncaughtExceptionHandler",
  }),
  /** After this long the folder of a task that is not here any more is removed. */
  stateCleanupDelay: durationOption({ byDefault: "10m", kafka: "state.cleanup.delay.ms" }),
  /** What instances show each other before they answer; the same for all. Without it they answer only whom your server lets. */
  querySecret: textOption({
    allowed: "a text of at least 8 characters",
    accepts: (text) => text.length >= 8,
  }),
  /** Closes the application when it aborts; while it starts, `start` rejects with the signal's reason. */
  signal: valueOption<AbortSignal>({
    allowed: "an AbortSignal",
    accepts: (given) => given instanceof AbortSignal,
  }),
};

/** How an application runs; durations are `"5m"` or milliseconds. */
export interface StreamsOptions extends GivenOptions<typeof streamsOptionRows> {}

export const streamsOptionTable = optionTable("StreamsApp.start", streamsOptionRows, [
  {
    demand: "heartbeatInterval must be shorter than sessionTimeout",
    options: ["heartbeatInterval", "sessionTimeout"],
    holds: ({ heartbeatInterval, sessionTimeout }) => heartbeatInterval < sessionTimeout,
  },
  {
    demand:
      'groupProtocol "streams" has the broker assign tasks, by configs of the group: leave numStandbyReplicas, taskAssignor and rackAwareAssignmentTags out',
    options: ["groupProtocol", "numStandbyReplicas", "taskAssignor", "rackAwareAssignmentTags"],
    holds: ({ groupProtocol, numStandbyReplicas, taskAssignor, rackAwareAssignmentTags }) =>
      groupProtocol === "classic" ||
      (numStandbyReplicas === 0 &&
        taskAssignor === "high_availability" &&
        rackAwareAssignmentTags === undefined),
  },
  {
    demand: "rackAwareAssignmentTags must be keys of clientTags",
    options: ["rackAwareAssignmentTags", "clientTags"],
    holds: ({ rackAwareAssignmentTags = [], clientTags = {} }) =>
      rackAwareAssignmentTags.every((key) => key in clientTags),
  },
  {
    demand:
      "commitInterval must be shorter than transactionTimeout, else the broker aborts what is to be committed",
    options: ["commitInterval", "transactionTimeout"],
    holds: ({ processingGuarantee, commitInterval, transactionTimeout }) =>
      processingGuarantee === "at_least_once" ||
      (commitInterval ?? commitIntervalMsExactlyOnce) < transactionTimeout,
  },
]);

const commitIntervalMsExactlyOnce = 100;
const commitIntervalMsAtLeastOnce = 30_000;

/** What the core is handed by the package that composes. */
export interface StreamsEnvironment {
  readonly platform: Platform;
  readonly cluster: ClusterClient;
  readonly engines: StoreEngineProvider;
  /** Ends what was made for this application alone, once it is closed or could not start. Twice is fine. */
  readonly dispose?: () => Promise<void>;
  /** True: `closed` is awaited, so that a failure need not be logged besides. */
  readonly isAwaited?: boolean;
  /** Gives each loop a thread of its own; undefined: they share the caller's. */
  readonly openThread?: OpenThread;
  /** Aborts, with the reason, once the cluster is gone for good: the application ends at once, without a last commit. */
  readonly gone?: AbortSignal;
  /** How instances ask each other; absent: they do not. */
  readonly transport?: QueryTransport;
  /** Handed what answers requests, before the group is joined: others may ask as soon as they know of this one. */
  readonly serve?: (handler: FetchHandler) => void;
}

/** How tasks are shared out, and what this process says of itself. */
export interface GroupConfig {
  readonly protocol: "classic" | "streams";
  readonly taskAssignor: "high_availability" | "sticky";
  readonly assignment: AssignmentConfigs;
  /** `host:port`, or empty. */
  readonly userEndPoint: string;
  readonly clientTags: ReadonlyMap<string, string>;
  readonly rackId: string | undefined;
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
  readonly stateCleanupDelayMs: number;
  readonly threads: number;
  readonly onUncaughtError: UncaughtErrorPolicy;
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
    stateCleanupDelayMs: read.stateCleanupDelay,
    threads: read.threads,
    onUncaughtError: read.onUncaughtError ?? "shutdownClient",
    requestBytesMax: read.requestBytesMax,
    compression: read.compression,
    group: {
      protocol: read.groupProtocol,
      taskAssignor: read.taskAssignor,
      assignment: {
        ...defaultAssignmentConfigs,
        numStandbyReplicas: read.numStandbyReplicas,
        maxWarmupReplicas: read.maxWarmupReplicas,
        acceptableRecoveryLag: read.acceptableRecoveryLag,
        probingRebalanceIntervalMs: read.probingRebalanceInterval,
        rackAwareAssignmentTags: read.rackAwareAssignmentTags ?? [],
        rackAwareAssignmentStrategy: read.rackAwareAssignmentStrategy,
        rackAwareAssignmentTrafficCost: read.rackAwareAssignmentTrafficCost,
        rackAwareAssignmentNonOverlapCost: read.rackAwareAssignmentNonOverlapCost,
      },
      userEndPoint: read.applicationServer ?? "",
      rackId: read.clientRack,
      clientTags: new Map(Object.entries(read.clientTags ?? {})),
    },
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
