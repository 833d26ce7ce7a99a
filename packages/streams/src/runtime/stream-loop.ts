import type { OffsetAndMetadata } from "@millrace/cluster";
import { topicPartitionName, type Offset } from "@millrace/model";
import { JoinedSignal, type Timer } from "@millrace/platform";

import { ApplicationError } from "../error/application-error.ts";
import type { TaskId } from "../processor/task-id.ts";
import { Slice } from "../task/slice.ts";
import { prepareWriting, type ActiveTask } from "./active-task.ts";
import { ApplicationTopics } from "./application-topics.ts";
import { LoopCommits } from "./loop-commits.ts";
import { tellInternalTopicMisfits } from "./internal-topic-misfits.ts";
import type { LoopEnvironment } from "./loop-environment.ts";
import { LoopMetrics } from "./loop-metrics.ts";
import { LoopReconciler } from "./loop-reconciler.ts";
import { LoopTasks } from "./loop-tasks.ts";
import { LoopWriter } from "./loop-writer.ts";
import { isFencedCommit, isRecoverable } from "./recoverable-errors.ts";
import { brokerClosed } from "./broker-closed.ts";
import { RecoveryBudget } from "./recovery-budget.ts";
import { StateUpdater } from "./state/state-updater.ts";
import { TaskHolds } from "./task-holds.ts";
import { TopicWatch } from "./topic-watch.ts";

/** Longest wait for records: heartbeats and commits come in between. */
const pollWaitMs = 100;

