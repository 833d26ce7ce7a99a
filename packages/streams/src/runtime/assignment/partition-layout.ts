import type { NewTopic } from "@millrace/cluster";

import { ApplicationError } from "../../error/application-error.ts";
import { startOver } from "../../error/start-over.ts";
import type { TaskId } from "../../processor/task-id.ts";
import type {
  ChangelogTopic,
  CopartitionGroup,
  InternalTopic,
} from "../../topology/subtopology.ts";

/** What the layout needs to know of a sub-topology. All names are those in the cluster. */
export interface SubtopologyTopics {
  readonly id: number;
  /** Inputs, internal ones included. */
  readonly sourceTopics: readonly string[];
  readonly sourcePatterns: readonly RegExp[];
  readonly sinkTopics: readonly string[];
  /** Inputs that the application makes for itself. */
  readonly repartitionTopics: readonly InternalTopic[];
  readonly changelogTopics: readonly ChangelogTopic[];
  /** Inputs whose partitions must match one by one. */
  readonly copartitionGroups?: readonly CopartitionGroup[];
}

/** Which tasks there are, and which topics they need. */
export interface PartitionLayout {
  readonly tasks: readonly TaskId[];
  /** Repartition topics first: they are inputs. */
  readonly internalTopics: readonly NewTopic[];
  /** Of every input, repartition topics included. */
  readonly partitionCounts: ReadonlyMap<string, number>;
}

/**
 * Counts partitions and tasks as Kafka Streams does: a repartition topic has as many partitions as the
 * widest input of the sub-topologies that write it, a sub-topology as many tasks as its widest input.
 *
 * @param existing partition counts of the topics that are there
 * @throws ApplicationError `MISSING_SOURCE_TOPIC`, `PARTITIONS_DIFFER`, `INTERNAL_TOPIC_MISMATCH`
 */
export function layOutPartitions(
  subtopologies: readonly SubtopologyTopics[],
  existing: ReadonlyMap<string, number>,
): PartitionLayout {
  const counts = new Map<string, number>();
  const repartition = new Map<string, InternalTopic>();
  for (const { repartitionTopics } of subtopologies) {
    for (const topic of repartitionTopics) repartition.set(topic.name, topic);
  }
  countSources(subtopologies, repartition, existing, counts);
  countRepartitionTopics(subtopologies, repartition, existing, counts);
  for (const subtopology of subtopologies) alignCopartitioned(subtopology, repartition, counts);

  const tasks: TaskId[] = [];
  const internalTopics: NewTopic[] = [];
  for (const topic of repartition.values())
    if (counts.get(topic.name) !== 0) internalTopics.push(sized(topic, counts, existing));
  for (const subtopology of subtopologies) {
    const taskCount = widest(subtopology.sourceTopics, counts);
    for (let partition = 0; partition < taskCount; partition++) {
      tasks.push({ subtopology: subtopology.id, partition });
    }
    for (const topic of subtopology.changelogTopics) {
      if (topic.isSourceTopic || taskCount === 0) continue;
      counts.set(topic.name, taskCount);
      internalTopics.push(sized(topic, counts, existing));
    }
  }
  return { tasks, internalTopics, partitionCounts: counts };
}

function countSources(
  subtopologies: readonly SubtopologyTopics[],
  repartition: ReadonlyMap<string, InternalTopic>,
  existing: ReadonlyMap<string, number>,
  counts: Map<string, number>,
): void {
  const missing = new Set<string>();
  for (const topic of subtopologies.flatMap(({ sourceTopics }) => sourceTopics)) {
    if (repartition.has(topic)) continue;
    const count = existing.get(topic);
    if (count === undefined) missing.add(topic);
    else counts.set(topic, count);
  }
  if (missing.size === 0) return;
  const names = [...missing].sort().join(", ");
  throw new ApplicationError(
    "MISSING_SOURCE_TOPIC",
    `the cluster has no topic ${names}. Create what the application reads before it starts.`,
  );
}

/**
 * A repartition topic may be written by a sub-topology that reads another one: repeat until all are known. Where no
 * topic matches the patterns above it, it stays as it is, and need not be there.
 */
function countRepartitionTopics(
  subtopologies: readonly SubtopologyTopics[],
  repartition: ReadonlyMap<string, InternalTopic>,
  existing: ReadonlyMap<string, number>,
  counts: Map<string, number>,
): void {
  const unknown = new Map(repartition);
  for (const { name, partitionCount } of repartition.values())
    if (partitionCount !== undefined) counts.set(name, partitionCount);
  for (const name of counts.keys()) unknown.delete(name);
  while (unknown.size > 0) {
    const inputsOf = (topic: string): readonly string[] =>
      subtopologies.flatMap(({ sourceTopics, sinkTopics }) =>
        sinkTopics.includes(topic) ? sourceTopics : [],
      );
    const names = [...unknown.keys()];
    const isKnown = (input: string): boolean => counts.has(input);
    // The two topics of a foreign-key join go to and fro: there what is known must do, as in Kafka.
    const next =
      names.find((name) => inputsOf(name).every(isKnown)) ??
      names.find((name) => inputsOf(name).some(isKnown));
    if (next === undefined)
      throw new ApplicationError(
        "PARTITIONS_DIFFER",
        `the partition counts of ${names.join(", ")} depend on each other in a circle. Break it by an explicit topic.`,
      );
    counts.set(next, widest(inputsOf(next), counts) || (existing.get(next) ?? 0));
    unknown.delete(next);
  }
}

function alignCopartitioned(
  { copartitionGroups }: SubtopologyTopics,
  repartition: ReadonlyMap<string, InternalTopic>,
  counts: Map<string, number>,
): void {
  for (const { topics: group } of copartitionGroups ?? []) {
    const isFree = (topic: string): boolean =>
      repartition.has(topic) && repartition.get(topic)?.partitionCount === undefined;
    const fixed = group.filter((topic) => !isFree(topic));
    const wanted = new Set(fixed.map((topic) => counts.get(topic)));
    if (wanted.size > 1) {
      const list = fixed.map((topic) => `${topic} (${counts.get(topic)})`).join(", ");
      throw new ApplicationError(
        "PARTITIONS_DIFFER",
        `these topics are joined or merged by key and need equal numbers of partitions: ${list}. Make them equal, or repartition one side.`,
      );
    }
    const count = fixed.length > 0 ? widest(fixed, counts) : widest(group, counts);
    for (const topic of group) if (isFree(topic)) counts.set(topic, count);
  }
}

function sized(
  topic: InternalTopic,
  counts: ReadonlyMap<string, number>,
  existing: ReadonlyMap<string, number>,
): NewTopic {
  const partitionCount = counts.get(topic.name) ?? 0;
  const present = existing.get(topic.name);
  if (present !== undefined && present !== partitionCount) {
    throw new ApplicationError(
      "INTERNAL_TOPIC_MISMATCH",
      `the internal topic ${topic.name} has ${present} partitions, but the inputs ask for ${partitionCount}: an input's partition count has changed, so keys would move away from their state; ${startOver()}.`,
    );
  }
  return { name: topic.name, partitionCount, configs: topic.configs };
}

function widest(topics: readonly string[], counts: ReadonlyMap<string, number>): number {
  return topics.reduce((most, topic) => Math.max(most, counts.get(topic) ?? 0), 0);
}
