import type { Timers } from "@millrace/platform";
import type { WaitBounds } from "@millrace/serde";
import type { RecordContext, RecordInput } from "@millrace/state";

import type { TaskScope } from "./task-scope.ts";

/** What became of a call, for its operator to deliver, in the context of the record that it was made for. */
export interface CallResult {
  readonly node: string;
  readonly record: RecordContext;
  /** Takes the record out of the operator, and forwards what was made of it. May throw, as `Processor.process` may. */
  deliver(): void;
}

/** Key and value as they came to the operator. */
export interface RecordParts {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** How many records an operator has taken, and not forwarded the results of yet. */
export interface CallCounts {
  readonly node: string;
  readonly heldCount: number;
  /** Of these, calls that have begun, and neither ended nor timed out. */
  readonly underWayCount: number;
}

/** An operator whose calls go on between two turns of its task. */
export interface AwaitingOperator {
  /** True: it takes no more for now. What one record and one flush bring is taken all the same. */
  readonly isFull: boolean;
  readonly hasResults: boolean;
  readonly calls: CallCounts;
  takeResult(): CallResult | undefined;
  /** Before a commit: writes what it holds, and has not written yet, to its store. */
  save(): void;
}

/** What a task does for its operators that await. */
export interface AsyncWork {
  readonly timers: Pick<Timers, "after">;
  /** Of calls that wait for what the serde of their record must first fetch. */
  readonly waits: Omit<WaitBounds, "wake">;
  readonly hasDeadLetterTopic: boolean;
  /** What a dead letter for the record under way has, if there are any. */
  readonly input: RecordInput | undefined;
  register(operator: AwaitingOperator): void;
  /** A call has ended: there may be results. */
  wake(): void;
  onRetry(node: string): void;
  /** Counts a record that was given up, and logs it, once a minute at most. */
  onGivenUp(node: string, cause: unknown): void;
  /** Sends the record whose result is being delivered to the dead letters. */
  sendDeadLetter(node: string, cause: unknown): void;
}

const key = Object.freeze({});

/** Called once for a task, before its processors start. */
export function provideAsyncWork(scope: TaskScope, work: AsyncWork): void {
  scope.shared(key, () => work);
}

export function asyncWorkOf(scope: TaskScope): AsyncWork {
  return scope.shared<AsyncWork>(key, () => {
    throw new Error("a task provides what awaits before its processors start");
  });
}
