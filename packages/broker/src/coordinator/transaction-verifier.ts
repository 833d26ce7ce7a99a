import type { TopicPartition } from "@millrace/model";
import type { ProducerIdentity } from "./coordinator-log.ts";

/**
 * Asked by a partition before the first transactional append of a transaction (KIP-890; Kafka:
 * `AddPartitionsToTxnManager`), after the epoch was checked against the partition's own producer
 * state (KAFKA-19690).
 */
export interface TransactionVerifier {
  /**
   * One Kafka error code per partition, in order: 0 lets the append happen. With `addPartition` the
   * partitions belong to the transaction, durably, once this resolves. Never rejects.
   */
  verify(request: TransactionVerification): Promise<readonly number[]>;
}

export interface TransactionVerification extends ProducerIdentity {
  readonly transactionalId: string;
  readonly partitions: readonly TopicPartition[];
  readonly operation: TransactionOperation;
}

/**
 * What the client's version of the request asks for (Kafka: `TransactionSupportedOperation`).
 * - `addPartition`: TV2, the append adds its partition (Produce v12+, TxnOffsetCommit v5+).
 * - `genericError`: TV1 that knows TRANSACTION_ABORTABLE (Produce v11, TxnOffsetCommit v4).
 * - `defaultError`: TV1 before that.
 */
export type TransactionOperation = "addPartition" | "genericError" | "defaultError";

/** By the version of a Produce request. */
export function operationOfProduce(version: number): TransactionOperation {
  return version > 11 ? "addPartition" : version > 10 ? "genericError" : "defaultError";
}

/** By the version of a TxnOffsetCommit request. */
export function operationOfTxnOffsetCommit(version: number): TransactionOperation {
  return version > 4 ? "addPartition" : version > 3 ? "genericError" : "defaultError";
}
