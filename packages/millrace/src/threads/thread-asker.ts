import type { Timers } from "@millrace/platform";
import { QueryError, type AnswerPage, type PartitionRequest } from "@millrace/streams";

import type { ToThread } from "./thread-messages.ts";

/** Longest wait for a page of an answer. */
const answerMsMax = 5000;

interface OpenAnswer {
  readonly pages: AnswerPage[];
  end: { readonly failure: Error | undefined } | undefined;
  wake: () => void;
}

/** Asks a thread, and hears its answers. */
export class ThreadAsker {
  readonly #timers: Pick<Timers, "after">;
  readonly #tell: (message: ToThread) => void;
  readonly #answers = new Map<number, OpenAnswer>();
  #last = 0;
  #isGone = false;

  constructor(timers: Pick<Timers, "after">, tell: (message: ToThread) => void) {
    this.#timers = timers;
    this.#tell = tell;
  }

  /** @throws QueryError */
  async *ask(request: PartitionRequest): AsyncGenerator<AnswerPage, void, undefined> {
    if (this.#isGone) throw threadGone();
    const id = ++this.#last;
    const answer: OpenAnswer = { pages: [], end: undefined, wake: () => {} };
    this.#answers.set(id, answer);
    this.#tell({ kind: "ask", id, request });
    try {
      for (;;) {
        const page = answer.pages.shift();
        if (page !== undefined) {
          this.#tell({ kind: "taken", id });
          yield page;
        } else if (answer.end === undefined) await this.#changed(answer);
        else if (answer.end.failure === undefined) return;
        else throw answer.end.failure;
      }
    } finally {
      this.#answers.delete(id);
      this.#tell({ kind: "cancel", id });
    }
  }

  page(id: number, page: AnswerPage): void {
    const answer = this.#answers.get(id);
    answer?.pages.push(page);
    answer?.wake();
  }

  answered(id: number, failure: Error | undefined): void {
    const answer = this.#answers.get(id);
    if (answer !== undefined) end(answer, failure);
  }

  /** The thread has ended. */
  gone(): void {
    this.#isGone = true;
    for (const answer of this.#answers.values()) end(answer, threadGone());
  }

  /** A thread whose callback does not end answers nobody. */
  async #changed(answer: OpenAnswer): Promise<void> {
    const timer = this.#timers.after(answerMsMax, () => end(answer, threadBusy()));
    await new Promise<void>((resolve) => (answer.wake = resolve));
    timer.cancel();
  }
}

function end(answer: OpenAnswer, failure: Error | undefined): void {
  answer.end ??= { failure };
  answer.wake();
}

function threadBusy(): QueryError {
  return new QueryError(
    "NOT_ACTIVE",
    `the thread that has the store has not answered for ${answerMsMax} ms: does a callback take that long? Ask again`,
  );
}

function threadGone(): QueryError {
  return new QueryError("NOT_ACTIVE", "the thread that had the store has ended; ask again");
}
