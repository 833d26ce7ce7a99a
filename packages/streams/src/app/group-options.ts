import {
  choiceOption,
  durationOption,
  numberOption,
  textOption,
  valueOption,
  type ReadOptions,
} from "@millrace/model";

import {
  defaultAssignmentConfigs,
  type AssignmentConfigs,
} from "../runtime/assignment/assignor/assignment-configs.ts";
import { parseHostEndpoint } from "../runtime/assignment/host-endpoint.ts";

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

/** How tasks are shared out among the members of the group. */
export const groupOptionRows = {
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
};

type ReadGroupOptions = ReadOptions<typeof groupOptionRows>;

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

export function groupConfigOf(read: ReadGroupOptions): GroupConfig {
  return {
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
  };
}
