import { QueryError } from "../error/query-error.ts";
import { taskIdText } from "../processor/task-id.ts";
import type { AnswerPage, LocalRole, PartitionAnswers, PartitionRequest } from "./local-answers.ts";
import type { QueryableStore, QueryableStores } from "./queryable-stores.ts";

/** A thread that has stores, and is asked by messages. */
export interface AnsweringThread {
  readonly tasks: readonly string[];
  readonly copies: ReadonlyMap<string, LocalRole>;
  ask(request: PartitionRequest): AsyncIterable<AnswerPage>;
}

/** Answers from the stores of this process, where loops have threads of their own: whoever has a partition is asked. */
export class ThreadAnswers implements PartitionAnswers {
  readonly #stores: QueryableStores;
  readonly #threads: () => readonly AnsweringThread[];

  constructor(stores: QueryableStores, threads: () => readonly AnsweringThread[]) {
    this.#stores = stores;
    this.#threads = threads;
  }

  has(store: QueryableStore, partition: number): LocalRole | undefined {
    return this.#find(store, partition)?.role;
  }

  /** @throws QueryError */
  async *ask(request: PartitionRequest): AsyncGenerator<AnswerPage, void, undefined> {
    const { store, partition } = request;
    const found = this.#find(this.#stores.find(store), partition);
    if (found === undefined)
      throw new QueryError(
        "NOT_ACTIVE",
        `partition ${partition} of store ${store} is in no thread of this process now; ask again, its task may be moving`,
      );
    yield* found.thread.ask(request);
  }

  /** All stores are in other threads. */
  async whole(): Promise<undefined> {}

  #find(
    { subtopology }: QueryableStore,
    partition: number,
  ): { readonly thread: AnsweringThread; readonly role: LocalRole } | undefined {
    const threads = this.#threads();
    // Each thread has the global stores whole.
    const name = subtopology && taskIdText({ subtopology: subtopology.id, partition });
    const active = threads.find(({ tasks }) => name === undefined || tasks.includes(name));
    if (active !== undefined) return { thread: active, role: "active" };
    for (const thread of threads) {
      const role = name === undefined ? undefined : thread.copies.get(name);
      if (role !== undefined) return { thread, role };
    }
    return undefined;
  }
}
