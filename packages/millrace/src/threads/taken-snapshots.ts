import type { ThreadLoop } from "@millrace/streams";

import type { FromThread, ToThread } from "./thread-messages.ts";
import { tellFailure } from "./told-failure.ts";

type Order = Extract<ToThread, { readonly kind: "snapshot" }>;

/** Copies the stores of a thread's tasks for the application. */
export class TakenSnapshots {
  readonly #loop: ThreadLoop["loop"];
  readonly #tell: (message: FromThread) => void;
  readonly #open = new Map<number, AbortController>();

  constructor(loop: ThreadLoop["loop"], tell: (message: FromThread) => void) {
    this.#loop = loop;
    this.#tell = tell;
  }

  take({ id, to, keep }: Order): void {
    const cancel = new AbortController();
    this.#open.set(id, cancel);
    this.#loop
      .snapshot({ to, keep, signal: cancel.signal })
      .then(
        (snapshots) => this.#tell({ kind: "snapshotted", id, snapshots, failure: undefined }),
        (error: unknown) =>
          this.#tell({ kind: "snapshotted", id, snapshots: [], failure: tellFailure(error) }),
      )
      .finally(() => this.#open.delete(id));
  }

  cancel(id: number): void {
    this.#open.get(id)?.abort();
  }

  close(): void {
    for (const cancel of this.#open.values()) cancel.abort();
  }
}
