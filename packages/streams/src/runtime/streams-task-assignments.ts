import type {
  ClusterAdmin,
  GroupMetadata,
  OffsetAndMetadata,
  StreamsMembership,
  StreamsStatus,
  StreamsTasks,
  TaskPartitions,
} from "@millrace/cluster";
import { invariant, type TopicPartition } from "@millrace/model";
import { JoinedSignal, type Platform } from "@millrace/platform";

import { ApplicationError } from "../error/application-error.ts";
import { compareTaskIds, taskIdText, type TaskId } from "../processor/task-id.ts";
import type { Subtopology } from "../topology/subtopology.ts";
import type {
  AssignedTask,
  GroupHosts,
  OwnedTasks,
  TargetTasks,
  TaskAssignments,
} from "./task-assignments.ts";

export interface StreamsTaskAssignmentsOptions {
  readonly membership: StreamsMembership;
  readonly admin: ClusterAdmin;
  readonly subtopologies: readonly Subtopology[];
  readonly platform: Platform;
}

/** What keeps tasks from being given is not told at once: the group may be about to see to it. */
const unready: ReadonlySet<StreamsStatus["kind"]> = new Set([
  "missing-source-topics",
  "missing-internal-topics",
  "incorrectly-partitioned-topics",
  "assignment-delayed",
]);

/** The streams protocol (KIP-1071): the broker shares tasks out, and makes the internal topics. */
export class StreamsTaskAssignments implements TaskAssignments {
  target: TargetTasks | undefined = undefined;
  readonly hold = undefined;
  readonly #options: StreamsTaskAssignmentsOptions;
  /** What `target` was made of. */
  #given: StreamsTasks | undefined;
  #missingSinceMs: number | undefined;
  #listeners: readonly (() => void)[] = [];
  #changed: () => void = () => {};
  #tellNews: () => void = () => {};

  constructor(options: StreamsTaskAssignmentsOptions) {
    this.#options = options;
    options.membership.onChange(() => {
      if (options.membership.target === undefined) this.#forget();
      this.#changed();
    });
  }

  get lossCount(): number {
    return this.#options.membership.lossCount;
  }

  get confirmedMs(): number | undefined {
    return this.#options.membership.confirmedMs;
  }

  get isMember(): boolean {
    return this.#options.membership.isMember;
  }

  get groupMetadata(): GroupMetadata {
    return this.#options.membership.groupMetadata;
  }

  onChange(callback: () => void): void {
    this.#listeners = [...this.#listeners, callback];
  }

  onNews(callback: () => void): void {
    this.#tellNews = callback;
  }

  hear(): void {
    this.#options.membership.hear();
  }

  async follow(signal: AbortSignal): Promise<void> {
    this.#tellNews();
    const ended = new AbortController();
    using ends = new JoinedSignal(signal, ended.signal);
    const following = this.#options.membership.follow(ends.signal);
    const hasEnded = following.then(
      () => true,
      () => true,
    );
    try {
      for (;;) {
        const isChanged = new Promise<boolean>((resolve) => {
          this.#changed = () => resolve(false);
        });
        this.#check();
        await this.#take(signal);
        if (await Promise.race([hasEnded, isChanged])) return await following;
      }
    } finally {
      ended.abort();
      await hasEnded;
    }
  }

