import type { KafkaError } from "@millrace/protocol";
import type { PartitionBatches, ProducerBatch, ProducerIdentity } from "./partition-batches.ts";

/** What to do with a batch that a broker refused. */
export type Refusal = "retry" | "fail";

/**
 * Decides when batches may go, and under which identity: the idempotent writer's and the transactional
 * writer's rules behind one door.
 */
export interface SendGate {
  readonly transactionalId: string | null;
  /** Bounds on the version of Produce. */
  readonly produceVersions: { readonly versionMin?: number; readonly versionMax?: number };
  /** Undefined: nothing may be sent yet; the gate wakes the sender once that changes. */
  readonly identity: ProducerIdentity | undefined;
  /**
   * True: brokers refuse a first sequence other than 0. Others take any from a producer that is new to them, so
   * that a second batch could overtake a first one that was refused.
   */
  readonly isFirstSequenceChecked: boolean;
  /** True: what is not acknowledged is given up instead of tried again. */
  readonly hasFailed: boolean;
  /** False: not this partition, not yet; the gate wakes the sender once that changes. */
  admits(owner: PartitionBatches): boolean;
  /** Told before a batch goes out. */
  onSend(owner: PartitionBatches): void;
  /** Answers for errors of sequences and epochs; `undefined` leaves it to the sender. */
  onRefused(batch: ProducerBatch, error: KafkaError): Refusal | undefined;
  /** Told of a batch that is given up; others of its records may have been taken out before. */
  onFailed(batch: ProducerBatch, error: Error): void;
  /** True: what the batch holds can be left out, and the writer goes on as if it had not been appended. */
  canLeaveOut(batch: ProducerBatch): boolean;
  /** Told of a batch whose records, or some of them, are left out by decision. */
  onLeftOut(batch: ProducerBatch): void;
  /** Ends what the gate does in the background, and waits for it. Never rejects. */
  close(): Promise<void>;
}
