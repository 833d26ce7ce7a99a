import type { Offset } from "@millrace/model";

import { QueryError } from "../error/query-error.ts";
import type { RawChange } from "./raw-change.ts";
import type { StoreReader } from "./store-reader.ts";

/** Each ask goes on for so long at least, whatever a query's own bound: it pauses longer and longer. */
const askedMsMin = 1000;

/**
 * How far queries see the records of a topic that is the changelog of a store: it has them before they are processed. A
 * change that no query sees yet waits until whoever has its partition has come to it, through moves of its task.
 */
export class SeenChanges {
  readonly #reader: StoreReader;
  /** By partition of the topic: the last record that is seen. */
  readonly #seen = new Map<number, Offset>();

  constructor(reader: StoreReader) {
    this.#reader = reader.forAtLeast(askedMsMin);
  }

  /** True: queries see it, as far as known. Of a changelog of its own a store is at most a commit behind. */
  has({ partition, offset = -1 }: RawChange): boolean {
    return !this.#reader.store.isSourceTopic || (this.#seen.get(partition) ?? -1) >= offset;
  }

  /**
   * @throws QueryError `NOT_PRESENT`: for as long as a query is tried nobody was known who has it; the signal's reason
   */
  async until(change: RawChange, signal: AbortSignal): Promise<void> {
    const { partition, offset = -1, row } = change;
    const { subtopology, changelogTopic: topic } = this.#reader.store;
    const positionAtLeast = { [topic]: { [partition]: offset } };
    // No rows: how far it has come is what is asked.
    const nothing = { kind: "range", from: row.key, to: row.key, isReverse: false } as const;
    const asked = subtopology === undefined ? 0 : partition;
    while (!this.has(change)) {
      signal.throwIfAborted();
      try {
        const { head } = await this.#reader.whole(asked, nothing, { positionAtLeast });
        this.#seen.set(partition, head.position[topic]?.[partition] ?? offset);
      } catch (error) {
        signal.throwIfAborted();
        const mayPass = error instanceof QueryError && error.retriable;
        if (!mayPass || error.code === "NOT_PRESENT") throw error;
      }
    }
  }
}
