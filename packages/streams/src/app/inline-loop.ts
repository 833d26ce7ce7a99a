import type { GroupMembership } from "@millrace/cluster";
import type { WrittenSnapshot } from "@millrace/state";

import type { QueryableTask } from "../query/local-answers.ts";
import type { TaskId } from "../processor/task-id.ts";
import type { ActiveTask } from "../runtime/active-task.ts";
import { queryableCopy, queryableTask } from "../runtime/queryable-tasks.ts";
import type { GroupHosts, TaskAssignments } from "../runtime/task-assignments.ts";
import type { TaskOffsetSum } from "../runtime/assignment/subscription-info.ts";
import type { FollowedTask } from "../runtime/state/followed-task.ts";
import type { RestoreProgress } from "../runtime/state/restore-event.ts";
import type { StreamLoop } from "../runtime/stream-loop.ts";
import type { GroupLeaving, LoopHost, PlacedSnapshotOrder } from "./loop-host.ts";

export interface InlineLoopParts {
  readonly threadId: string;
  readonly loop: StreamLoop;
  readonly membership: Pick<GroupMembership, "close" | "groupMetadata">;
  readonly assignments: Pick<TaskAssignments, "target" | "hear" | "confirmedMs">;
  readonly endApplication: (signal: AbortSignal) => Promise<void>;
  readonly snapshot: LoopHost["snapshot"];
  readonly readers: readonly { close(): Promise<void> }[];
}

/** A loop on the caller's own thread. */
export class InlineLoop implements LoopHost {
  readonly threadId: string;
  readonly running: Promise<void>;
  readonly #parts: InlineLoopParts;

  constructor(parts: InlineLoopParts) {
    this.#parts = parts;
    this.threadId = parts.threadId;
    this.running = parts.loop.running;
  }

  get memberId(): string {
    return this.#parts.membership.groupMetadata.memberId;
  }

  get confirmedMs(): number | undefined {
    return this.#parts.assignments.confirmedMs;
  }

  get tasks(): readonly string[] {
    return this.#parts.loop.taskIds;
  }

  get groupHosts(): GroupHosts | undefined {
    return this.#parts.assignments.target?.hosts;
  }

  /** What runs a task here, else the copy of it that is here. */
  queryable({ subtopology, partition }: TaskId): QueryableTask | undefined {
    const isMeant = ({ taskId }: Pick<ActiveTask, "taskId">): boolean =>
      taskId.subtopology === subtopology && taskId.partition === partition;
    const { activeTasks, updater } = this.#parts.loop;
    const active = activeTasks.find(isMeant);
    if (active !== undefined) return queryableTask(active);
    const followed = updater.followed.find(isMeant);
    return followed && this.#copyOf(followed);
  }

  /** Its copies of others' tasks, and those that are to run here. */
  get copies(): readonly QueryableTask[] {
    return this.#parts.loop.updater.followed.flatMap((task) => this.#copyOf(task) ?? []);
  }

  #copyOf(task: FollowedTask): QueryableTask | undefined {
    const { updater } = this.#parts.loop;
    return queryableCopy(task, {
      lag: updater.lagOf(task),
      locate: (topics) => updater.locate(task, topics),
    });
  }

  get restoring(): readonly RestoreProgress[] {
    return this.#parts.loop.updater.progress;
  }

  get offsetSums(): readonly TaskOffsetSum[] {
    return this.#parts.loop.offsetSums;
  }

  run(stop: AbortSignal): Promise<void> {
    return this.#parts.loop.run(stop);
  }

  snapshot(order: PlacedSnapshotOrder): Promise<readonly WrittenSnapshot[]> {
    return this.#parts.snapshot(order);
  }

  wake(): void {
    this.#parts.loop.wake();
  }

  hearGroup(): void {
    this.#parts.assignments.hear();
  }

  endApplication(signal: AbortSignal): Promise<void> {
    return this.#parts.endApplication(signal);
  }

  async close({
    group,
    timeoutMs,
  }: {
    readonly group: GroupLeaving;
    readonly timeoutMs: number;
  }): Promise<void> {
    const { membership, readers } = this.#parts;
    await Promise.allSettled([
      membership.close({ timeoutMs, keepSeat: group === "remain" }),
      ...readers.map((reader) => reader.close()),
    ]);
  }
}
