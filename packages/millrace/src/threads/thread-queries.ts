import type { PartitionRequest, ThreadLoop } from "@millrace/streams";

import type { FromThread } from "./thread-messages.ts";
import { tellFailure } from "./told-failure.ts";

/** So many pages of an answer are on their way, or wait to be taken. */
const pagesAheadMax = 4;

interface OpenAnswer {
  pagesAhead: number;
  isWanted: boolean;
  wake: () => void;
}

/** Answers what other threads ask: page by page as they are taken, until all is told or nobody wants more. */
export class ThreadQueries {
  readonly #answers: Pick<ThreadLoop["answers"], "ask">;
  readonly #tell: (message: FromThread) => void;
  readonly #open = new Map<number, OpenAnswer>();

  constructor(answers: Pick<ThreadLoop["answers"], "ask">, tell: (message: FromThread) => void) {
    this.#answers = answers;
    this.#tell = tell;
  }

  ask(id: number, request: PartitionRequest): void {
    const answer: OpenAnswer = { pagesAhead: 0, isWanted: true, wake: () => {} };
    this.#open.set(id, answer);
    this.#answer(id, request, answer)
      .then(
        () => this.#tell({ kind: "answered", id, failure: undefined }),
        (error: unknown) => this.#tell({ kind: "answered", id, failure: tellFailure(error) }),
      )
      .finally(() => this.#open.delete(id));
  }

  taken(id: number): void {
    const answer = this.#open.get(id);
    if (answer === undefined) return;
    answer.pagesAhead -= 1;
    answer.wake();
  }

  cancel(id: number): void {
    const answer = this.#open.get(id);
    if (answer !== undefined) giveUp(answer);
  }

  close(): void {
    for (const answer of this.#open.values()) giveUp(answer);
  }

  async #answer(id: number, request: PartitionRequest, answer: OpenAnswer): Promise<void> {
    for await (const page of this.#answers.ask(request)) {
      if (!answer.isWanted) return;
      this.#tell({ kind: "page", id, page });
      answer.pagesAhead += 1;
      while (answer.isWanted && answer.pagesAhead >= pagesAheadMax)
        await new Promise<void>((resolve) => (answer.wake = resolve));
    }
  }
}

function giveUp(answer: OpenAnswer): void {
  answer.isWanted = false;
  answer.wake();
}
