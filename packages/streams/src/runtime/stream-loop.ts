import { ClusterError, type OffsetAndMetadata } from "@millrace/cluster";
import { topicPartitionName } from "@millrace/model";
import type { Timer } from "@millrace/platform";

import { ApplicationError } from "../error/application-error.ts";
import { Slice } from "../task/slice.ts";
import { ApplicationTopics } from "./application-topics.ts";
import { GroupFollower } from "./group-follower.ts";
import { LoopCommits } from "./loop-commits.ts";
import type { LoopEnvironment } from "./loop-environment.ts";
import { LoopTasks } from "./loop-tasks.ts";
import { LoopWriter } from "./loop-writer.ts";
import { isFencedCommit, isRecoverable } from "./recoverable-errors.ts";
import { brokerClosed } from "./broker-closed.ts";
import { RecoveryBudget } from "./recovery-budget.ts";
import type { AssignmentHold, OwnedTasks, TargetTasks } from "./task-assignments.ts";
import type { OpenTask } from "./task-opener.ts";
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
  readonly #group: GroupFollower;
  readonly #writer: LoopWriter;
  readonly #tasks: LoopTasks;
  readonly #commits: LoopCommits;
  readonly #recovery: RecoveryBudget;
  readonly #topics: ApplicationTopics;
  readonly #watch: TopicWatch;
  readonly #holds: TaskHolds;
  readonly #slice: Slice;
  /** True: the last slice took records, so that there may be more of them at once. */
  #isBusy = false;
  #wake = new AbortController();
  /** Aborts once closing takes too long, or a topic is lost: commits under way may end until then. */
  readonly #giveUp = new AbortController();
  #lost: ApplicationError | undefined;
  /** The target that the tasks are those of. */
  #reached: TargetTasks | undefined;
  /** The hold that was told to be reached. */
  #held: AssignmentHold | undefined;

  constructor(environment: LoopEnvironment) {
    this.#environment = environment;
    this.#group = new GroupFollower(environment.assignments, () => this.#wake.abort());
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
      wake,
      holds: this.#holds,
    });
    this.#slice = new Slice(environment.platform.clock, environment.config.sliceMs);
    this.#commits = new LoopCommits(environment, {
      writer: this.#writer,
      slice: this.#slice,
      signal: this.#giveUp.signal,
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
    environment.assignments.onChange(() => this.#wake.abort());
    environment.taps.onRoom(() => this.#wake.abort(resultsWait));
    this.running = new Promise((resolve) => {
      this.#markRunning = resolve;
    });
  }

  /** The tasks that run here now, such as `0_3`. */
  get taskIds(): readonly string[] {
    return this.#tasks.ids;
  }

  get openTasks(): readonly OpenTask[] {
    return this.#tasks.open;
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
    const signal = AbortSignal.any([stop, this.#giveUp.signal, ended.signal]);
    try {
      await this.#topics.check(signal);
      await this.#writer.initialize(signal);
      while (!stop.aborted) await this.#step(signal);
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
      this.#holds.close();
      await this.#abandon();
      timer?.cancel();
      stop.removeEventListener("abort", whenStopped);
      gone?.removeEventListener("abort", whenGone);
    }
  }

  async #step(signal: AbortSignal): Promise<void> {
    try {
      signal.throwIfAborted();
      // Whatever woke the loop is seen to now: with a signal that stays aborted no poll would ever wait.
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
      this.#group.follow(signal);
      const { target, hold } = this.#environment.assignments;
      await this.#dropLost();
      if (hold !== undefined) await this.#hold(hold);
      else if (target === undefined) await this.#waitForChange();
      else if (target !== this.#reached) await this.#reconcile(target, signal);
      else await this.#work(signal);
    } catch (error) {
      const lost = await this.#commits.settleSoon();
      if (this.#writer.refusals.failure !== undefined) throw error;
      const held = this.#tasks.open.find(({ task }) => task.pending?.error === error);
      if (held !== undefined) await this.#goBack(held, error, signal);
      // Where a commit was lost, that is why the tasks beside it could not go on.
      else await this.#recover(lost === undefined ? error : lost.error, signal);
    }
  }

  /** @throws ClusterError `COMMIT_FENCED`: something was done that must not be committed any more */
  async #dropLost(): Promise<void> {
    if (!this.#group.takeLoss()) return;
    if (this.#tasks.needsCommit || this.#commits.uncommitted.length > 0) throw tasksGivenAway();
    await this.#tasks.drop();
    this.#reached = undefined;
  }

  /** The group is joined: nothing may be done that is not committed. */
  async #hold(hold: AssignmentHold): Promise<void> {
    const { assignments, tellState } = this.#environment;
    tellState("rebalancing");
    if (hold !== this.#held) {
      if (assignments.isMember) await this.#commits.commit(this.#tasks.open);
      this.#held = hold;
      hold.reached();
    }
    await this.#waitForChange();
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
  async #goBack(held: OpenTask, cause: unknown, signal: AbortSignal): Promise<void> {
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
        await this.#tasks.keepOnly(others);
        this.#reached = undefined;
      }
    } catch (error) {
      await this.#recover(error, signal);
    }
  }

  /** Poll, process for a slice, commit if it is time. */
  async #work(signal: AbortSignal): Promise<void> {
    const { platform, taps } = this.#environment;
    this.#commits.throwIfFailed();
    const waitMsMax = this.#pollWaitMs();
    await this.#tasks.inputs.take(waitMsMax, { wake: this.#wake.signal, signal });
    this.#isBusy = this.#tasks.process(this.#slice);
    this.#tasks.inputs.resumeDrained();
    if (this.#tasks.untilTimerMs <= 0 && !taps.areFull) {
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
    const { areFull } = this.#environment.taps; // whoever makes room wakes the loop
    if (this.#isBusy && tasks.hasBufferedRecords && !areFull) return 0;
    const untilCommitMs = tasks.needsCommit ? this.#commits.untilNextMs : Infinity;
    const untilTimerMs = areFull ? Infinity : tasks.untilTimerMs;
    return Math.max(0, Math.min(pollWaitMs, untilCommitMs, untilTimerMs));
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

  /** What is not in the target is committed and closed, what is new is opened. */
  async #reconcile(target: TargetTasks, signal: AbortSignal): Promise<void> {
    const { assignments, patterns, tellState } = this.#environment;
    tellState("rebalancing");
    if (this.#tasks.areBeyond(target.active)) await this.#commits.commit(this.#tasks.open);
    await this.#tasks.keepOnly(target.active);
    assignments.report(this.#owned());
    const missing = this.#tasks.missing(target.active);
    const mustCheck = missing.length > 0 || !patterns.areNone;
    if (mustCheck) await this.#topics.check(signal);
    await this.#tasks.add(missing, signal);
    assignments.report(this.#owned());
    this.#recovery.keepOnly(this.#tasks.inputs.names);
    this.#holds.keepOnly(target.active.map(({ taskId }) => taskId));
    this.#commits.schedule();
    this.#watch.begin(target.basis?.partitions);
    this.#reached = target;
    tellState("running");
    this.#markRunning();
  }

  #owned(): OwnedTasks {
    return { active: this.#tasks.open, standby: [] };
  }

  /** A transaction or a commit was lost: back to what is committed, and on from there. */
  async #rebuild(cause: unknown, signal: AbortSignal): Promise<void> {
    this.#environment.platform.logger.log("warn", "streams.tasks-rebuilt", { cause });
    await this.#tasks.drop();
    this.#reached = undefined;
    await this.#writer.restart(cause, signal);
    if (isFencedCommit(cause))
      this.#environment.assignments.askAgain("a commit was refused: the group has moved on");
  }

  /** Closes without committing. What fails here is logged: there is nothing left to do about it. */
  async #abandon(): Promise<void> {
    const { platform, config, gone } = this.#environment;
    const writerMsMax = gone?.aborted === true ? 0 : config.closeTimeoutMs / 8;
    const ends = [
      ...(await Promise.allSettled([
        this.#commits.close(),
        this.#watch.close(),
        this.#group.ended(),
      ])),
      ...(await Promise.allSettled([this.#tasks.drop()])),
      ...(await Promise.allSettled([this.#writer.close(writerMsMax)])),
    ];
    for (const end of ends)
      if (end.status === "rejected")
        platform.logger.log("warn", "streams.close-incomplete", { cause: end.reason });
  }
}

function tasksGivenAway(): ClusterError {
  return new ClusterError(
    "COMMIT_FENCED",
    "the group has given this member's tasks away, since it was not heard of for a session's time",
  );
}

function slowClose(): ApplicationError {
  return new ApplicationError(
    "APPLICATION_CLOSED",
    "the last commit took longer than half of closeTimeout; what it held is processed again after the next start",
  );
}
