import type { ClusterAdmin, TopicDescription } from "@millrace/cluster";
import { invariant, topicPartitionName, type TopicPartition } from "@millrace/model";

import { compareTaskIds, taskIdText } from "../../processor/task-id.ts";
import { createInternalTopics } from "../internal-topics.ts";
import { withMatchedTopics } from "../pattern-topics.ts";
import type { AssignableTask } from "./assignor/client-state.ts";
import type { KnownTasks } from "./assignor/group-processes.ts";
import { layOutPartitions, type SubtopologyTopics } from "./partition-layout.ts";

export interface TaskLayoutOptions {
  readonly admin: Pick<ClusterAdmin, "describeTopics" | "createTopics">;
  readonly subtopologies: readonly SubtopologyTopics[];
  readonly replicationFactor: number;
}

/** A partition that a task logs its stores to. */
export interface ChangelogPartition extends TopicPartition {
  /** An input that serves as a changelog is read no further than it was processed. */
  readonly isSourceTopic: boolean;
  /** False: it was made just now, so that there is nothing to restore. */
  readonly wasThere: boolean;
}

/** The tasks of an application as its topics are now. */
export class TaskLayout {
  readonly tasks: KnownTasks;
  /** Of every topic that is read, those that the application makes included. */
  readonly partitionCounts: ReadonlyMap<string, number>;
  readonly #subtopologies: readonly SubtopologyTopics[];
  readonly #existing: ReadonlyMap<string, TopicDescription>;

  private constructor(
    tasks: readonly AssignableTask[],
    partitionCounts: ReadonlyMap<string, number>,
    subtopologies: readonly SubtopologyTopics[],
    existing: ReadonlyMap<string, TopicDescription>,
  ) {
    this.partitionCounts = partitionCounts;
    this.#subtopologies = subtopologies;
    this.#existing = existing;
    const ofPartition = new Map<string, AssignableTask>();
    for (const task of tasks)
      for (const { topic, partition } of this.inputsOf(task))
        ofPartition.set(topicPartitionName(topic, partition), task);
    this.tasks = {
      all: tasks,
      byName: new Map(tasks.map((task) => [task.name, task])),
      ofPartition,
    };
  }

  /**
   * Lays the tasks out, and makes the internal topics that are not there.
   *
   * @param counts of the topics that members have subscribed to, as far as they are there
   * @throws ApplicationError `MISSING_SOURCE_TOPIC`, `PARTITIONS_DIFFER`, `INTERNAL_TOPIC_MISMATCH`,
   *   `TOPIC_MATCHED_TWICE`
   */
  static async make(
    { admin, subtopologies, replicationFactor }: TaskLayoutOptions,
    counts: ReadonlyMap<string, number>,
    signal?: AbortSignal,
  ): Promise<TaskLayout> {
    const matched = withMatchedTopics(subtopologies, [...counts.keys()]);
    const internal = await admin.describeTopics(internalNames(matched), signal);
    const existing = new Map(counts);
    for (const [name, { partitionCount }] of internal) existing.set(name, partitionCount);
    const layout = layOutPartitions(matched, existing);
    await createInternalTopics(admin, layout.internalTopics, internal, {
      replicationFactor,
      signal,
    });
    const stateful = new Set(
      matched.filter(({ changelogTopics }) => changelogTopics.length > 0).map(({ id }) => id),
    );
    const tasks = layout.tasks.toSorted(compareTaskIds).map((id, place) => ({
      id,
      name: taskIdText(id),
      place,
      isStateful: stateful.has(id.subtopology),
    }));
    return new TaskLayout(tasks, layout.partitionCounts, matched, internal);
  }

  inputsOf(task: AssignableTask): readonly TopicPartition[] {
    const { partition } = task.id;
    return this.#subtopologyOf(task)
      .sourceTopics.filter((topic) => partition < (this.partitionCounts.get(topic) ?? 0))
      .map((topic) => ({ topic, partition }));
  }

  changelogsOf(task: AssignableTask): readonly ChangelogPartition[] {
    const { partition } = task.id;
    return this.#subtopologyOf(task).changelogTopics.map(({ name, isSourceTopic }) => ({
      topic: name,
      partition,
      isSourceTopic,
      wasThere: isSourceTopic || this.#existing.has(name),
    }));
  }

  /** Partition counts of the inputs that the application does not make itself. */
  get sourceCounts(): ReadonlyMap<string, number> {
    const own = new Set(
      this.#subtopologies.flatMap(({ repartitionTopics }) =>
        repartitionTopics.map(({ name }) => name),
      ),
    );
    const sources = this.#subtopologies.flatMap(({ sourceTopics }) => sourceTopics);
    const inputs = sources.filter((topic) => !own.has(topic));
    return new Map(inputs.map((topic) => [topic, this.partitionCounts.get(topic) ?? 0]));
  }

  #subtopologyOf({ id }: AssignableTask): SubtopologyTopics {
    const subtopology = this.#subtopologies.find((one) => one.id === id.subtopology);
    invariant(subtopology !== undefined, "STREAMS-2", id);
    return subtopology;
  }
}

function internalNames(subtopologies: readonly SubtopologyTopics[]): readonly string[] {
  return subtopologies.flatMap(({ repartitionTopics, changelogTopics }) =>
    [...repartitionTopics, ...changelogTopics].map(({ name }) => name),
  );
}
