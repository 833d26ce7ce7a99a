import { PartitionError, type OffsetAndMetadata } from "@millrace/cluster";
import type { Offset } from "@millrace/model";
import { JoinedSignal } from "@millrace/platform";

import { isDamagedStore } from "../../error/store-failure.ts";
import type { TaskId } from "../../processor/task-id.ts";
import type { LoopEnvironment } from "../loop-environment.ts";
import { isRecoverable } from "../recoverable-errors.ts";
import { RecoveryBudget } from "../recovery-budget.ts";
import { SnapshotLoader } from "../snapshots/snapshot-loader.ts";
import type { AssignedTask, OwnedTasks } from "../task-assignments.ts";
import { ChangelogPump } from "./changelog-pump.ts";
import { CopyPositions } from "./copy-positions.ts";
import {
  FollowedTask,
  type ReadyTask,
  type SuspendReason,
  type TaskRole,
} from "./followed-task.ts";
import { inParts } from "./in-parts.ts";
import type { RestoreProgress } from "./restore-event.ts";
import { TaskPlans, type TaskPlansOptions } from "./task-plans.ts";
import { TaskState } from "./task-state.ts";

/** How old the committed offsets may be up to which a standby follows a source topic. */
const limitAgeMs = 1000;
/** So many tasks are prepared by themselves where snapshots are loaded; of more tasks, some are together. */
const loadedPartsMax = 32;

export interface StateUpdaterOptions extends Pick<TaskPlansOptions, "topics" | "prepareWriting"> {
  /** True: tasks are processed beside it. */
  readonly isBusy: () => boolean;
  /** Something is ready, or has failed. */
  readonly wake: () => void;
}

/**
 * The states of tasks that no task works on (Kafka: `StateUpdater`): those that are restored, beside the tasks that run,
 * until they are ready, and standbys, which follow their changelogs. What fails for reasons that may pass is tried again,
 * and stops nothing else.
 *
 * ```
 *            want                    all is read            takeReady
 *  (nothing) ────> opening ─> restoring ────────> ready ────────────────> a task
 *      ▲              └─────> standby ──want──> restoring        give ┌─────┘
 *      └── want ── any of them  <──────────────────────────────────────┘
 * ```
 */
