import type { Platform, Timer } from "@millrace/platform";

import { taskIdText, type TaskId } from "../processor/task-id.ts";
import type { ReleasedTask } from "../runtime/released-task.ts";
import type { StateDirectory } from "./state-directory.ts";
import type { StreamThreads } from "./stream-threads.ts";
import type { TaskClaims } from "./task-claims.ts";

const intervalMsMax = 60_000;

export interface StateUpkeepOptions {
  readonly directory: StateDirectory;
  /** Kafka: `state.cleanup.delay.ms`. */
  readonly cleanupDelayMs: number;
  readonly claims: Pick<TaskClaims, "isHeld">;
  readonly threads: Pick<StreamThreads, "offsetSums" | "hosts">;
}

/**
 * Looks after the folders of tasks (Kafka: the cleaner of `KafkaStreams`): notes how far they have come, and removes those
 * of tasks that nobody here has had for `stateCleanupDelay`. A task that comes back before goes on from its folder.
 *
 * STREAMS-13: no folder is removed that is open, or was within the delay.
 */
export class StateUpkeep {
  readonly #platform: Platform;
  readonly #options: StateUpkeepOptions;
  readonly #startMs: number;
  readonly #usedMs = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(platform: Platform, options: StateUpkeepOptions) {
    this.#platform = platform;
    this.#options = options;
    this.#startMs = platform.clock.monotonicMs();
    this.#schedule();
  }

  /**
   * The folder of a task is about to be opened. It is noted now: what is killed before the next look, again and again, would
   * have its state removed at each start, and never get on.
   */
  claimed(taskId: TaskId): void {
    const task = taskIdText(taskId);
    const { offsets } = this.#options.directory;
    const wallMs = this.#platform.clock.wallMs();
    if (wallMs - (offsets.usedMs(task) ?? -Infinity) < intervalMsMax) return;
    offsets.noteUsed(task, wallMs);
    void offsets.save();
  }

  /** The folder of a task was closed, as far as it had come. */
  released({ task, offsetSum, currentMs }: ReleasedTask): void {
    const { offsets } = this.#options.directory;
    offsets.note(task, offsetSum);
    if (currentMs !== undefined) offsets.noteCurrent(task, currentMs);
    const { clock } = this.#platform;
    offsets.noteUsed(task, clock.wallMs());
    this.#usedMs.set(task, clock.monotonicMs());
  }

  /** Notes how far open tasks have come, and how far each had that was closed since. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    await this.#options.directory.offsets.save();
  }

  #schedule(): void {
    const afterMs = Math.max(1, Math.min(intervalMsMax, this.#options.cleanupDelayMs));
    this.#timer = this.#platform.timers.after(afterMs, () => {
      this.#look();
      this.#schedule();
    });
  }

  #look(): void {
    const { directory, claims, threads } = this.#options;
    for (const { taskId, offsetSum } of threads.offsetSums)
      directory.offsets.note(taskIdText(taskId), offsetSum);
    for (const { tasks, confirmedMs } of threads.hosts)
      // Not as of now: a process that stood still does not know yet what others have done meanwhile.
      if (confirmedMs !== undefined)
        for (const task of tasks) directory.offsets.noteCurrent(task, confirmedMs);
    const nowMs = this.#platform.clock.monotonicMs();
    const wallMs = this.#platform.clock.wallMs();
    try {
      for (const taskId of directory.tasks()) {
        const task = taskIdText(taskId);
        if (claims.isHeld(taskId)) {
          directory.offsets.noteUsed(task, wallMs);
          this.#usedMs.set(task, nowMs);
        } else this.#cleanUp(taskId, nowMs);
      }
    } catch (cause) {
      // Tried again with the next look.
      this.#platform.logger.log("warn", "streams.state-not-removed", { cause });
    }
    void directory.offsets.save();
  }

  #cleanUp(taskId: TaskId, nowMs: number): void {
    const { directory, cleanupDelayMs } = this.#options;
    const task = taskIdText(taskId);
    const unusedMs = nowMs - (this.#usedMs.get(task) ?? this.#startMs);
    if (unusedMs < cleanupDelayMs) return;
    directory.remove(taskId, unusedMs);
    this.#usedMs.delete(task);
  }
}
