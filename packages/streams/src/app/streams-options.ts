import {
  bytesOption,
  choiceOption,
  durationOption,
  isSynchronousFunction,
  isTopicName,
  numberOption,
  optionTable,
  textOption,
  topicNameAllowed,
  unboundedDurationOption,
  valueOption,
  type GivenOptions,
} from "@millrace/model";
import { recordingLevels, type Tracing } from "@millrace/platform";

import type { RestoreListener } from "../runtime/state/restore-event.ts";
import type { ErrorPolicy } from "../task/error-policy.ts";
import { isOffsetReset, offsetResetsAllowed, type OffsetReset } from "../topology/offset-reset.ts";
import { stateListenerKind, type StateListener } from "./application-state.ts";
import { groupOptionRows } from "./group-options.ts";
import { snapshotPlaceKind, type SnapshotPlace } from "./snapshot-place.ts";
import { restoreListenerKind } from "./restore-listeners.ts";
import { uncaughtErrorPolicy, type UncaughtErrorPolicy } from "./uncaught-error.ts";

const errorPolicy = {
  allowed: '"fail", "continue" or a synchronous function that answers one of them',
  accepts: (given: unknown) =>
    given === "fail" || given === "continue" || isSynchronousFunction(given),
};

/** Of the id of an application. */
export const applicationIdKind = {
  allowed:
    "a name of letters, digits, '.', '_' and '-', other than '.' and '..', of at most 200, since it begins the names of internal topics and names a folder",
  accepts: (text: string) => /^(?!\.\.?$)[a-zA-Z0-9._-]{1,200}$/.test(text),
};

const topicName = { allowed: topicNameAllowed, accepts: isTopicName };

export const commitIntervalMsExactlyOnce = 100;

/** The options of an application; their names are Kafka Streams' in camelCase. */
export const streamsOptionRows = {
  /** Names the group, the internal topics and the folder of the state. */
  applicationId: textOption({ isRequired: true, kafka: "application.id", ...applicationIdKind }),
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
  ...groupOptionRows,
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
   * Until the application has been running once, `replaceThread` counts as `shutdownClient`: `start` rejects.
   */
  onUncaughtError: valueOption<UncaughtErrorPolicy>(uncaughtErrorPolicy, {
    defaultText: "shutdownClient",
    kafka: "setUncaughtExceptionHandler",
  }),
  /** Tells of the work in traces, with their contexts in headers: `traceRecords` of `@millrace/opentelemetry` makes one. */
  tracing: valueOption<Tracing>({
    allowed: "what traceRecords of @millrace/opentelemetry gives",
    accepts: (given) =>
      typeof given === "object" &&
      given !== null &&
      "openLoop" in given &&
      typeof given.openLoop === "function",
  }),
  /** How much is measured: see the guide on metrics. What `info` has costs records next to nothing. */
  metricsRecordingLevel: choiceOption(recordingLevels, {
    byDefault: "info",
    kafka: "metrics.recording.level",
  }),
  /**
   * Where tasks take their state from that have none here, or an old one, before they read what their changelogs have
   * beyond it: a directory or `s3://bucket/prefix` with snapshots, which `app.snapshot` or `millrace streams snapshot` writes.
   */
  stateFrom: valueOption<SnapshotPlace>(snapshotPlaceKind),
  /**
   * Older snapshots are not taken: less than the `delete.retention.ms` of the changelogs, a day, which forget deletions
   * after it. The difference is for the time that a restore takes.
   */
  stateFromMaxAge: unboundedDurationOption({ minMs: 1, byDefault: "12h" }),
  /** After this long the folder of a task that is not here any more is removed. */
  stateCleanupDelay: unboundedDurationOption({ byDefault: "10m", kafka: "state.cleanup.delay.ms" }),
  /**
   * At the start the folders of tasks are removed that nobody has used for this long, or whose last use was not noted:
   * their state is restored. Without it all stay. For state that is older than the `delete.retention.ms` of its changelogs,
   * a day, which forget deletions after it.
   */
  stateMaxAge: unboundedDurationOption({ kafka: "state.cleanup.dir.max.age.ms" }),
  /** What instances show each other before they answer; the same for all. Without it they answer only whom your server lets. */
  querySecret: textOption({
    isSecret: true,
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