/** Without a reason, each abort would make an exception with its stack: results may come thousands of times a second. */
const resultsWait = "results wait for their delivery";

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
  readonly #environment: LoopEnvironment;
  readonly #reconciler: LoopReconciler;
  readonly #updater: StateUpdater;
  readonly #metrics: LoopMetrics;
  readonly #writer: LoopWriter;
  readonly #tasks: LoopTasks;
  readonly #commits: LoopCommits;
  readonly #recovery: RecoveryBudget;
  readonly #topics: ApplicationTopics;
  readonly #watch: TopicWatch;
  readonly #holds: TaskHolds;
  readonly #slice: Slice;
  readonly #forgetTaps: () => void;
  /** True: the last slice took records, so that there may be more of them at once. */
  #isBusy = false;
  #wake = new AbortController();
  /** Aborts once closing takes too long, or a topic is lost: commits under way may end until then. */
  readonly #giveUp = new AbortController();
  #lost: ApplicationError | undefined;
  /** Never rejects. */
  #telling: Promise<void> | undefined;

  constructor(environment: LoopEnvironment) {
    this.#environment = environment;
    this.#metrics = new LoopMetrics(environment);
    this.#writer = new LoopWriter(environment);
    this.#topics = new ApplicationTopics(environment);
    const wake = (): void => this.#wake.abort(resultsWait);
    this.#holds = new TaskHolds(environment.platform, {
      timeoutMs: environment.config.serdeTimeoutMs,
      wake,
    });
    this.#tasks = new LoopTasks(environment, {
      writer: this.#writer,
      topics: this.#topics,
      metrics: this.#metrics,
      wake,
      holds: this.#holds,
    });
    this.#slice = new Slice(environment.platform.clock, environment.config.sliceMs);
    this.#commits = new LoopCommits(environment, {
      writer: this.#writer,
      slice: this.#slice,
      signal: this.#giveUp.signal,
      metrics: this.#metrics,
      onCommitted: (offsets) => this.#committed(offsets),
      wake,
    });
    this.#recovery = new RecoveryBudget(environment.platform, environment.config.taskTimeoutMs);
    this.#watch = new TopicWatch(environment, {
      topics: this.#topics,
      onLost: (error) => {
        this.#lost = error;
        this.#giveUp.abort(error);
        this.#wake.abort();
      },
    });
    const wakeUp = (): void => this.#wake.abort();
    this.#updater = new StateUpdater(environment, {
      topics: this.#topics,
      isBusy: () => this.#isBusy,
      wake: wakeUp,
      prepareWriting: (assigned, signal) =>
        prepareWriting(assigned, environment, { writer: this.#writer.current, signal }),
    });
    this.#reconciler = new LoopReconciler(environment, {
      tasks: this.#tasks,
      updater: this.#updater,
      commits: this.#commits,
      topics: this.#topics,
      watch: this.#watch,
      holds: this.#holds,
      recovery: this.#recovery,
      wake: wakeUp,
      onRunning: () => this.#markRunning(),
    });
    this.#forgetTaps = environment.taps.onRoom(wake);
    this.running = new Promise((resolve) => {
      this.#markRunning = resolve;
    });
  }

  /** The tasks that run here now, such as `0_3`. */
  get taskIds(): readonly string[] {
    return this.#tasks.ids;
  }

  get activeTasks(): readonly ActiveTask[] {
    return this.#tasks.open;
  }

  /** The tasks whose state is here, restoring or following, without being at work. */
  get updater(): StateUpdater {
    return this.#updater;
  }

  /** How much of their changelogs the stores hold that are open here. */
  get offsetSums(): readonly { readonly taskId: TaskId; readonly offsetSum: Offset }[] {
    const active = this.#tasks.open.map(({ taskId, state }) => ({
      taskId,
      offsetSum: state.offsetSum,
    }));
    return [...active, ...this.#updater.offsetSums];
  }

  /** Looks at once whether it may process. */
  wake(): void {
    this.#wake.abort(resultsWait);
  }

  /** Runs until the signal aborts, then commits and closes. Rejects with what ended it otherwise. */
  async run(stop: AbortSignal): Promise<void> {
    const { config, platform, gone } = this.#environment;
    let timer: Timer | undefined;
    const whenGone = (): void => {
      this.#giveUp.abort(gone?.reason);
      this.#wake.abort();
    };
    const whenStopped = (): void => {
      this.#wake.abort();
      timer = platform.timers.after(config.closeTimeoutMs / 2, () =>
        this.#giveUp.abort(slowClose()),
      );
    };
    stop.addEventListener("abort", whenStopped, { once: true });
    gone?.addEventListener("abort", whenGone, { once: true });
    const ended = new AbortController();
    using ends = new JoinedSignal(stop, this.#giveUp.signal, ended.signal);
    const { signal } = ends;
    // The last commit is one of the generation that the group has got to: a join that is under way goes on until then.
    using memberEnds = new JoinedSignal(this.#giveUp.signal, ended.signal);
    const member = memberEnds.signal;
    try {
      await this.#topics.check(signal);
      this.#tellMisfits(ended.signal);
      await this.#writer.initialize(signal);
      while (!stop.aborted) await this.#step(signal, member);
      gone?.throwIfAborted();
      platform.probe?.("C21");
      if (this.#environment.assignments.isMember) await this.#commits.commit(this.#tasks.open);
    } catch (error) {
      const cause = this.#writer.refusals.failure ?? this.#lost ?? error;
      if (!stop.aborted) throw cause;
      if (gone?.aborted === true)
        throw brokerClosed(config.applicationId, this.#uncommitted(), gone.reason);
      const wasAsked = error === stop.reason; // a wait was ended: there was nothing to commit yet
      if (!wasAsked) platform.logger.log("warn", "streams.last-commit-failed", { cause });
    } finally {
      ended.abort();
      this.#metrics.close();
      this.#forgetTaps();
      this.#holds.close();
      await this.#abandon();
      timer?.cancel();
      stop.removeEventListener("abort", whenStopped);
      gone?.removeEventListener("abort", whenGone);
    }
  }

  /** Beside all else: nothing depends on it. */
  #tellMisfits(signal: AbortSignal): void {
    const { cluster, subtopologies, platform, speaksForAll } = this.#environment;
    const parts = { admin: cluster.admin, subtopologies, logger: platform.logger };
    if (speaksForAll) this.#telling = tellInternalTopicMisfits(parts, this.#topics.present, signal);
  }

  async #step(signal: AbortSignal, member: AbortSignal): Promise<void> {
    try {
      signal.throwIfAborted();
      // Whatever woke the loop is seen to now: with a signal that stays aborted no poll would ever wait.
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
      if (await this.#reconciler.turn(signal, member)) await this.#work(signal);
      else await this.#waitForChange();
    } catch (error) {
      const lost = await this.#commits.settleSoon(error);
      if (this.#writer.refusals.failure !== undefined) throw error;
      const held = this.#tasks.open.find(({ task }) => task.pending?.error === error);
      if (held !== undefined) await this.#goBack(held, error, signal);
      // Where a commit was lost, that is why the tasks beside it could not go on.
      else await this.#recover(lost === undefined ? error : lost.error, signal);
    }
  }

  async #waitForChange(): Promise<void> {
    const { signal } = this.#wake;
    await this.#environment.platform.timers.sleep(pollWaitMs, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  /** Goes back to what is committed, until that succeeds, or the time for it is over. */
  async #recover(first: unknown, signal: AbortSignal): Promise<void> {
    let cause = first;
    this.#recovery.lost(this.#uncommitted());
    for (;;) {
      if (signal.aborted || !isRecoverable(cause)) throw cause;
      this.#environment.tellState("rebalancing");
      await this.#recovery.pause(cause, signal);
      try {
        await this.#rebuild(cause, signal);
        return;
      } catch (error) {
        cause = error;
      }
    }
  }

  /** A serde must first fetch something. The half of a record that was processed goes, and all that its transaction holds. */
  async #goBack(held: ActiveTask, cause: unknown, signal: AbortSignal): Promise<void> {
    const { tellState, config } = this.#environment;
    tellState("rebalancing");
    const { pending } = held.task;
    const hold = (): void => {
      if (pending !== undefined) this.#holds.hold(held.taskId, pending);
    };
    try {
      if (config.isExactlyOnce) {
        hold();
        await this.#rebuild(cause, signal);
      } else {
        // What the others have done is no part of what goes.
        const others = this.#tasks.open.filter((open) => open !== held);
        await this.#commits.commit(others);
        hold();
        this.#reconciler.drop(held);
      }
    } catch (error) {
      await this.#recover(error, signal);
    }
  }

  /** Poll, process for a slice, commit if it is time. */
  async #work(signal: AbortSignal): Promise<void> {
    const { platform } = this.#environment;
    this.#commits.throwIfFailed();
    const waitMsMax = this.#pollWaitMs();
    const { poll } = this.#metrics;
    const beginMs = poll.begin();
    await this.#tasks.inputs.take(waitMsMax, { wake: this.#wake.signal, signal });
    poll.end(beginMs);
    this.#isBusy = !this.#isHeld && this.#tasks.process(this.#slice);
    this.#tasks.inputs.resumeDrained();
    if (this.#tasks.untilTimerMs <= 0 && !this.#isHeld) {
      await platform.timers.yield(); // theirs is a slice of its own
      this.#tasks.punctuate(this.#slice);
    }
    const writer = this.#writer.current;
    if (!writer.hasRoom) await writer.drained(signal);
    if (this.#mustCommit) await this.#commits.begin(this.#tasks.open);
    if (waitMsMax === 0) await platform.timers.yield(); // nothing else here need have given way
    this.#watch.turned();
  }

  /** How long nothing but records can be waited for. */
  #pollWaitMs(): number {
    const tasks = this.#tasks;
    const isHeld = this.#isHeld; // whoever ends that wakes the loop
    if (this.#isBusy && tasks.hasBufferedRecords && !isHeld) return 0;
    const untilCommitMs = tasks.needsCommit ? this.#commits.untilNextMs : Infinity;
    const untilTimerMs = isHeld ? Infinity : tasks.untilTimerMs;
    return Math.max(0, Math.min(pollWaitMs, untilCommitMs, untilTimerMs));
  }

  /** True: no record may be processed now. */
  get #isHeld(): boolean {
    return this.#environment.isPaused() || this.#environment.taps.areFull;
  }

  get #mustCommit(): boolean {
    const { isStageFull, isCommitRequested } = this.#tasks;
    if (isStageFull || isCommitRequested || this.#commits.untilNextMs <= 0) return true;
    return this.#environment.taps.awaitCommit;
  }

  #committed(offsets: readonly OffsetAndMetadata[]): void {
    this.#holds.committed(offsets);
    this.#recovery.committed(offsets);
    if (this.#recovery.isUsed && this.#tasks.isDrained) this.#recovery.reset();
  }

  /** What was processed, as far as that is not committed. */
  #uncommitted(): readonly OffsetAndMetadata[] {
    const offsets = [...this.#commits.uncommitted, ...this.#tasks.committableOffsets()];
    return [
      ...new Map(
        offsets.map((one) => [topicPartitionName(one.topic, one.partition), one]),
      ).values(),
    ];
  }

  /** A transaction or a commit was lost: back to what is committed, and on from there. */
  async #rebuild(cause: unknown, signal: AbortSignal): Promise<void> {
    this.#environment.platform.logger.log("warn", "streams.tasks-rebuilt", { cause });
    await this.#reconciler.dropAll(cause);
    await this.#writer.restart(cause, signal);
    if (isFencedCommit(cause))
      this.#environment.assignments.askAgain("a commit was refused: the group has moved on");
  }

  async #closeTasks(): Promise<void> {
    try {
      this.#tasks.drop((state) => this.#updater.give(state));
    } finally {
      await this.#updater.close();
    }
  }

  /** Closes without committing. What fails here is logged: there is nothing left to do about it. */
  async #abandon(): Promise<void> {
    const { platform, config, gone } = this.#environment;
    const writerMsMax = gone?.aborted === true ? 0 : config.closeTimeoutMs / 8;
    const ends = [
      ...(await Promise.allSettled([
        this.#commits.close(),
        this.#watch.close(),
        this.#reconciler.ended(),
        this.#telling,
      ])),
      ...(await Promise.allSettled([this.#closeTasks()])),
      ...(await Promise.allSettled([this.#writer.close(writerMsMax)])),
    ];
    for (const end of ends)
      if (end.status === "rejected")
        platform.logger.log("warn", "streams.close-incomplete", { cause: end.reason });
  }
}

function slowClose(): ApplicationError {
  return new ApplicationError(
    "APPLICATION_CLOSED",
    "the last commit took longer than half of closeTimeout; what it held is processed again after the next start",
  );
}
