import type { Offset } from "@millrace/model";
import {
  decodeControlBatch,
  isControl,
  isTransactional,
  readAttributes,
  readLastOffset,
  readProducerId,
} from "@millrace/protocol/records";
import type { AbortedTransactionEntry } from "../index/transaction-index.ts";

interface AbortedOngoing {
  readonly entry: AbortedTransactionEntry;
  /** A batch of it is still there. */
  hasData: boolean;
}

/**
 * Which transaction each batch of a walk belongs to, and whether its marker still has something to end (Kafka:
 * `CleanedTransactionMetadata`). A marker that went before its data would make aborted records committed ones.
 */
export class CleanedTransactions {
  /** By first offset. */
  #upcoming: AbortedTransactionEntry[] = [];
  readonly #aborted = new Map<number, AbortedOngoing>();
  /** Producers of committed transactions of which a batch was seen. */
  readonly #committed = new Set<number>();

  /** Told of each aborted transaction whose marker has to stay, with its data. */
  onKeptAborted: (entry: AbortedTransactionEntry) => void = () => {};

  /** What the index says of a stretch that is to be walked next; what is known already may come again. */
  add(entries: readonly AbortedTransactionEntry[]): void {
    this.#upcoming = [...this.#upcoming, ...entries].sort(
      (left, right) => left.firstOffset - right.firstOffset,
    );
  }

  /**
   * Takes the next batch. Of data: whether its transaction was aborted. Of a control batch: whether nothing is left that
   * it ends.
   */
  isDiscardable(bytes: Uint8Array, at: number): boolean {
    const attributes = readAttributes(bytes, at);
    this.#begin(readLastOffset(bytes, at));
    if (isControl(attributes)) return this.#isMarkerOfNothing(bytes, at);
    if (!isTransactional(attributes)) return false;
    const producerId = readProducerId(bytes, at);
    const aborted = this.#aborted.get(producerId);
    if (aborted === undefined) this.#committed.add(producerId);
    else aborted.hasData = true;
    return aborted !== undefined;
  }

  #isMarkerOfNothing(bytes: Uint8Array, at: number): boolean {
    const marker = decodeControlBatch(bytes, at);
    // Compaction has emptied it: what it ended is gone.
    if (marker === undefined) return true;
    const producerId = readProducerId(bytes, at);
    if (marker.type === "commit") return !this.#committed.delete(producerId);
    if (marker.type !== "abort") return false;
    const aborted = this.#aborted.get(producerId);
    this.#aborted.delete(producerId);
    if (aborted?.hasData !== true) return true;
    this.onKeptAborted(aborted.entry);
    return false;
  }

  #begin(offset: Offset): void {
    let count = 0;
    for (const entry of this.#upcoming) {
      if (entry.firstOffset > offset) break;
      count++;
      if (!this.#aborted.has(entry.producerId))
        this.#aborted.set(entry.producerId, { entry, hasData: false });
    }
    if (count > 0) this.#upcoming = this.#upcoming.slice(count);
  }
}
