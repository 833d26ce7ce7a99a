import type { Offset, RecordBatchView, Timestamp } from "@millrace/model";
import { SerdeWait, type SerdePendingError, type WaitBounds } from "@millrace/serde";

import type { TaskContext } from "./task-context.ts";
import { toldOutage } from "./told-outage.ts";

export interface RecordHoldOptions {
  readonly context: TaskContext;
  readonly waits: WaitBounds;
  /** True: the time of a record is that which it was written with. */
  readonly knowsTimes: boolean;
}

interface HeldRecord {
  readonly offset: Offset;
  readonly timestamp: Timestamp;
  readonly wait: SerdeWait;
}

/** The record at which an input stands, since its serde must first fetch something; or none. */
export class RecordHold {
  readonly #options: RecordHoldOptions;
  #held: HeldRecord | undefined;

  constructor(options: RecordHoldOptions) {
    this.#options = options;
  }

  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** True: the record is to be read again. */
  get isOver(): boolean {
    return this.#held?.wait.isOver === true;
  }

  get offset(): Offset | undefined {
    return this.#held?.offset;
  }

  /** -Infinity: only reading it tells; -1: there is none. */
  get timestamp(): Timestamp {
    return this.#held?.timestamp ?? -1;
  }

  /** @returns false where it has been held for too long */
  hold(
    pending: SerdePendingError,
    { topic, partition, offset, timestamp }: RecordBatchView,
  ): boolean {
    const held = this.#held;
    if (held?.wait.isTooLong === true) return false;
    if (held !== undefined) {
      held.wait.again(pending);
      return true;
    }
    const { context, waits, knowsTimes } = this.#options;
    const where = { topic, partition, offset };
    const onOutage = toldOutage(context.logger, where);
    const wait = new SerdeWait(pending, { ...waits, onOutage });
    this.#held = { offset, timestamp: knowsTimes ? timestamp : -Infinity, wait };
    context.logger.log("info", "streams.partition-held", {
      ...where,
      reason: pending.message,
    });
    return true;
  }

  release(): void {
    if (this.#held === undefined) return;
    this.#held.wait.close();
    this.#held = undefined;
  }
}
