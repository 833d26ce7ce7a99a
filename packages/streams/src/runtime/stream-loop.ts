import { ClusterError, type BatchWriter } from "@millrace/cluster";
import type { Timer } from "@millrace/platform";

import { ApplicationError } from "../error/application-error.ts";
import { taskIdText } from "../processor/task-id.ts";
import { Slice } from "../task/slice.ts";
import { ApplicationTopics } from "./application-topics.ts";
import { commitTasks } from "./commit.ts";
import type { LoopEnvironment } from "./loop-environment.ts";
import { otherTopology, readAssignment, type AssignmentBasis } from "./read-assignment.ts";
import { isFencedWriter, isRecoverable } from "./recoverable-errors.ts";
import { RecoveryBudget } from "./recovery-budget.ts";
import { RepartitionPurge } from "./repartition-purge.ts";
import { SourceWatch } from "./source-watch.ts";
import { TaskInputs } from "./task-inputs.ts";
import { openTasks, type OpenTask } from "./task-opener.ts";
import { WriteRefusals } from "./write-refusals.ts";

/** Records that a task may take before the next task has its turn. */
const recordsPerTurn = 256;
/** Longest wait for records: heartbeats and commits come in between. */
const pollWaitMs = 100;
/** How long records may be on their way until a commit fails (Kafka: `delivery.timeout.ms`). */
const deliveryMsMax = 120_000;
const deliveryMsMin = 1000;

export type LoopState = "starting" | "rebalancing" | "running" | "closing" | "closed";

/**
 * Runs the tasks of one group member (Kafka: `StreamThread`): polls, processes in slices, commits, rebalances.
 * Waits only at poll, flush and commit; within a slice everything is synchronous.
 *
 * ```
 *  starting ──> rebalancing <──────────────┐
 *                   │                      │ the group moves, or a transaction was lost
 *                   └──> running ──────────┘
 *                            └──> closing ──> closed
 * ```
 */
export class StreamLoop {
  /** Resolves once the loop has its first tasks. */
  readonly running: Promise<void>;
  #markRunning: () => void = () => {};
  #state: LoopState = "starting";
  readonly #environment: LoopEnvironment;
  readonly #purge: RepartitionPurge;
  readonly #watch: SourceWatch;
  readonly #recovery: RecoveryBudget;
  readonly #refusals = new WriteRefusals();
  #writer: BatchWriter;
  #tasks: readonly OpenTask[] = [];
  readonly #topics: ApplicationTopics;
  readonly #inputs: TaskInputs;
  /** Whose turn was the last. */
  #turn = 0;
  readonly #slice: Slice;
  #nextCommitMs = 0;
  /** True: the last slice took records, so that there may be more of them at once. */
  #isBusy = false;
  #isWriterReady = false;
  /** True: the group was asked once already for an assignment that fits. */
  #hasAskedAnew = false;
  #generationId = -1;
  #wake = new AbortController();
  /** Aborts once closing takes too long: commits under way may end until then. */
  readonly #giveUp = new AbortController();

