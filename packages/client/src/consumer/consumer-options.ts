import type { PartitionAssignor } from "@millrace/cluster";
import {
  bytesOption,
  choiceOption,
  durationOption,
  isSynchronousFunction,
  optionTable,
  readOptions,
  textOption,
  valueOption,
  type GivenOptions,
  type ReadOptions,
} from "@millrace/model";
import { serdeKind, type Serde } from "@millrace/serde";
import { rangeAssignor } from "../group/assignors.ts";
import { cooperativeStickyAssignor } from "../group/cooperative-sticky-assignor.ts";
import { isHandle, type TopicHandle } from "../topic-handle.ts";
import { isRebalanceListener, type RebalanceListener } from "./rebalance-listener.ts";
import type { DeserializationPolicy } from "./record-decoder.ts";

export const consumerOptionRows = {
  /** What is read; handles, as `topic` makes them, bring their serdes. */
  topics: valueOption<
    readonly string[] | readonly TopicHandle<unknown, unknown>[],
    { readonly isRequired: true }
  >(
    {
      allowed: "a list of names of topics, or of handles, at least one",
      accepts: (given) =>
        Array.isArray(given) && given.length > 0 && (given.every(isName) || areHandles(given)),
    },
    { isRequired: true },
  ),
  /** Reads keys; without it a key is bytes. */
  key: valueOption<Serde<unknown>>(serdeKind, { kafka: "key.deserializer" }),
  /** Reads values; without it a value is bytes. */
  value: valueOption<Serde<unknown>>(serdeKind, { kafka: "value.deserializer" }),
  /** A record that a serde cannot read, or the rest of a damaged batch: `fail`, `skip` with a warning, or a function that decides. */
  onDeserializationError: valueOption<DeserializationPolicy>(
    {
      allowed: '"fail", "skip" or a synchronous function that answers one of them',
      accepts: (given) => given === "fail" || given === "skip" || isSynchronousFunction(given),
    },
    { defaultText: "fail" },
  ),
  /**
   * How long a record waits for what its serde must first fetch, such as a schema; other partitions go on. Then the loop
   * ends with `SERDE_TIMED_OUT`, whatever the policy: entered again it waits again.
   */
  serdeTimeout: durationOption({ byDefault: "30s" }),
  /** Shares the topics with all consumers of the group; without one, all partitions are read, and nothing is committed. */
  groupId: textOption({ kafka: "group.id" }),
  /** Static membership: a restart takes its own seat again. */
  groupInstanceId: textOption({ kafka: "group.instance.id" }),
  /** Where a partition without a committed offset starts, or one whose offset is gone; `none`: an error. */
  autoOffsetReset: choiceOption(["earliest", "latest", "none"], {
    byDefault: "latest",
    kafka: "auto.offset.reset",
  }),
  /** Whether records of open and aborted transactions are seen. */
  isolationLevel: choiceOption(["read_committed", "read_uncommitted"], {
    byDefault: "read_committed",
    kafka: "isolation.level",
  }),
  /** How often what was processed is committed; 0: only by `commit`. */
  autoCommitInterval: durationOption({ byDefault: "5s", kafka: "auto.commit.interval.ms" }),
  /** Who shares out the partitions, in order of preference; `[cooperativeStickyAssignor]` alone lets members keep what they have, and read on while the group is rebalanced. */
  assignors: valueOption<readonly PartitionAssignor[]>(
    {
      allowed: "a list of assignors, at least one",
      accepts: (given) => Array.isArray(given) && given.length > 0 && given.every(isAssignor),
    },
    { defaultText: "range, then cooperative sticky", kafka: "partition.assignment.strategy" },
  ),
  /**
   * Who shares out the partitions: `classic`, a member with its assignors; `consumer`, the broker (KIP-848), which also
   * says how often to send a sign of life.
   */
  groupProtocol: choiceOption(["classic", "consumer"], {
    byDefault: "classic",
    kafka: "group.protocol",
  }),
  /** With the protocol `consumer`: the broker's assignor, such as `uniform` or `range`. */
  groupRemoteAssignor: textOption({ kafka: "group.remote.assignor" }),
  /** Told of the partitions that the group gives and takes: an object with `onPartitionsAssigned`, `onPartitionsRevoked`, `onPartitionsLost`, each given them as a list. */
  rebalanceListener: valueOption<RebalanceListener>({
    allowed: "an object with at least one of the functions",
    accepts: isRebalanceListener,
  }),
  /** After this long without a heartbeat others take over. */
  sessionTimeout: durationOption({ minMs: 1, byDefault: "45s", kafka: "session.timeout.ms" }),
  /** Time between two signs of life to the group. */
  heartbeatInterval: durationOption({ minMs: 1, byDefault: "3s", kafka: "heartbeat.interval.ms" }),
  /** How long the work on a record may take until the others get the partitions, and how long they wait for this consumer when partitions are shared out anew. */
  rebalanceTimeout: durationOption({ minMs: 1, byDefault: "5m", kafka: "max.poll.interval.ms" }),
  /** Bytes fetched ahead. */
  bufferBytesMax: bytesOption({ min: 1, byDefault: 64 * 2 ** 20 }),
};

