import { invariant, type TopicPartition } from "@millrace/model";
import { noProducerEpoch, noProducerId } from "@millrace/protocol/records";
import type { TransactionResult } from "../coordinator-log.ts";
import {
  noPartitions,
  withPartitions,
  type TransactionPartitions,
} from "./transaction-partitions.ts";
import { mayFollow, type TransactionStatus } from "./transaction-status.ts";

/**
 * All that is known of a transactional id (Kafka: `TransactionMetadata`). A value: transitions make
 * new ones.
 */
export interface TransactionMetadata {
  readonly transactionalId: string;
  readonly producerId: number;
  /** Id before the last change of ids; -1: none. */
  readonly previousProducerId: number;
  /**
   * Id that the producer gets once the transaction is complete, since its epochs are used up; -1:
   * none.
   */
  readonly nextProducerId: number;
  readonly producerEpoch: number;
  /**
   * Epoch before the last bump that its own producer asked for; -1 after a restart, as in Kafka.
   */
  readonly lastProducerEpoch: number;
  readonly timeoutMs: number;
  readonly status: TransactionStatus;
  readonly partitions: TransactionPartitions;
  /** Wall clock; -1: no transaction yet. */
  readonly startTimestamp: number;
  readonly lastUpdateTimestamp: number;
  /** 2: the producer's epoch is bumped with every transaction (KIP-890). */
  readonly clientTransactionVersion: 0 | 1 | 2;
}

/** What an epoch can be on the wire. */
const int16Max = 32_767;
/** The highest one is kept back, so that a producer can still be fenced. */
export function isEpochExhausted(producerEpoch: number, producerEpochMax: number): boolean {
  return producerEpoch >= producerEpochMax - 1;
}

/** What a transactional id is before its first record. */
export function newTransactionMetadata(
  transactionalId: string,
  producerId: number,
  timeoutMs: number,
): TransactionMetadata {
  return {
    transactionalId,
    producerId,
    previousProducerId: noProducerId,
    nextProducerId: noProducerId,
    producerEpoch: noProducerEpoch,
    lastProducerEpoch: noProducerEpoch,
    timeoutMs,
    status: "Empty",
    partitions: noPartitions,
    startTimestamp: -1,
    lastUpdateTimestamp: -1,
    clientTransactionVersion: 0,
  };
}

/** InitProducerId with the epoch bumped, or kept for the retry of a bump. */
export function toInitialized(
  metadata: TransactionMetadata,
  change: {
    readonly producerEpoch: number;
    readonly lastProducerEpoch: number;
    readonly timeoutMs: number;
    readonly nowMs: number;
  },
): TransactionMetadata {
  return transition(metadata, {
    status: "Empty",
    producerEpoch: change.producerEpoch,
    lastProducerEpoch: change.lastProducerEpoch,
    timeoutMs: change.timeoutMs,
    partitions: noPartitions,
    startTimestamp: -1,
    lastUpdateTimestamp: change.nowMs,
  });
}

/** InitProducerId with a new producer id, since the epochs of the old one are used up. */
export function toRotated(
  metadata: TransactionMetadata,
  change: {
    readonly producerId: number;
    readonly lastProducerEpoch: number;
    readonly timeoutMs: number;
    readonly nowMs: number;
  },
): TransactionMetadata {
  return transition(metadata, {
    status: "Empty",
    producerId: change.producerId,
    producerEpoch: 0,
    lastProducerEpoch: change.lastProducerEpoch,
    timeoutMs: change.timeoutMs,
    partitions: noPartitions,
    startTimestamp: -1,
    lastUpdateTimestamp: change.nowMs,
  });
}

export function toOngoing(
  metadata: TransactionMetadata,
  added: readonly TopicPartition[],
  change: { readonly nowMs: number; readonly clientTransactionVersion: 0 | 2 },
): TransactionMetadata {
  return transition(metadata, {
    status: "Ongoing",
    partitions: withPartitions(metadata.partitions, added),
    startTimestamp: metadata.status === "Ongoing" ? metadata.startTimestamp : change.nowMs,
    lastUpdateTimestamp: change.nowMs,
    clientTransactionVersion: change.clientTransactionVersion,
  });
}

/** The decision. In TV2 the epoch is bumped with it, in TV1 it stays. */
export function toPrepared(
  metadata: TransactionMetadata,
  change: {
    readonly result: TransactionResult;
    readonly clientTransactionVersion: 0 | 2;
    /** -1 unless the epochs are used up. */
    readonly nextProducerId: number;
    readonly producerEpochMax: number;
    readonly isWithoutPartitions: boolean;
    readonly nowMs: number;
  },
): TransactionMetadata {
  const bumps = change.clientTransactionVersion === 2;
  const isStuck = metadata.producerEpoch === change.producerEpochMax && change.result === "abort";
  return transition(metadata, {
    status: change.result === "commit" ? "PrepareCommit" : "PrepareAbort",
    producerEpoch: bumps && !isStuck ? metadata.producerEpoch + 1 : metadata.producerEpoch,
    lastProducerEpoch: bumps ? metadata.producerEpoch : metadata.lastProducerEpoch,
    nextProducerId: change.nextProducerId,
    startTimestamp: change.isWithoutPartitions ? change.nowMs : metadata.startTimestamp,
    lastUpdateTimestamp: change.nowMs,
    clientTransactionVersion: change.clientTransactionVersion,
  });
}

/** All markers are durable. A producer whose epochs are used up goes on under its next id. */
export function toComplete(metadata: TransactionMetadata, nowMs: number): TransactionMetadata {
  const rotates =
    metadata.clientTransactionVersion === 2 && metadata.nextProducerId !== noProducerId;
  return transition(metadata, {
    status: metadata.status === "PrepareCommit" ? "CompleteCommit" : "CompleteAbort",
    producerId: rotates ? metadata.nextProducerId : metadata.producerId,
    producerEpoch: rotates ? 0 : metadata.producerEpoch,
    nextProducerId: noProducerId,
    partitions: noPartitions,
    lastUpdateTimestamp: nowMs,
  });
}

function transition(
  metadata: TransactionMetadata,
  change: Partial<TransactionMetadata> & { readonly status: TransactionStatus },
): TransactionMetadata {
  const next = { ...metadata, previousProducerId: metadata.producerId, ...change };
  invariant(mayFollow(metadata.status, next.status), "TXN-1", {
    transactionalId: metadata.transactionalId,
    from: metadata.status,
    to: next.status,
  });
  invariant(next.producerId >= 0 && next.producerEpoch >= 0, "TXN-2", next.producerEpoch);
  invariant(next.producerEpoch <= int16Max, "TXN-2", next.producerEpoch);
  return Object.freeze(next);
}
