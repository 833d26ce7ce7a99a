import type { RefusalDecision, RefusedRecord, WriteRefusal } from "@millrace/cluster";
import { KafkaError } from "@millrace/protocol";
import type { Compression } from "@millrace/protocol/records";
import type { Accumulator } from "./accumulator.ts";
import { halveBatch, readRecords, takeRecords } from "./divide-batch.ts";
import type { PartitionBatches, ProducerBatch } from "./partition-batches.ts";
import type { SendGate } from "./send-gate.ts";
import { abortedWith, isOfRecords, isOfWriter, writeErrorOf } from "./write-error.ts";

export interface RefusedBatchesOptions {
  readonly accumulator: Accumulator;
  readonly gate: SendGate;
  readonly codecs: Compression | undefined;
  readonly onRefused: ((refusal: WriteRefusal) => RefusalDecision) | undefined;
  /** Told that a partition has something to send again. */
  readonly onRequeued: (owner: PartitionBatches) => void;
}

/** What a broker says of one record of a batch. */
export interface RecordFault {
  readonly batchIndex: number;
  readonly batchIndexErrorMessage: string | null;
}

/** Records of one batch, by their indexes, that are refused for one reason. */
interface RefusedShare {
  readonly error: WriteRefusal["error"];
  readonly indexes: readonly number[];
}

/**
 * What becomes of batches that will not be written as they are. Each record has its own outcome: those that
 * are at fault are refused, the others of their batch go on their way again.
 */
export class RefusedBatches {
  readonly #options: RefusedBatchesOptions;

  constructor(options: RefusedBatchesOptions) {
    this.#options = options;
  }

  /** Takes a broker's final answer. */
  take(batch: ProducerBatch, error: KafkaError, faults: readonly RecordFault[]): void {
    if (this.#options.gate.hasFailed) {
      this.failWithOthers(batch, error);
      return;
    }
    if (isOfWriter(error)) {
      this.fail(batch, error);
      return;
    }
    const shares = isOfRecords(error) ? sharesOf(batch, error, faults) : [];
    if (shares.length > 0) this.#refuse(batch, shares);
    // A broker that does not say which record it is can be asked about fewer at a time.
    else if (isOfRecords(error) && batch.recordCount > 1) this.#halve(batch);
    else this.refuse(batch, error);
  }

  /** Gives up all records of a batch; whoever decides about refused records is asked. */
  refuse(batch: ProducerBatch, cause: unknown): void {
    const indexes = [...Array(batch.recordCount).keys()];
    this.#refuse(batch, [{ error: writeErrorOf(batch.owner, cause), indexes }]);
  }

  /** Gives up a batch whose transaction has failed, or ends here: nothing of it can be written any more. */
  failWithOthers(batch: ProducerBatch, cause: unknown): void {
    this.fail(batch, abortedWith(writeErrorOf(batch.owner, cause)));
  }

  /** Gives up all records of a batch for a reason that is not theirs: nobody is asked. */
  fail(batch: ProducerBatch, cause: unknown): void {
    const error = writeErrorOf(batch.owner, cause);
    this.#options.gate.onFailed(batch, error);
    batch.fail(error);
    this.#options.accumulator.settle(batch);
  }

  #refuse(batch: ProducerBatch, shares: readonly RefusedShare[]): void {
    const { accumulator, gate, onRefused, onRequeued, codecs } = this.#options;
    const { owner } = batch;
    if (onRefused !== undefined && !gate.canLeaveOut(batch)) {
      // Nobody is asked what could not be done; in a next transaction it can be.
      this.failWithOthers(batch, shares[0].error);
      return;
    }
    const errors = new Map<number, Error>();
    for (const { error, indexes } of shares) for (const index of indexes) errors.set(index, error);
    const isLeftOut = this.#mayLeaveOut(batch, shares);
    const others = [...Array(batch.recordCount).keys()].filter((index) => !errors.has(index));
    const rest = others.length === 0 ? undefined : takeRecords(batch, others, { codecs });
    if (rest === undefined) batch.completeBy([], errors);
    else {
      accumulator.addPart(rest);
      owner.requeue(rest);
      batch.completeBy([{ batch: rest, indexes: others }], errors);
    }
    // The sequences of the batch count from here on as lost: those of the rest are new ones.
    if (isLeftOut) gate.onLeftOut(batch);
    else gate.onFailed(batch, shares[0].error);
    accumulator.settle(batch);
    if (rest !== undefined) onRequeued(owner);
    // With the sequences that are free now.
    accumulator.tellSealed();
  }

  #mayLeaveOut(batch: ProducerBatch, shares: readonly RefusedShare[]): boolean {
    const { onRefused, codecs, accumulator } = this.#options;
    if (onRefused === undefined) return false;
    const { topic, partition } = batch.owner;
    const all = readRecords(batch, codecs);
    return shares.every(({ error, indexes }) => {
      const records = indexes.map((index): RefusedRecord => ({
        ...all[index],
        appendIndex: batch.appendIndexOf(index),
      }));
      const refusal = { topic, partition, error, records };
      // Who decides may write what belongs to the same transaction.
      return accumulator.beforeDivision(() => onRefused(refusal)) === "continue";
    });
  }

  #halve(batch: ProducerBatch): void {
    const { accumulator, codecs, onRequeued } = this.#options;
    const { owner } = batch;
    const halves = halveBatch(batch, codecs);
    for (const half of halves) {
      accumulator.addPart(half.batch);
      owner.requeue(half.batch);
    }
    batch.completeBy(halves);
    accumulator.settle(batch);
    onRequeued(owner);
  }
}

/** The records that the broker names, by what it says of them. */
function sharesOf(
  batch: ProducerBatch,
  error: KafkaError,
  faults: readonly RecordFault[],
): readonly RefusedShare[] {
  const byMessage = new Map<string, Set<number>>();
  for (const { batchIndex, batchIndexErrorMessage } of faults) {
    if (batchIndex < 0 || batchIndex >= batch.recordCount) continue;
    const message =
      batchIndexErrorMessage === null ? error.message : `${error.code}: ${batchIndexErrorMessage}`;
    byMessage.set(message, (byMessage.get(message) ?? new Set()).add(batchIndex));
  }
  return [...byMessage].map(([message, indexes]) => ({
    error: writeErrorOf(batch.owner, KafkaError.of(error.errorCode, message)),
    indexes: [...indexes],
  }));
}