/** How records are consumed; durations are `"5s"` or milliseconds. */
export interface ConsumerOptions<Key = Uint8Array, Value = Uint8Array> extends Omit<
  GivenOptions<typeof consumerOptionRows>,
  "topics" | "key" | "value"
> {
  /** What is read; handles, as `topic` makes them, bring their serdes. */
  readonly topics: readonly string[] | readonly TopicHandle<Key, Value>[];
  /** Reads keys; without it a key is bytes. */
  readonly key?: Serde<Key>;
  /** Reads values; without it a value is bytes. */
  readonly value?: Serde<Value>;
}

export type ConsumerSettings = Omit<ReadOptions<typeof consumerOptionRows>, "topics"> & {
  readonly topics: readonly string[];
  readonly assignors: readonly PartitionAssignor[];
};

export const consumerOptionTable = optionTable("client.consumer", consumerOptionRows, [
  {
    demand: "heartbeatInterval must be shorter than sessionTimeout",
    options: ["heartbeatInterval", "sessionTimeout"],
    holds: ({ heartbeatInterval, sessionTimeout }) => heartbeatInterval < sessionTimeout,
  },
  {
    demand:
      'assignors are for the groupProtocol "classic", groupRemoteAssignor is for "consumer", which needs a groupId',
    options: ["groupProtocol", "assignors", "groupRemoteAssignor", "groupId"],
    holds: ({ groupProtocol, assignors, groupRemoteAssignor, groupId }) =>
      groupProtocol === "classic"
        ? groupRemoteAssignor === undefined
        : assignors === undefined && groupId !== undefined,
  },
  {
    demand: "groupInstanceId is for a consumer with a groupId",
    options: ["groupInstanceId", "groupId"],
    holds: ({ groupInstanceId, groupId }) => groupInstanceId === undefined || groupId !== undefined,
  },
  {
    demand: "rebalanceListener is for a consumer with a groupId",
    options: ["rebalanceListener", "groupId"],
    holds: ({ rebalanceListener, groupId }) =>
      rebalanceListener === undefined || groupId !== undefined,
  },
  {
    demand:
      "topics that are read together have the same serdes, unless key and value are given: read those of others by a consumer of their own",
    options: ["topics"],
    holds: ({ topics, key, value }) =>
      !areHandles(topics) ||
      topics.every(
        (topic) =>
          (key !== undefined || topic.key.name === topics[0].key.name) &&
          (value !== undefined || topic.value.name === topics[0].value.name),
      ),
  },
]);

/** @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION` */
export function resolveConsumerOptions(options: unknown): ConsumerSettings {
  const { topics: given, ...read } = readOptions(consumerOptionTable, options);
  const assignors = read.assignors ?? [rangeAssignor, cooperativeStickyAssignor];
  if (!areHandles(given)) return { ...read, topics: given, assignors };
  const { key = given[0].key, value = given[0].value } = read;
  return { ...read, key, value, topics: given.map(({ name }) => name), assignors };
}

function isName(given: unknown): boolean {
  return typeof given === "string" && given !== "";
}

function areHandles(given: readonly unknown[]): given is readonly TopicHandle<unknown, unknown>[] {
  return given.every(
    (one) =>
      isHandle(one) &&
      isName(one.name) &&
      serdeKind.accepts(one.key) &&
      serdeKind.accepts(one.value),
  );
}

function isAssignor(given: unknown): boolean {
  return typeof given === "object" && given !== null && "assign" in given;
}