  report({ active, standby }: OwnedTasks): void {
    const warmups = this.#options.membership.target?.warmup;
    const isWarmup = ({ subtopology, partition }: TaskId): boolean =>
      warmups?.get(`${subtopology}`)?.includes(partition) === true;
    this.#options.membership.report({
      active: byPartitions(active.map(({ taskId }) => taskId)),
      standby: byPartitions(standby.filter((taskId) => !isWarmup(taskId))),
      warmup: byPartitions(standby.filter(isWarmup)),
    });
    this.#tellNews();
  }

  /** The broker assigns by itself: there is nobody to ask. */
  askAgain(): void {}

  committed(
    partitions: readonly TopicPartition[],
    signal?: AbortSignal,
  ): Promise<readonly OffsetAndMetadata[]> {
    return this.#options.membership.committed(partitions, signal);
  }

  commit(offsets: readonly OffsetAndMetadata[], signal?: AbortSignal): Promise<void> {
    return this.#options.membership.commit(offsets, signal);
  }

  #forget(): void {
    this.target = undefined;
    this.#given = undefined;
    this.#tell();
  }

  /** @throws ApplicationError `APPLICATION_SHUT_DOWN`, `PARTITIONS_DIFFER`, `MISSING_SOURCE_TOPIC` */
  #check(): void {
    const { membership, platform } = this.#options;
    const { statuses } = membership;
    const detailOf = (kind: StreamsStatus["kind"]): string | undefined =>
      statuses.find((status) => status.kind === kind)?.detail;
    const shutdown = detailOf("shutdown-application");
    if (shutdown !== undefined) throw new ApplicationError("APPLICATION_SHUT_DOWN", shutdown);
    const differing = detailOf("incorrectly-partitioned-topics");
    if (differing !== undefined) throw new ApplicationError("PARTITIONS_DIFFER", differing);
    const missing = detailOf("missing-source-topics");
    const nowMs = platform.clock.monotonicMs();
    if (missing === undefined) this.#missingSinceMs = undefined;
    else this.#missingSinceMs ??= nowMs;
    // As in Kafka, so that one more heartbeat at least has told the same.
    const waitMsMax = 2 * membership.heartbeatIntervalMs;
    if (missing !== undefined && nowMs - (this.#missingSinceMs ?? nowMs) >= waitMsMax)
      throw new ApplicationError(
        "MISSING_SOURCE_TOPIC",
        `${missing}. Create what the application reads before it starts.`,
      );
  }

  /**
   * A broker may assign by another topology than this one (Kafka: `StreamsMembershipManager`, from 4.3
   * on): nothing of such an assignment is taken.
   *
   * @throws ApplicationError `TOPOLOGY_MISMATCH`
   */
  #checkSubtopologies({ active, standby, warmup }: StreamsTasks): void {
    const known = this.#options.subtopologies.map(({ id }) => `${id}`);
    const unknown = [...active.keys(), ...standby.keys(), ...warmup.keys()].find(
      (id) => !known.includes(id),
    );
    if (unknown !== undefined)
      throw new ApplicationError(
        "TOPOLOGY_MISMATCH",
        `the broker gave this member tasks of sub-topology ${unknown}, and there is no such one in this program, which has ${known.join(", ")}: the group has the topology of another version of the program, or an assignor on the broker errs. Stop all instances, start one of the new version with groupProtocol "classic", stop it, and start all with "streams"; or give the new version another applicationId.`,
      );
  }

  async #take(signal: AbortSignal): Promise<void> {
    const { membership, admin, subtopologies, platform } = this.#options;
    const { target, statuses } = membership;
    if (target === undefined || target === this.#given) return;
    this.#checkSubtopologies(target);
    const isEmpty = target.active.size + target.standby.size + target.warmup.size === 0;
    if (isEmpty && statuses.some(({ kind }) => unready.has(kind))) return;
    const topics = subtopologies.flatMap(({ sourceTopics }) => sourceTopics);
    const present = await admin.describeTopics(topics, signal);
    if (membership.target !== target) return;
    const inputsOf = (taskId: TaskId): readonly TopicPartition[] =>
      this.#sourcesOf(taskId)
        .filter((topic) => taskId.partition < (present.get(topic)?.partitionCount ?? 0))
        .map((topic) => ({ topic, partition: taskId.partition }));
    const active = taskIdsOf(target.active).map((taskId): AssignedTask => ({
      taskId,
      inputs: inputsOf(taskId),
    }));
    const copies = [...taskIdsOf(target.standby), ...taskIdsOf(target.warmup)];
    const standby = copies.sort(compareTaskIds);
    platform.logger.log("info", "streams.tasks-assigned", {
      tasks: active.map(({ taskId }) => taskIdText(taskId)),
      standbys: standby.map(taskIdText),
    });
    this.#given = target;
    const hosts = this.#hosts();
    this.target = { active, standby, basis: undefined, isPartial: false, hosts };
    this.#tell();
  }

  #hosts(): GroupHosts {
    const { endpoints } = this.#options.membership;
    return {
      active: endpoints.map(({ host, port, active }) => ({ host, port, partitions: active })),
      standby: endpoints.map(({ host, port, standby }) => ({ host, port, partitions: standby })),
    };
  }

  #sourcesOf(taskId: TaskId): readonly string[] {
    const found = this.#options.subtopologies.find(({ id }) => id === taskId.subtopology);
    invariant(found !== undefined, "STREAMS-2", taskId);
    return found.sourceTopics;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function taskIdsOf(tasks: TaskPartitions): TaskId[] {
  return [...tasks]
    .flatMap(([id, partitions]) =>
      partitions.map((partition) => ({ subtopology: Number(id), partition })),
    )
    .sort(compareTaskIds);
}

function byPartitions(tasks: readonly TaskId[]): TaskPartitions {
  const groups = Map.groupBy(tasks, ({ subtopology }) => `${subtopology}`);
  return new Map(
    [...groups].map(([id, own]) => [
      id,
      own.map(({ partition }) => partition).sort((left, right) => left - right),
    ]),
  );
}
