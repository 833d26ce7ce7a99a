import { OptionError } from "@millrace/model";
import type { WrittenSnapshot } from "@millrace/state";
import type { PlacedSnapshotOrder } from "@millrace/streams";

import type { FromThread, ToThread } from "./thread-messages.ts";
import { failureOf } from "./told-failure.ts";

type Snapshotted = Extract<FromThread, { readonly kind: "snapshotted" }>;

/** Has another thread copy the stores of its tasks. */
export class ThreadSnapshots {
  readonly #tell: (message: ToThread) => void;
  readonly #waiting = new Map<number, PromiseWithResolvers<readonly WrittenSnapshot[]>>();
  #lastId = 0;
  #isGone = false;

  constructor(tell: (message: ToThread) => void) {
    this.#tell = tell;
  }

  async take({ to, keep, signal }: PlacedSnapshotOrder): Promise<readonly WrittenSnapshot[]> {
    if (typeof to !== "string")
      throw new OptionError(
        "INVALID_OPTION",
        "app.snapshot: a store of your own cannot be sent to the threads of the application; give a directory or s3://bucket/prefix",
      );
    if (this.#isGone) return [];
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<readonly WrittenSnapshot[]>();
    this.#waiting.set(id, answer);
    const cancel = (): void => this.#tell({ kind: "cancelSnapshot", id });
    signal.addEventListener("abort", cancel, { once: true });
    this.#tell({ kind: "snapshot", id, to, keep });
    try {
      return await answer.promise;
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", cancel);
      this.#waiting.delete(id);
    }
  }

  taken({ id, snapshots, failure }: Snapshotted): void {
    const answer = this.#waiting.get(id);
    if (failure === undefined) answer?.resolve(snapshots);
    else answer?.reject(failureOf(failure));
  }

  /** Its tasks are others' now: nothing was written of them. */
  gone(): void {
    this.#isGone = true;
    for (const answer of this.#waiting.values()) answer.resolve([]);
  }
}