  constructor(environment: LoopEnvironment) {
    this.#environment = environment;
    this.#purge = new RepartitionPurge(environment);
    this.#watch = new SourceWatch(environment);
    this.#recovery = new RecoveryBudget(environment.platform, environment.config.taskTimeoutMs);
    this.#topics = new ApplicationTopics(environment);
    this.#inputs = new TaskInputs(environment);
    this.#slice = new Slice(environment.platform.clock, environment.config.sliceMs);
    this.#writer = this.#openWriter();
    environment.membership.onChange(() => this.#wake.abort());
    this.running = new Promise((resolve) => {
      this.#markRunning = resolve;
    });
  }

  get state(): LoopState {
    return this.#state;
  }

  /** The tasks that run here now, such as `0_3`. */
  get taskIds(): readonly string[] {
    return this.#tasks.map(({ taskId }) => taskIdText(taskId));
  }

  get openTasks(): readonly OpenTask[] {
    return this.#tasks;
  }

  /** Runs until the signal aborts, then commits and closes. Rejects with what ended it otherwise. */
  async run(stop: AbortSignal): Promise<void> {
    const { config, platform } = this.#environment;
    let timer: Timer | undefined;
    const whenStopped = (): void => {
      this.#wake.abort();
      timer = platform.timers.after(config.closeTimeoutMs / 2, () =>
        this.#giveUp.abort(slowClose()),
      );
    };
    stop.addEventListener("abort", whenStopped, { once: true });
    try {
      await this.#topics.check(stop);
      await this.#initializeWriter(stop);
      while (!stop.aborted) await this.#step(stop);
      this.#state = "closing";
      platform.probe?.("C21");
      if (this.#environment.membership.isMember) await this.#commit();
    } catch (error) {
      if (!stop.aborted) throw error;
      const wasAsked = error === stop.reason; // a wait was ended: there was nothing to commit yet
      if (!wasAsked)
        platform.logger.log("warn", "streams.last-commit-failed", {
          cause: this.#refusals.failure ?? error,
        });
    } finally {
      await this.#abandon();
      timer?.cancel();
      stop.removeEventListener("abort", whenStopped);
      this.#state = "closed";
    }
  }

  async #step(stop: AbortSignal): Promise<void> {
    const { membership } = this.#environment;
    try {
      if (membership.failure !== undefined) throw membership.failure;
      if (membership.needsJoin) await this.#rebalance(stop);
      else await this.#work(stop);
    } catch (error) {
      if (this.#refusals.failure !== undefined) throw this.#refusals.failure;
      await this.#recover(error, stop);
    }
  }

  /** Goes back to what is committed, until that succeeds, or the time for it is over. */
  async #recover(first: unknown, stop: AbortSignal): Promise<void> {
    let cause = first;
    this.#recovery.lost(this.#tasks.flatMap(({ task }) => task.committableOffsets()));
    for (;;) {
      if (stop.aborted || !isRecoverable(cause)) throw cause;
      this.#state = "rebalancing";
      await this.#recovery.pause(cause, stop);
      try {
        await this.#rebuild(cause, stop);
        return;
      } catch (error) {
        cause = error;
      }
    }
  }

  /** Poll, process for a slice, commit if it is time. */
  async #work(stop: AbortSignal): Promise<void> {
    const { platform } = this.#environment;
    // Whatever woke the loop was seen to: with a signal that stays aborted no poll would ever wait.
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
    const waitMsMax = this.#pollWaitMs();
    await this.#inputs.take(waitMsMax, { wake: this.#wake.signal, stop });
    this.#isBusy = this.#processSlice();
    this.#inputs.resumeDrained();
    if (!this.#writer.hasRoom) await this.#writer.drained(stop);
    const isStageFull = this.#tasks.some(({ stores }) => stores.isStageFull);
    if (isStageFull || platform.clock.monotonicMs() >= this.#nextCommitMs) await this.#commit();
    if (waitMsMax === 0) await platform.timers.yield(); // nothing else here need have given way
    this.#watch.check();
  }

  #pollWaitMs(): number {
    if (this.#isBusy && this.#tasks.some(({ task }) => task.hasBufferedRecords)) return 0;
    if (!this.#tasks.some(({ task }) => task.needsCommit)) return pollWaitMs;
    const untilCommitMs = this.#nextCommitMs - this.#environment.platform.clock.monotonicMs();
    return Math.max(0, Math.min(pollWaitMs, untilCommitMs));
  }

  /** @returns whether any record was taken: tasks may have some and wait for those of other inputs */
  #processSlice(): boolean {
    const slice = this.#slice;
    let hasTaken = false;
    let idle = 0;
    slice.begin();
    // The next slice goes on with the next task: where records are slow, each has its turn.
    while (!slice.isOver && idle < this.#tasks.length && this.#writer.hasRoom) {
      this.#turn = (this.#turn + 1) % this.#tasks.length;
      const count = this.#tasks[this.#turn].task.process(recordsPerTurn, slice);
      idle = count > 0 ? 0 : idle + 1;
      hasTaken ||= count > 0;
    }
    return hasTaken || !this.#writer.hasRoom;
  }

  async #commit(): Promise<void> {
    const { membership, config, platform } = this.#environment;
    const offsets = await commitTasks(this.#tasks, {
      writer: this.#writer,
      refusals: this.#refusals,
      membership,
      isExactlyOnce: config.isExactlyOnce,
      slice: this.#slice,
      timers: platform.timers,
      signal: this.#giveUp.signal,
      probe: platform.probe,
    });
    if (offsets.length > 0) {
      this.#begin();
      this.#purge.afterCommit(offsets);
    }
    this.#recovery.committed(offsets);
    if (this.#recovery.isUsed && this.#inputs.isDrained(this.#tasks)) this.#recovery.reset();
    this.#nextCommitMs = platform.clock.monotonicMs() + config.commitIntervalMs;
  }

  /** Gives everything up, joins, and takes what it is given. Tasks that stay go on where they were. */
  async #rebalance(stop: AbortSignal): Promise<void> {
    const { membership, platform } = this.#environment;
    this.#state = "rebalancing";
    this.#wake = new AbortController();
    if (membership.isMember) await this.#commit();
    else if (this.#tasks.length > 0) throw forgotten();
    const assignment = await membership.join(stop);
    const { assigned, basis } = readAssignment(assignment);
    if (this.#isOutdated(basis)) return;
    // STREAMS-9: in a generation in between somebody else may have had the tasks that are held here.
    if (assignment.generationId > this.#generationId + 1) await this.#dropTasks();
    this.#generationId = assignment.generationId;
    platform.logger.log("info", "streams.tasks-assigned", {
      tasks: assigned.map(({ taskId }) => taskIdText(taskId)),
    });
    const wanted = new Set(assigned.map(({ taskId }) => taskIdText(taskId)));
    const held = new Set(this.taskIds);
    await this.#closeTasks(this.#tasks.filter(({ taskId }) => !wanted.has(taskIdText(taskId))));
    const added = assigned.filter(({ taskId }) => !held.has(taskIdText(taskId)));
    if (added.length > 0) await this.#topics.check(stop);
    const opened = await openTasks(added, this.#environment, {
      writer: this.#writer,
      origins: this.#refusals.origins,
      signal: stop,
    });
    this.#inputs.add(opened);
    this.#tasks = [...this.#tasks, ...opened];
    this.#recovery.keepOnly(this.#inputs.names);
    this.#nextCommitMs = platform.clock.monotonicMs() + this.#environment.config.commitIntervalMs;
    if (basis !== undefined) this.#watch.begin(basis.partitions);
    this.#state = "running";
    this.#markRunning();
  }

  /**
   * A static member that comes back is given what its predecessor had, without anybody having looked at its
   * topology: where that has changed it asks the group to look.
   */
  #isOutdated(basis: AssignmentBasis | undefined): boolean {
    const { membership, config } = this.#environment;
    if (basis === undefined || basis.topology === config.fingerprint) return false;
    if (this.#hasAskedAnew) throw otherTopology(`the leader of the group runs ${basis.topology}`);
    this.#hasAskedAnew = true;
    membership.requestRejoin("the topology of this member has changed");
    return true;
  }

  /** A transaction or a commit was lost: back to what is committed, and on from there. */
  async #rebuild(cause: unknown, stop: AbortSignal): Promise<void> {
    const { platform, membership, config } = this.#environment;
    platform.logger.log("warn", "streams.tasks-rebuilt", { cause });
    await this.#dropTasks();
    if (config.isExactlyOnce && isFencedWriter(cause)) {
      await this.#writer.close(0);
      this.#writer = this.#openWriter();
      this.#isWriterReady = false;
    }
    if (!this.#isWriterReady) await this.#initializeWriter(stop);
    else if (config.isExactlyOnce) {
      await this.#writer.abort(stop);
      this.#begin();
    }
    membership.requestRejoin("tasks are rebuilt from what is committed");
  }

  /** Closes without committing. What fails here is logged: there is nothing left to do about it. */
  async #abandon(): Promise<void> {
    this.#state = "closing";
    const { platform, config } = this.#environment;
    const ends = [
      ...(await Promise.allSettled([this.#dropTasks(), this.#purge.close(), this.#watch.close()])),
      ...(await Promise.allSettled([this.#writer.close(config.closeTimeoutMs / 8)])),
    ];
    for (const end of ends)
      if (end.status === "rejected")
        platform.logger.log("warn", "streams.close-incomplete", { cause: end.reason });
  }

  async #dropTasks(): Promise<void> {
    await this.#closeTasks(this.#tasks);
  }

  async #closeTasks(closing: readonly OpenTask[]): Promise<void> {
    this.#inputs.remove(closing);
    this.#tasks = this.#tasks.filter((open) => !closing.includes(open));
    const ends = await Promise.allSettled(closing.map(({ task }) => task.close()));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  async #initializeWriter(stop: AbortSignal): Promise<void> {
    if (this.#environment.config.isExactlyOnce) await this.#writer.initialize(stop);
    this.#isWriterReady = true;
    this.#begin();
  }

  #begin(): void {
    if (this.#environment.config.isExactlyOnce) this.#writer.begin();
  }

  #openWriter(): BatchWriter {
    const { config, cluster } = this.#environment;
    this.#refusals.origins.forget();
    return cluster.openWriter({
      compression: config.compression,
      lingerMs: 100,
      requestBytesMax: config.requestBytesMax,
      onRefused: this.#refusals.decide,
      deliveryTimeoutMs: Math.max(deliveryMsMin, Math.min(config.taskTimeoutMs, deliveryMsMax)),
      ...(config.isExactlyOnce
        ? {
            transactionalId: config.transactionalId,
            transactionTimeoutMs: config.transactionTimeoutMs,
          }
        : {}),
    });
  }
}

function slowClose(): ApplicationError {
  return new ApplicationError(
    "APPLICATION_CLOSED",
    "the last commit took longer than half of closeTimeout; what it held is processed again after the next start",
  );
}

/** What was done since the last commit must not be committed any more: the tasks may run elsewhere. */
function forgotten(): ClusterError {
  return new ClusterError(
    "COMMIT_FENCED",
    "the group has given this member's tasks away, since it was not heard of for a session's time",
  );
}
