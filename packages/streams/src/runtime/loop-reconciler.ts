import { ClusterError } from "@millrace/cluster";

import { isDamagedStore } from "../error/store-failure.ts";
import type { ActiveTask } from "./active-task.ts";
import type { ApplicationTopics } from "./application-topics.ts";
import { GroupFollower } from "./group-follower.ts";
import type { LoopCommits } from "./loop-commits.ts";
import type { LoopEnvironment } from "./loop-environment.ts";
import type { LoopTasks } from "./loop-tasks.ts";
import type { RecoveryBudget } from "./recovery-budget.ts";
import type { StateUpdater } from "./state/state-updater.ts";
import type { TaskState } from "./state/task-state.ts";
import type { AssignmentHold, OwnedTasks, TargetTasks } from "./task-assignments.ts";
import type { TaskHolds } from "./task-holds.ts";
import type { TopicWatch } from "./topic-watch.ts";

export interface LoopReconcilerParts {
  readonly tasks: LoopTasks;
  readonly updater: StateUpdater;
  readonly commits: LoopCommits;
  readonly topics: ApplicationTopics;
  readonly watch: TopicWatch;
  readonly holds: TaskHolds;
  readonly recovery: RecoveryBudget;
  readonly wake: () => void;
  /** All tasks of the target are at work. */
  readonly onRunning: () => void;
}

/**
 * Brings what a loop owns to what the group has decided, between its slices: what stays is not touched, what goes is
 * committed and closed, and what comes is restored beside it and begins once it is ready.
 */
export class LoopReconciler {
  readonly #environment: LoopEnvironment;
  readonly #parts: LoopReconcilerParts;
  readonly #group: GroupFollower;
  /** The target that what is owned was brought to. */
  #reached: TargetTasks | undefined;
  /** The hold that was told to be reached. */
  #held: AssignmentHold | undefined;
  #isRunning = false;

  constructor(environment: LoopEnvironment, parts: LoopReconcilerParts) {
    this.#environment = environment;
    this.#parts = parts;
    this.#group = new GroupFollower(environment.assignments, parts.wake);
    environment.assignments.onChange(parts.wake);
  }

  /**
   * @param member ends the part in the group, once the last commit was made
   * @returns whether there may be something to do for the tasks; else wait for a change
   */
  async turn(signal: AbortSignal, member: AbortSignal): Promise<boolean> {
    this.#group.follow(member);
    const { assignments } = this.#environment;
    this.#dropLost();
    const { target, hold } = assignments;
    if (hold !== undefined) {
      await this.#hold(hold);
      return false;
    }
    this.#parts.updater.throwIfFailed();
    if (target === undefined) return false;
    if (target !== this.#reached) await this.#reconcile(target, signal);
    if (this.#parts.updater.hasReady) await this.#begin(signal);
    return true;
  }

  /** Tasks were taken off their states otherwise: the target is reached anew. */
  again(): void {
    this.#reached = undefined;
    this.#notRunning();
  }

  /** All go back to what is committed. @param cause where a store was found damaged it is opened anew */
  async dropAll(cause: unknown): Promise<void> {
    const { tasks, updater } = this.#parts;
    const closing: Promise<void>[] = [];
    const close = (state: TaskState): void => void closing.push(state.close());
    this.again();
    try {
      tasks.drop(isDamagedStore(cause) ? close : (state) => updater.give(state));
    } finally {
      await Promise.all(closing);
    }
  }

  /** One goes back to what is committed. */
  drop(task: ActiveTask): void {
    this.again();
    this.#parts.tasks.end([task], (state) => this.#parts.updater.give(state));
  }

  /** Its signal has aborted. */
  async ended(): Promise<void> {
    await this.#group.ended();
  }

  /** @throws ClusterError `COMMIT_FENCED`: something was done that must not be committed any more */
  #dropLost(): void {
    if (!this.#group.takeLoss()) return;
    const { tasks, commits, updater } = this.#parts;
    updater.planAnew();
    if (tasks.needsCommit || commits.uncommitted.length > 0) throw tasksGivenAway();
    this.again();
    tasks.drop((state) => updater.give(state));
  }

  /** The group is joined: nothing may be done that is not committed. */
  async #hold(hold: AssignmentHold): Promise<void> {
    this.#notRunning();
    if (hold === this.#held) return;
    const { commits, tasks } = this.#parts;
    if (this.#environment.assignments.isMember) await commits.commit(tasks.open);
    this.#held = hold;
    hold.reached();
  }

  async #reconcile(target: TargetTasks, signal: AbortSignal): Promise<void> {
    const { tasks, updater, commits, topics, watch, holds, recovery } = this.#parts;
    const { patterns } = this.#environment;
    const leaving = tasks.beyond(target.active);
    // Those that stay go on while a commit ends, be it one that was under way or the one of those that go.
    if (leaving.length > 0 && commits.isUnderWay) return;
    if (tasks.suspend(leaving)) {
      this.#notRunning();
      await commits.begin(tasks.open);
      if (commits.isUnderWay) return;
    }
    commits.throwIfFailed();
    tasks.end(leaving, (state) => updater.give(state));
    const missing = tasks.missing(target.active);
    updater.want(missing, target.standby);
    this.#report();
    if (missing.length === 0 && !patterns.areNone) await topics.check(signal);
    holds.keepOnly(target.active.map(({ taskId }) => taskId));
    recovery.keepOnly(tasks.inputs.names);
    watch.begin(target.basis?.partitions);
    this.#reached = target;
    this.#tellState();
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { tasks, updater, commits } = this.#parts;
    const refused = (state: TaskState): void => {
      updater.give(state);
      this.again();
    };
    if (tasks.open.length === 0) commits.schedule();
    await tasks.add(updater.takeReady(), { signal, refused });
    this.#tellState();
  }

  #report(): void {
    const { tasks, updater } = this.#parts;
    const { active, standby } = updater.owned;
    const owned: OwnedTasks = { active: [...tasks.open, ...active], standby };
    this.#environment.assignments.report(owned);
  }

  #tellState(): void {
    const { updater, onRunning } = this.#parts;
    if (updater.owned.active.length > 0) {
      this.#notRunning();
    } else if (!this.#isRunning) {
      this.#isRunning = true;
      this.#environment.tellState("running");
    }
    if (this.#isRunning && this.#reached?.isPartial === false) onRunning();
  }

  #notRunning(): void {
    this.#isRunning = false;
    this.#environment.tellState("rebalancing");
  }
}

function tasksGivenAway(): ClusterError {
  return new ClusterError(
    "COMMIT_FENCED",
    "the group has given this member's tasks away, since it was not heard of for a session's time",
  );
}
