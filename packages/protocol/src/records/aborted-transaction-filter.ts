import {
  isControl,
  isTransactional,
  readAttributes,
  readLastOffset,
  readProducerId,
} from "./batch-header.ts";
import { decodeControlBatch } from "./control-batch.ts";

/** A row of a fetch response. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/**
 * Tells which fetched batches a reader of committed records may see. One filter serves the batches
 * of
 * one fetch of one partition, in their order.
 */
export class AbortedTransactionFilter {
  /** By first offset; those before `#started` have begun. */
  readonly #transactions: readonly AbortedTransaction[];
  #started = 0;
  readonly #abortedProducerIds = new Set<number>();

  /** @param aborted of the fetch response, in any order; null where there are none */
  constructor(aborted: readonly AbortedTransaction[] | null) {
    this.#transactions =
      aborted === null
        ? []
        : aborted.toSorted((left, right) => left.firstOffset - right.firstOffset);
  }

  /**
   * False for control batches and for data of aborted transactions. The whole batch must be there.
   */
  accepts(bytes: Uint8Array, position: number): boolean {
    const attributes = readAttributes(bytes, position);
    if (isTransactional(attributes) && this.#transactions.length > 0) {
      this.#begin(readLastOffset(bytes, position));
      const producerId = readProducerId(bytes, position);
      if (!isControl(attributes)) return !this.#abortedProducerIds.has(producerId);
      if (decodeControlBatch(bytes, position)?.type === "abort")
        this.#abortedProducerIds.delete(producerId);
    }
    return !isControl(attributes);
  }

  /** Takes in the transactions that begin up to an offset. */
  #begin(offset: number): void {
    const transactions = this.#transactions;
    while (
      this.#started < transactions.length &&
      transactions[this.#started].firstOffset <= offset
    ) {
      this.#abortedProducerIds.add(transactions[this.#started++].producerId);
    }
  }
}
