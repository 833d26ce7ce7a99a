import type { CoordinatorRecord } from "../../coordinator-record.ts";
import type { TopicLookup } from "../../topic-lookup.ts";
import { byNumber } from "../partition-sets.ts";
import { statePartitionsKind } from "./share-record.ts";

/** Partitions of a topic whose state the share coordinator keeps, or is to keep. */
export interface StateTopic {
  readonly topicName: string;
  readonly partitions: ReadonlySet<number>;
  /** When that was written, or read from the log. */
  readonly sinceMs: number;
}

/** By topic id, what a group has of the share coordinator (Kafka: `ShareGroupStatePartitionMetadataInfo`). */
export interface StatePartitions {
  readonly initializing: ReadonlyMap<string, StateTopic>;
  readonly initialized: ReadonlyMap<string, StateTopic>;
  readonly deleting: ReadonlySet<string>;
}

export const noStatePartitions: StatePartitions = Object.freeze({
  initializing: new Map(),
  initialized: new Map(),
  deleting: new Set<string>(),
});

export function statePartitionsRecord(
  groupId: string,
  { initializing, initialized, deleting }: StatePartitions,
  topics: TopicLookup,
): CoordinatorRecord {
  return statePartitionsKind.record(
    { groupId },
    {
      initializingTopics: listOf(initializing),
      initializedTopics: listOf(initialized),
      deletingTopics: [...deleting].map((topicId) => ({
        topicId,
        topicName: topics.topicName(topicId) ?? "<UNKNOWN>",
      })),
    },
  );
}

/** What was in the one or the other, as the other has it. */
export function combined(
  left: ReadonlyMap<string, StateTopic>,
  right: ReadonlyMap<string, StateTopic>,
): ReadonlyMap<string, StateTopic> {
  const result = new Map(left);
  for (const [topicId, topic] of right) {
    const partitions = new Set([...(left.get(topicId)?.partitions ?? []), ...topic.partitions]);
    result.set(topicId, { ...topic, partitions });
  }
  return result;
}

/** Topics without these partitions; one that has none left goes. */
export function without(
  topics: ReadonlyMap<string, StateTopic>,
  removed: ReadonlyMap<string, Pick<StateTopic, "partitions">>,
): ReadonlyMap<string, StateTopic> {
  const result = new Map<string, StateTopic>();
  for (const [topicId, topic] of topics) {
    const gone = removed.get(topicId)?.partitions;
    const partitions = new Set(
      [...topic.partitions].filter((partition) => gone?.has(partition) !== true),
    );
    if (partitions.size > 0) result.set(topicId, { ...topic, partitions });
  }
  return result;
}

/** Partitions of subscribed topics that nobody has begun, or whose beginning was not heard of for long. */
export function uninitialized(
  state: StatePartitions,
  names: Iterable<string>,
  given: { readonly topics: TopicLookup; readonly nowMs: number; readonly retryMs: number },
): ReadonlyMap<string, StateTopic> {
  const { topics, nowMs, retryMs } = given;
  const result = new Map<string, StateTopic>();
  for (const topicName of names) {
    const topicId = topics.topicId(topicName);
    const count = topics.partitionCount(topicName);
    if (topicId === undefined || count === undefined) continue;
    const begun = state.initializing.get(topicId);
    const known = new Set(state.initialized.get(topicId)?.partitions);
    if (begun !== undefined && nowMs - begun.sinceMs < retryMs)
      for (const partition of begun.partitions) known.add(partition);
    const partitions = new Set<number>();
    for (let partition = 0; partition < count; partition++)
      if (!known.has(partition)) partitions.add(partition);
    if (partitions.size > 0) result.set(topicId, { topicName, partitions, sinceMs: nowMs });
  }
  return result;
}

/** These are begun; what was being deleted is not any more. */
export function begin(
  state: StatePartitions,
  begun: ReadonlyMap<string, StateTopic>,
): StatePartitions {
  return {
    initializing: combined(state.initializing, begun),
    initialized: state.initialized,
    deleting: new Set([...state.deleting].filter((topicId) => !begun.has(topicId))),
  };
}

function listOf(topics: ReadonlyMap<string, StateTopic>) {
  return [...topics].map(([topicId, { topicName, partitions }]) => ({
    topicId,
    topicName,
    partitions: [...partitions].toSorted(byNumber),
  }));
}