export class StateUpdater {
  readonly #environment: LoopEnvironment;
  readonly #options: StateUpdaterOptions;
  readonly #pump: ChangelogPump;
  readonly #taskPlans: TaskPlans;
  readonly #copyPositions: CopyPositions;
  /** Undefined: there are no snapshots. */
  readonly #loader: SnapshotLoader | undefined;
  readonly #recovery: RecoveryBudget;
  readonly #tasks = new Map<string, FollowedTask>();
  readonly #closing = new AbortController();
  readonly #jobs = new Set<Promise<void>>();
  /** An engine is opened once the one before in its folder is closed. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #planCount = 0;
  #failure: { readonly error: unknown } | undefined;
  #pumping: Promise<void> | undefined;
  #limits: Promise<void> | undefined;

  constructor(environment: LoopEnvironment, options: StateUpdaterOptions) {
    this.#environment = environment;
    this.#options = options;
    this.#taskPlans = new TaskPlans(environment, {
      ...options,
      open: (task, committed) => this.#open(task, committed),
    });
    const { stateFrom } = environment;
    this.#loader = stateFrom && new SnapshotLoader(environment, stateFrom);
    this.#recovery = new RecoveryBudget(environment.platform, environment.config.taskTimeoutMs);
    this.#pump = new ChangelogPump(environment, {
      get isBusy() {
        return options.isBusy();
      },
      restored: (task) => this.#restored(task),
      lost: (task) => this.#begin([task]),
      failed: (error, task) => this.#failed(error, task),
    });
    this.#copyPositions = new CopyPositions(environment, {
      signal: this.#closing.signal,
      job: (job) => this.#job(job),
      sought: (task) => {
        if (this.#tasks.get(task.name) === task && !task.isReady) this.#pump.add(task);
      },
    });
  }

  get owned(): OwnedTasks {
    const active: AssignedTask[] = [];
    const standby: TaskId[] = [];
    for (const { taskId, role } of this.#tasks.values()) {
      if (role?.inputs !== undefined) active.push({ taskId, inputs: role.inputs });
      else if (role !== undefined) standby.push(taskId);
    }
    return { active, standby };
  }

  /** True: some are ready. */
  get hasReady(): boolean {
    return [...this.#tasks.values()].some(({ isReady }) => isReady);
  }

  /** How far the stores of each task have come, added up. */
  get offsetSums(): readonly { readonly taskId: TaskId; readonly offsetSum: Offset }[] {
    return [...this.#tasks.values()]
      .filter(({ isPlanned }) => isPlanned)
      .map(({ taskId, offsetSum }) => ({ taskId, offsetSum }));
  }

  /** Those whose stores can be read, as far as they have come. */
  get followed(): readonly FollowedTask[] {
    return [...this.#tasks.values()].filter(({ isPlanned, state }) => isPlanned && state);
  }

  /** Changes that the stores of a task lack, as far as known. */
  lagOf(task: FollowedTask): number {
    const lags = task
      .progress(this.#pump.endOf)
      .map(({ offset, endOffset = Infinity }) => Math.max(0, endOffset - offset));
    return lags.reduce((sum, lag) => sum + lag, 0);
  }

  /** See `QueryableTask`. */
  locate(task: FollowedTask, topics: readonly string[]): void {
    this.#copyPositions.locate(task, topics);
  }

  get progress(): readonly RestoreProgress[] {
    return [...this.#tasks.values()].flatMap((task) => task.progress(this.#pump.endOf));
  }

  /** Takes a state that a task was taken off. `want` says what becomes of it. */
  give(state: TaskState): void {
    const task = new FollowedTask(state.taskId, state);
    this.#tasks.set(task.name, task);
    try {
      state.replayed();
    } catch (error) {
      // Opened again it begins anew where it is damaged, else that fails likewise.
      this.#log("streams.state-not-taken", task, error);
      this.#close(task);
    }
  }

  /** These are to be restored, and those are to follow; all others are let go, and keep their folders. */
  want(active: readonly AssignedTask[], standby: readonly TaskId[]): void {
    const roles: readonly TaskRole[] = [...active, ...standby.map((taskId) => ({ taskId }))];
    const wanted = roles.map((role) => ({ role, task: this.#taskOf(role.taskId) }));
    const kept = new Set(wanted.map(({ task }) => task));
    for (const task of this.#tasks.values()) if (!kept.has(task)) this.#letGo(task, "moved");
    const changed = wanted.filter(({ role, task }) => !task.is(role));
    for (const { role, task } of changed) {
      if (task.role !== undefined)
        this.#suspend(task, role.inputs === undefined ? "demoted" : "promoted");
      task.role = role;
    }
    if (changed.length > 0) this.#begin(changed.map(({ task }) => task));
  }

  /** What was read of what is committed counts no more: somebody else may have committed since. */
  planAnew(): void {
    const restoring = [...this.#tasks.values()].filter(({ isRestoring }) => isRestoring);
    if (restoring.length > 0) this.#begin(restoring);
  }

  /** Those that are ready: their states are the caller's, until it gives them back. */
  takeReady(): readonly ReadyTask[] {
    const ready: ReadyTask[] = [];
    for (const task of this.#tasks.values()) {
      const { taskId, state, role, committed, starts } = task;
      if (!task.isReady || state === undefined || role?.inputs === undefined) continue;
      this.#tasks.delete(task.name);
      ready.push({ taskId, inputs: role.inputs, state, committed, starts });
    }
    return ready;
  }

  /** @throws what ends the application, once */
  throwIfFailed(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  /** Commits what was read, and closes all. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const task of this.#tasks.values()) this.#letGo(task, "closed");
    await Promise.all([...this.#jobs, ...this.#turns.values(), this.#pumping, this.#limits]);
    // Nobody asks for it any more.
    if (this.#failure !== undefined)
      this.#environment.platform.logger.log("warn", "streams.restore-failed", {
        cause: this.#failure.error,
      });
  }

  #taskOf(taskId: TaskId): FollowedTask {
    const fresh = new FollowedTask(taskId);
    const known = this.#tasks.get(fresh.name);
    if (known !== undefined) return known;
    this.#tasks.set(fresh.name, fresh);
    return fresh;
  }

  #letGo(task: FollowedTask, reason: SuspendReason): void {
    this.#pump.remove(task);
    this.#tasks.delete(task.name);
    task.gone.abort();
    try {
      task.commit();
    } catch (cause) {
      // What was read is read again by whoever opens it next.
      this.#log("streams.state-not-committed", task, cause);
    }
    this.#suspend(task, reason);
    this.#close(task);
  }

  #suspend(task: FollowedTask, reason: SuspendReason): void {
    if (task.isReady) return;
    for (const progress of task.progress(this.#pump.endOf))
      this.#environment.tellRestore({ kind: "suspended", ...progress, reason });
  }

  #close(task: FollowedTask): void {
    const { state } = task;
    // One that was given back and wanted no more was processed until then.
    const wasRunning = task.role === undefined && !task.isPlanned;
    const { released, assignments } = this.#environment;
    const currentMs = wasRunning ? assignments.confirmedMs : undefined;
    if (state !== undefined) released({ task: task.name, offsetSum: state.offsetSum, currentMs });
    task.state = undefined;
    task.readings = [];
    task.isPlanned = task.isReady = false;
    if (state === undefined) return;
    const closed = this.#inTurn(task, () => state.close());
    this.#job(closed.catch((cause: unknown) => this.#log("streams.state-not-closed", task, cause)));
  }

  #begin(tasks: readonly FollowedTask[]): void {
    const plan = ++this.#planCount;
    for (const task of tasks) {
      task.plan = plan;
      task.isReady = false;
    }
    this.#pumping ??= this.#pump.run(this.#closing.signal);
    // One that is loaded holds few others up, and each part asks the cluster for itself.
    const parts = this.#loader === undefined ? [tasks] : inParts(tasks, loadedPartsMax);
    for (const part of parts) this.#job(this.#prepare(part, plan));
  }

  /** Until it comes to something, or for `taskTimeout`. */
  async #prepare(tasks: readonly FollowedTask[], plan: number): Promise<void> {
    const { signal } = this.#closing;
    const isCurrent = (task: FollowedTask): boolean =>
      task.plan === plan && this.#tasks.get(task.name) === task;
    for (;;) {
      const current = tasks.filter(isCurrent);
      if (current.length === 0 || signal.aborted) return;
      try {
        const tell = await this.#taskPlans.make(current, signal);
        for (const task of current.filter(isCurrent)) {
          tell(task);
          this.#follow(task);
        }
        this.#recovery.reset();
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!isRecoverable(error)) return this.#fail(error);
        this.#environment.platform.logger.log("warn", "streams.restore-delayed", { cause: error });
        const over = await this.#recovery.pause(error, signal).catch(() => ({ error }));
        if (over !== undefined && !signal.aborted) return this.#fail(error);
      }
    }
  }

  #follow(task: FollowedTask): void {
    if (task.followsSource) this.#limits ??= this.#moveLimits();
    for (const progress of task.progress(this.#pump.endOf))
      this.#environment.tellRestore({ kind: "start", ...progress });
    this.#pump.add(task);
  }

  async #moveLimits(): Promise<void> {
    const { signal } = this.#closing;
    for (;;) {
      const tasks = [...this.#tasks.values()].filter(({ followsSource }) => followsSource);
      if (tasks.length === 0 || signal.aborted) break;
      try {
        await this.#environment.platform.timers.sleep(limitAgeMs, signal);
        await this.#taskPlans.moveLimits(tasks, signal);
        for (const task of tasks)
          if (this.#tasks.get(task.name) === task && !task.isRestoring) this.#pump.add(task);
      } catch (error) {
        if (signal.aborted) break;
        if (!isRecoverable(error)) this.#fail(error);
      }
    }
    this.#limits = undefined;
  }

  #open(task: FollowedTask, committed: readonly OffsetAndMetadata[]): Promise<void> {
    return this.#inTurn(task, async () => {
      if (this.#tasks.get(task.name) !== task || task.state !== undefined) return;
      const state = await TaskState.open(this.#environment, task.taskId);
      try {
        using ends = new JoinedSignal(this.#closing.signal, task.gone.signal);
        await this.#loader?.load(state, committed, ends.signal);
      } catch (error) {
        await state.close();
        if (!task.gone.signal.aborted) throw error;
        return;
      }
      if (this.#tasks.get(task.name) === task) task.state = state;
      else await state.close();
    });
  }

  #restored(task: FollowedTask): void {
    for (const progress of task.progress(this.#pump.endOf))
      this.#environment.tellRestore({ kind: "end", ...progress });
    const { storesAhead: stores, starts: goesOnAt, name } = task;
    const { logger } = this.#environment.platform;
    if (stores.length > 0)
      logger.log("warn", "streams.offsets-missing", { task: name, stores, goesOnAt });
    task.isReady = true;
    this.#options.wake();
  }

  #failed(error: unknown, task: FollowedTask | undefined): void {
    if (task === undefined) {
      // The reader goes on by itself once what may pass has passed.
      if (!isRecoverable(error))
        this.#fail(
          error instanceof PartitionError ? this.#options.topics.readFailure(error) : error,
        );
      return;
    }
    if (!isDamagedStore(error)) return this.#fail(error);
    // Opened again it begins anew.
    this.#close(task);
    this.#begin([task]);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#options.wake();
  }

  #inTurn(task: FollowedTask, work: () => Promise<void>): Promise<void> {
    const before = this.#turns.get(task.name) ?? Promise.resolve();
    const turn = before.then(work);
    const settled = turn
      .catch(() => {})
      .finally(() => {
        if (this.#turns.get(task.name) === settled) this.#turns.delete(task.name);
      });
    this.#turns.set(task.name, settled);
    return turn;
  }

  #job(job: Promise<void>): void {
    this.#jobs.add(job);
    void job.finally(() => this.#jobs.delete(job));
  }

  #log(name: string, task: FollowedTask, cause: unknown): void {
    this.#environment.platform.logger.log("warn", name, { task: task.name, cause });
  }
}
