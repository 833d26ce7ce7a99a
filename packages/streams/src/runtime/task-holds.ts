import type { OffsetAndMetadata } from "@millrace/cluster";
import type { Platform } from "@millrace/platform";
import { SerdeWait } from "@millrace/serde";

import { taskIdText, type TaskId } from "../processor/task-id.ts";
import type { RecordPlace } from "../task/stream-task-options.ts";
import type { PendingRecord } from "../task/task-failures.ts";
import { toldOutage } from "../task/told-outage.ts";

interface Hold {
  readonly task: string;
  readonly place: RecordPlace;
  readonly wait: SerdeWait;
}

const nowhere: readonly RecordPlace[] = [];

/**
 * Tasks that ended in the middle of a record because a serde must first fetch something. They are opened again where
 * they have committed, and stop before that record until it is there, or its time is over: the others go on.
 *
 * A hold is kept until the record is committed, so that a wait that comes back goes on, and does not begin anew.
 */
export class TaskHolds {
  readonly #platform: Platform;
  readonly #timeoutMs: number;
  readonly #wake: () => void;
  #holds: readonly Hold[] = [];

  constructor(
    platform: Platform,
    { timeoutMs, wake }: { readonly timeoutMs: number; readonly wake: () => void },
  ) {
    this.#platform = platform;
    this.#timeoutMs = timeoutMs;
    this.#wake = wake;
  }

  hold(taskId: TaskId, { error, ...place }: PendingRecord): void {
    const task = taskIdText(taskId);
    const known = this.#holds.find((one) => one.task === task && isSame(one.place, place));
    this.#platform.logger.log("info", "streams.task-held", {
      task,
      ...place,
      reason: error.message,
    });
    if (known !== undefined) {
      known.wait.again(error);
      return;
    }
    const { clock, timers } = this.#platform;
    const onOutage = toldOutage(this.#platform.logger, { task, ...place });
    const bounds = { clock, timers, wake: this.#wake, timeoutMs: this.#timeoutMs, onOutage };
    this.#holds = [...this.#holds, { task, place, wait: new SerdeWait(error, bounds) }];
  }

  /** What the task must not go beyond yet. */
  placesOf(taskId: TaskId): readonly RecordPlace[] {
    if (this.#holds.length === 0) return nowhere;
    const name = taskIdText(taskId);
    return this.#holds.flatMap(({ task, place, wait }) =>
      task === name && !wait.isOver && !wait.isTooLong ? [place] : [],
    );
  }

  /** True: the record's serde has had its time. */
  hasWaitedTooLong(taskId: TaskId, place: RecordPlace): boolean {
    const name = taskIdText(taskId);
    const hold = this.#holds.find((one) => one.task === name && isSame(one.place, place));
    return hold?.wait.isTooLong === true;
  }

  /** Forgets what was got over. */
  committed(offsets: readonly OffsetAndMetadata[]): void {
    if (this.#holds.length > 0 && offsets.length > 0)
      this.#keep(({ place }) => !offsets.some((offset) => isBehind(place, offset)));
  }

  /** Somebody else has the other tasks. */
  keepOnly(taskIds: readonly TaskId[]): void {
    const names = new Set(taskIds.map(taskIdText));
    this.#keep(({ task }) => names.has(task));
  }

  close(): void {
    this.#keep(() => false);
  }

  #keep(isKept: (hold: Hold) => boolean): void {
    for (const hold of this.#holds) if (!isKept(hold)) hold.wait.close();
    this.#holds = this.#holds.filter(isKept);
  }
}

function isSame(one: RecordPlace, other: RecordPlace): boolean {
  return (
    one.topic === other.topic && one.partition === other.partition && one.offset === other.offset
  );
}

/** Of a timer, any commit is behind it. */
function isBehind(place: RecordPlace, { topic, partition, offset }: OffsetAndMetadata): boolean {
  if (place.topic === null) return true;
  return topic === place.topic && partition === place.partition && offset > place.offset;
}
