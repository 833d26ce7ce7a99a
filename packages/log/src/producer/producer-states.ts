import type { Offset } from "@millrace/model";
import type { AbortedTransactionEntry } from "../index/transaction-index.ts";
import type { ProducerDescription, VerificationGuard } from "../log-types.ts";
import type { CompletedTransaction, ProducerChanges } from "./producer-changes.ts";
import type { ProducerEntry } from "./producer-entry.ts";

/** What is known of an append that waits for the transaction coordinator's word (KIP-890). */
export interface Verification {
  readonly guard: VerificationGuard;
  readonly supportsEpochBump: boolean;
  readonly startedMs: number;
  producerEpoch: number;
  /** Lowest sequence that a first append has tried. */
  lowestSequence: number;
}

/**
 * All producers of a partition and their transactions (Kafka: `ProducerStateManager`).
 *
 *            first transactional batch          end marker              marker below the high watermark
 *   (none) ----------------------------> open ------------> undecided ---------------------------------> (none)
 *
 * "Open" and "undecided" both hold the last stable offset at the transaction's first offset: until the marker
 * itself is visible, readers must not pass.
 */
export class ProducerStates {
  readonly entries = new Map<number, ProducerEntry>();
  /** Producer id by first offset, rising: new transactions begin at the end of the log. */
  readonly #open = new Map<Offset, number>();
  /** Offset of the marker by first offset. */
  readonly #ended = new Map<Offset, Offset>();
  readonly #verifications = new Map<number, Verification>();

  /** First offset of the oldest transaction that readers cannot judge yet; undefined without one. */
  get firstUnstableOffset(): Offset | undefined {
    let first: Offset | undefined;
    for (const offset of this.#open.keys()) {
      first = offset;
      break;
    }
    for (const offset of this.#ended.keys())
      if (first === undefined || offset < first) first = offset;
    return first;
  }

  hasOngoingTransaction(producerId: number, producerEpoch: number): boolean {
    const entry = this.entries.get(producerId);
    return (
      entry !== undefined &&
      entry.producerEpoch === producerEpoch &&
      entry.transactionFirstOffset >= 0
    );
  }

  /** Replaces all state by a snapshot's. */
  load(entries: readonly ProducerEntry[]): void {
    this.clear();
    const sorted = entries.filter((entry) => entry.transactionFirstOffset >= 0);
    sorted.sort((left, right) => left.transactionFirstOffset - right.transactionFirstOffset);
    for (const entry of entries) this.entries.set(entry.producerId, entry);
    for (const entry of sorted) this.#open.set(entry.transactionFirstOffset, entry.producerId);
  }

  clear(): void {
    this.entries.clear();
    this.#open.clear();
    this.#ended.clear();
    this.#verifications.clear();
  }

  /** Takes over what an append has changed; its bytes are in the log now. */
  commit(changes: ProducerChanges): readonly AbortedTransactionEntry[] {
    for (const entry of changes.entries.values()) this.entries.set(entry.producerId, entry);
    for (const entry of changes.started) this.#open.set(entry.firstOffset, entry.producerId);
    for (const producerId of changes.verified) this.#verifications.delete(producerId);
    const aborted: AbortedTransactionEntry[] = [];
    for (const transaction of changes.completed) {
      const lastStableOffset = this.#stableOffsetAfter(transaction);
      if (transaction.isAborted) aborted.push({ ...transaction, lastStableOffset });
      this.#open.delete(transaction.firstOffset);
      this.#ended.set(transaction.firstOffset, transaction.lastOffset);
    }
    return aborted;
  }

  /** Readers up to here see the markers below it: those transactions hold nothing back any more. */
  advanceHighWatermark(highWatermark: Offset): void {
    if (this.#ended.size === 0) return;
    for (const [firstOffset, lastOffset] of this.#ended)
      if (lastOffset < highWatermark) this.#ended.delete(firstOffset);
  }

  describe(): readonly ProducerDescription[] {
    return Array.from(this.entries.values(), (entry) => ({
      producerId: entry.producerId,
      producerEpoch: entry.producerEpoch,
      lastSequence: entry.lastSequence,
      lastTimestamp: entry.lastTimestamp,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTransactionStartOffset: entry.transactionFirstOffset,
    }));
  }

  removeExpired(nowMs: number, expirationMs: number): void {
    for (const entry of this.entries.values())
      if (entry.isExpired(nowMs, expirationMs)) this.entries.delete(entry.producerId);
    for (const [producerId, verification] of this.#verifications)
      if (nowMs - verification.startedMs >= expirationMs) this.#verifications.delete(producerId);
  }

  verificationOf(producerId: number): Verification | undefined {
    return this.#verifications.get(producerId);
  }

  startVerification(
    asked: Omit<Verification, "guard"> & { readonly producerId: number },
  ): VerificationGuard {
    const { producerId, producerEpoch, lowestSequence } = asked;
    const known = this.#verifications.get(producerId);
    if (known === undefined) {
      const guard = Object.freeze({ producerId });
      const { supportsEpochBump, startedMs } = asked;
      this.#verifications.set(producerId, {
        guard,
        supportsEpochBump,
        startedMs,
        producerEpoch,
        lowestSequence,
      });
      return guard;
    }
    if (producerEpoch === known.producerEpoch && lowestSequence < known.lowestSequence)
      known.lowestSequence = lowestSequence;
    if (producerEpoch > known.producerEpoch) {
      known.producerEpoch = producerEpoch;
      known.lowestSequence = lowestSequence;
    }
    return known.guard;
  }

  #stableOffsetAfter(transaction: CompletedTransaction): Offset {
    for (const [firstOffset, producerId] of this.#open)
      if (producerId !== transaction.producerId) return firstOffset;
    return transaction.lastOffset + 1;
  }
}
