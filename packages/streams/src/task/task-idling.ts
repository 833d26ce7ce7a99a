import type { Clock } from "@millrace/platform";

import type { RecordQueue } from "./record-queue.ts";

export interface TaskIdlingOptions {
  /** See `TaskConfig`. */
  readonly maxTaskIdleMs: number;
  /** See `StreamTaskOptions`. */
  readonly lag: (topic: string) => number | undefined;
  readonly clock: Clock;
}

/**
 * Decides whether a task may go on although some of its inputs have nothing left: not while the cluster has more
 * of them, or might have, and then not before they had their time (Kafka: `PartitionGroup.readyToProcess`).
 */
export class TaskIdling {
  readonly #options: TaskIdlingOptions;

  constructor(options: TaskIdlingOptions) {
    this.#options = options;
  }

  isReady(queues: Iterable<RecordQueue>): boolean {
    const { maxTaskIdleMs, lag, clock } = this.#options;
    for (const queue of queues) {
      if (queue.hasHead || queue.isHeld) {
        queue.idleDeadlineMs = -1;
        continue;
      }
      if (lag(queue.topic) !== 0) {
        queue.idleDeadlineMs = -1;
        return false;
      }
      const now = clock.monotonicMs();
      if (queue.idleDeadlineMs < 0) queue.idleDeadlineMs = now + maxTaskIdleMs;
      if (now < queue.idleDeadlineMs) return false;
    }
    return true;
  }
}
