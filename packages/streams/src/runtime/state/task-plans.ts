import type { OffsetAndMetadata } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";

import type { ApplicationTopics } from "../application-topics.ts";
import type { LoopEnvironment } from "../loop-environment.ts";
import { OffsetResets } from "../offset-resets.ts";
import type { AssignedTask } from "../task-assignments.ts";
import { changelogRanges } from "./changelog-ranges.ts";
import type { FollowedTask } from "./followed-task.ts";
import { subtopologyOf } from "./task-state.ts";

export interface TaskPlansOptions {
  readonly topics: ApplicationTopics;
  /** Has the topics known that tasks are going to write. */
  readonly prepareWriting: (
    assigned: readonly AssignedTask[],
    signal: AbortSignal,
  ) => Promise<void>;
  /** Opens the state of a task, with what is committed of its topics; none where the task was let go meanwhile. */
  readonly open: (task: FollowedTask, committed: readonly OffsetAndMetadata[]) => Promise<void>;
}

/** What tasks are to read of their changelogs: from what is committed, and what the changelogs hold. */
export class TaskPlans {
  readonly #environment: LoopEnvironment;
  readonly #options: TaskPlansOptions;
  readonly #resets: OffsetResets;
  #checked: Promise<void> = Promise.resolve();

  constructor(environment: LoopEnvironment, options: TaskPlansOptions) {
    this.#environment = environment;
    this.#options = options;
    this.#resets = new OffsetResets(environment);
  }

  /**
   * The committed offsets are asked for first, and stable: afterwards no transaction that may still commit
   * has written to the changelogs, so their ends hold all that belongs to those offsets.
   *
   * @returns tells one of them what it is to read
   */
  async make(
    tasks: readonly FollowedTask[],
    signal: AbortSignal,
  ): Promise<(task: FollowedTask) => void> {
    const { topics, prepareWriting } = this.#options;
    const { cluster, platform, config } = this.#environment;
    await this.#check(signal);
    const active = tasks.flatMap(({ taskId, role }) =>
      role?.inputs === undefined ? [] : [{ taskId, inputs: role.inputs }],
    );
    await prepareWriting(active, signal);
    const committed = await this.#committed(tasks, signal);
    const ofTask = (inputs: AssignedTask["inputs"]): readonly OffsetAndMetadata[] =>
      inputs.flatMap((input) => committed.filter((offset) => isOf(offset, input)));
    for (const { taskId, inputs } of active)
      topics.requireUsed(subtopologyOf(taskId, this.#environment), ofTask(inputs));
    await this.#open(tasks, committed);
    const open = tasks.filter(({ state }) => state !== undefined);
    const common = { isTransactional: config.isExactlyOnce, logger: platform.logger };
    const readings = open.flatMap((task) => task.open(common));
    const changelogs = readings.map(({ changelog }) => changelog);
    const ranges = await changelogRanges(changelogs, cluster.admin, signal);
    const fresh = active.flatMap(({ inputs }) =>
      inputs.filter((input) => !committed.some((offset) => isOf(offset, input))),
    );
    const firsts = await this.#resets.firstOffsets(fresh, signal);
    return (task) => {
      const inputs = task.role?.inputs ?? [];
      task.committed = ofTask(inputs);
      task.starts = [
        ...task.committed,
        ...firsts.filter((one) => inputs.some((input) => isOf(one, input))),
      ];
      for (const reading of task.readings) {
        const range = ranges.get(reading.name);
        if (range === undefined) continue;
        reading.limit = committed.find((offset) => isOf(offset, reading.changelog))?.offset ?? 0;
        reading.begin(range);
        reading.end = task.isRestoring ? range.end : undefined;
      }
      task.forgetCommitted();
      task.isPlanned = true;
    };
  }

  /** Of standbys of source topics: they follow what was processed; what is beyond is for the task. */
  async moveLimits(tasks: readonly FollowedTask[], signal: AbortSignal): Promise<void> {
    const committed = await this.#committed(tasks, signal);
    for (const task of tasks) {
      if (task.isRestoring) continue;
      for (const reading of task.readings) {
        const found = committed.find((offset) => isOf(offset, reading.changelog));
        reading.limit = Math.max(reading.limit, found?.offset ?? 0);
      }
    }
  }

  /** Of the inputs of tasks, and of source topics that serve as changelogs. */
  async #committed(
    tasks: readonly FollowedTask[],
    signal: AbortSignal,
  ): Promise<readonly OffsetAndMetadata[]> {
    const partitions = tasks.flatMap(({ taskId, role }) => {
      if (role?.inputs !== undefined) return role.inputs;
      const { changelogTopics } = subtopologyOf(taskId, this.#environment);
      return changelogTopics
        .filter(({ isSourceTopic }) => isSourceTopic)
        .map(({ name: topic }) => ({ topic, partition: taskId.partition }));
    });
    return this.#environment.assignments.committed(partitions, signal);
  }

  /** All are, or have failed, before one that has failed is told. */
  async #open(
    tasks: readonly FollowedTask[],
    committed: readonly OffsetAndMetadata[],
  ): Promise<void> {
    const { open } = this.#options;
    const opened = await Promise.allSettled(tasks.map((task) => open(task, committed)));
    for (const one of opened) if (one.status === "rejected") throw one.reason;
  }

  /** One after the other: each takes note of what is there. */
  async #check(signal: AbortSignal): Promise<void> {
    this.#checked = this.#checked.catch(() => {}).then(() => this.#options.topics.check(signal));
    await this.#checked;
  }
}

function isOf(one: TopicPartition, other: TopicPartition): boolean {
  return one.topic === other.topic && one.partition === other.partition;
}
