import { forgetPending, lastPending, type SerdePendingError } from "@millrace/serde";

import { StreamsError } from "../error/streams-error.ts";
import type { RecordPlace } from "./stream-task-options.ts";
import type { TaskContext } from "./task-context.ts";
import type { TaskErrors } from "./task-errors.ts";

/** A record in whose middle a serde had to fetch something. */
export interface PendingRecord extends RecordPlace {
  readonly error: SerdePendingError;
}

/** What ends a task: the errors of its nodes, and records in whose middle a serde must wait. */
export class TaskFailures {
  /** Set where the task has ended for a serde that waits. */
  pending: PendingRecord | undefined = undefined;
  readonly #context: TaskContext;
  readonly #errors: TaskErrors;

  constructor(context: TaskContext, errors: TaskErrors) {
    this.#context = context;
    this.#errors = errors;
  }

  /** Before nodes have their turn. */
  begin(): void {
    this.#context.pending = undefined;
    forgetPending();
  }

  /** A processor may have caught it: what is below, or its store, would be without the record. */
  requireNonePending(): void {
    const pending = this.#context.pending ?? lastPending();
    if (pending === undefined) return;
    this.begin();
    if (this.#errors.isPending(pending)) throw pending;
  }

  /** The task has ended with it: none of its nodes has its turn any more. */
  of(thrown: unknown): unknown {
    const told = this.#told(thrown);
    this.#context.endTurn();
    return told;
  }

  /** What a failing writer throws, or a serde that waits, is passed on as it is: the record under way is not at fault. */
  #told(thrown: unknown): unknown {
    if (thrown instanceof StreamsError || this.#errors.isOfWriter(thrown)) return thrown;
    if (this.#errors.isPending(thrown)) {
      const { topic, partition, offset } = this.#context.recordContext;
      this.pending = { topic, partition, offset, error: thrown };
      return thrown;
    }
    return this.#context.processingError(thrown);
  }
}
