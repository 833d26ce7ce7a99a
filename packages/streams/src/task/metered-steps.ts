import type { PunctuationType } from "../processor/punctuation.ts";
import type { InputQueues } from "./input-queues.ts";
import type { RecordQueue } from "./record-queue.ts";
import type { Slice } from "./slice.ts";
import type { RecordMeters } from "./task-meters.ts";
import type { TaskSteps } from "./task-steps.ts";

/** The steps of a task of which each record is measured. */
export class MeteredSteps implements Pick<TaskSteps, "record" | "result" | "timers"> {
  readonly #steps: TaskSteps;
  readonly #meters: RecordMeters;
  readonly #queues: InputQueues;

  constructor(steps: TaskSteps, meters: RecordMeters, queues: InputQueues) {
    this.#steps = steps;
    this.#meters = meters;
    this.#queues = queues;
  }

  record(queue: RecordQueue): void {
    const { work, lateness, enforced, taken } = this.#meters;
    const beginMs = work.begin();
    lateness.record(Math.max(0, this.#queues.streamTime - queue.headTimestamp), beginMs);
    if (this.#hasEmptyInput(queue)) enforced.record(1, beginMs);
    taken.get(queue.source.name)?.record(1, beginMs);
    this.#steps.record(queue);
    work.end(beginMs);
  }

  result(): void {
    this.#steps.result();
  }

  timers(type: PunctuationType, slice: Slice | undefined): boolean {
    return this.#steps.timers(type, slice);
  }

  #hasEmptyInput(taken: RecordQueue): boolean {
    for (const queue of this.#queues.all)
      if (queue !== taken && !queue.hasHead && !queue.isHeld) return true;
    return false;
  }
}
