import type { Offset } from "@millrace/model";

import { positionBefore } from "../../query/position.ts";
import { readsTopic } from "../../topology/reads-topic.ts";
import type { LoopEnvironment } from "../loop-environment.ts";
import { changelogEnds } from "./changelog-ranges.ts";
import type { ChangelogReading } from "./changelog-reading.ts";
import type { FollowedTask, SoughtPosition } from "./followed-task.ts";
import { subtopologyOf } from "./task-state.ts";

export interface CopyPositionsOptions {
  readonly signal: AbortSignal;
  /** Owns what is asked of the cluster. */
  readonly job: (job: Promise<void>) => void;
  /** The task is to be looked at: it may have what it seeks. */
  readonly sought: (task: FollowedTask) => void;
}

/**
 * How far copies have come in the inputs of their tasks. Their changelogs do not tell it (Kafka's do where
 * `IQ_CONSISTENCY_OFFSET_VECTOR_ENABLED` has each change carry it): so where somebody asks, the committed offsets are
 * asked for, then the ends of the changelogs. A copy that has come to these holds all that belongs to those.
 */
export class CopyPositions {
  readonly #environment: LoopEnvironment;
  readonly #options: CopyPositionsOptions;
  readonly #asking = new Set<FollowedTask>();

  constructor(environment: LoopEnvironment, options: CopyPositionsOptions) {
    this.#environment = environment;
    this.#options = options;
  }

  /** Unless that is on its way. */
  locate(task: FollowedTask, topics: readonly string[]): void {
    if (this.#asking.has(task) || task.isSeeking || !task.isPlanned) return;
    const { signal, job, sought } = this.#options;
    const { logger } = this.#environment.platform;
    this.#asking.add(task);
    const { plan } = task;
    const asked = this.#ask(task, topics).then(
      (found) => {
        if (task.plan !== plan || !task.isPlanned || signal.aborted) return;
        task.seek(found);
        sought(task);
      },
      (cause: unknown) => {
        // Whoever waits for it asks again.
        if (!signal.aborted && logger.isEnabled("debug"))
          logger.log("debug", "streams.copy-not-located", { task: task.name, cause });
      },
    );
    job(asked.finally(() => this.#asking.delete(task)));
  }

  async #ask(
    { taskId, readings }: FollowedTask,
    topics: readonly string[],
  ): Promise<SoughtPosition> {
    const { cluster, assignments } = this.#environment;
    const { signal } = this.#options;
    const { partition } = taskId;
    const subtopology = subtopologyOf(taskId, this.#environment);
    const sources = readings.filter(({ isSourceTopic }) => isSourceTopic);
    const asked = new Set([
      ...topics.filter((topic) => readsTopic(subtopology, topic)),
      ...sources.map(({ changelog }) => changelog.topic),
    ]);
    const inputs = [...asked].map((topic) => ({ topic, partition }));
    const committed = await assignments.committed(inputs, signal);
    const changelogs = readings.map(({ changelog }) => changelog);
    const ends = await changelogEnds(changelogs, cluster.admin, signal);
    // What of a source topic is not processed yet is for the task.
    const endOf = (
      { isSourceTopic, changelog: { topic } }: ChangelogReading,
      index: number,
    ): Offset =>
      isSourceTopic ? (committed.find((one) => one.topic === topic)?.offset ?? 0) : ends[index];
    return {
      position: positionBefore(committed),
      ends: new Map(readings.map((reading, index) => [reading.name, endOf(reading, index)])),
    };
  }
}
