import type { PartitionRequest, ThreadLoop } from "@millrace/streams";

import type { FromThread } from "./thread-messages.ts";
import { tellFailure } from "./told-failure.ts";

/** Answers what other threads ask: page by page, until all is told or nobody wants more. */
export class ThreadQueries {
  readonly #answers: ThreadLoop["answers"];
  readonly #tell: (message: FromThread) => void;
  readonly #open = new Set<number>();

  constructor(answers: ThreadLoop["answers"], tell: (message: FromThread) => void) {
    this.#answers = answers;
    this.#tell = tell;
  }

  ask(id: number, request: PartitionRequest): void {
    this.#open.add(id);
    this.#answer(id, request).then(
      () => this.#tell({ kind: "answered", id, failure: undefined }),
      (error: unknown) => this.#tell({ kind: "answered", id, failure: tellFailure(error) }),
    );
  }

  cancel(id: number): void {
    this.#open.delete(id);
  }

  close(): void {
    this.#open.clear();
  }

  async #answer(id: number, request: PartitionRequest): Promise<void> {
    for await (const page of this.#answers.ask(request)) {
      if (!this.#open.has(id)) return;
      this.#tell({ kind: "page", id, page });
    }
    this.#open.delete(id);
  }
}
