import type { Offset, Timestamp } from "@millrace/model";
import { noTimestamp } from "../log-config.ts";

/** How many of a producer's newest batches are known again (Kafka: `NUM_BATCHES_TO_RETAIN`). */
export const batchesToRetain = 5;
const sequences = 2 ** 31;

/** One batch of a producer, enough to answer its duplicate. */
export interface ProducerBatch {
  readonly lastSequence: number;
  readonly lastOffset: Offset;
  readonly offsetDelta: number;
  readonly timestamp: Timestamp;
}

/** Sequences wrap from 2^31 - 1 to 0. */
export function firstSequenceOf(batch: ProducerBatch): number {
  return (batch.lastSequence - batch.offsetDelta + sequences) % sequences;
}

/** What a log knows of one producer (Kafka: `ProducerStateEntry`). -1 where Kafka says "none". */
export class ProducerEntry {
  readonly producerId: number;
  producerEpoch = -1;
  coordinatorEpoch = -1;
  lastTimestamp: Timestamp = noTimestamp;
  /** First offset of the open transaction; -1 outside of one. */
  transactionFirstOffset: Offset = -1;
  /** Oldest first, all of the current epoch. */
  #batches: ProducerBatch[] = [];

  constructor(producerId: number) {
    this.producerId = producerId;
  }

  /** Oldest first. */
  get batches(): readonly ProducerBatch[] {
    return this.#batches;
  }

  get lastBatch(): ProducerBatch | undefined {
    return this.#batches.at(-1);
  }

  get lastSequence(): number {
    return this.#batches.length === 0 ? -1 : this.#batches[this.#batches.length - 1].lastSequence;
  }

  get hasBatches(): boolean {
    return this.#batches.length > 0;
  }

  addBatch(producerEpoch: number, batch: ProducerBatch): void {
    this.setEpoch(producerEpoch);
    if (this.#batches.length === batchesToRetain) this.#batches.shift();
    this.#batches.push(batch);
    this.lastTimestamp = batch.timestamp;
  }

  /** Another epoch begins a new count of sequences. */
  setEpoch(producerEpoch: number): void {
    if (this.producerEpoch === producerEpoch) return;
    this.producerEpoch = producerEpoch;
    this.#batches = [];
  }

  /** The retained batch with exactly this range of sequences. */
  findDuplicate(
    producerEpoch: number,
    firstSequence: number,
    lastSequence: number,
  ): ProducerBatch | undefined {
    if (producerEpoch !== this.producerEpoch) return undefined;
    for (const batch of this.#batches)
      if (batch.lastSequence === lastSequence && firstSequenceOf(batch) === firstSequence)
        return batch;
    return undefined;
  }

  isExpired(nowMs: number, expirationMs: number): boolean {
    return this.transactionFirstOffset < 0 && nowMs - this.lastTimestamp >= expirationMs;
  }

  clone(): ProducerEntry {
    const copy = new ProducerEntry(this.producerId);
    copy.producerEpoch = this.producerEpoch;
    copy.coordinatorEpoch = this.coordinatorEpoch;
    copy.lastTimestamp = this.lastTimestamp;
    copy.transactionFirstOffset = this.transactionFirstOffset;
    copy.#batches = this.#batches.slice();
    return copy;
  }
}
