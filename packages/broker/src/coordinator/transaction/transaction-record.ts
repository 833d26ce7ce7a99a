import { codecOf, decodeVersioned, encodeVersioned } from "@millrace/protocol";
import { transactionLogKey, transactionLogValue } from "@millrace/protocol/definitions";
import { Reader, Writer } from "@millrace/protocol/wire";
import { invariant } from "@millrace/model";
import { noProducerEpoch } from "@millrace/protocol/records";
import type { LogRecord } from "../coordinator-log.ts";
import type { CoordinatorRecordCodec } from "../coordinator-shard.ts";
import { type TransactionMetadata } from "./transaction-metadata.ts";
import { noPartitions } from "./transaction-partitions.ts";
import { transactionStatuses } from "./transaction-status.ts";

/** One record of `__transaction_state`: the newest state of a transactional id; null forgets it. */
export interface TransactionRecord {
  readonly transactionalId: string;
  readonly metadata: TransactionMetadata | null;
}

const keyType = 0;
/** The version that has the tagged fields (Kafka writes it from `transaction.version` 1 on). */
const valueVersion = 1;

/** Kafka's `TransactionLogKey` and `TransactionLogValue`. */
export const transactionRecordCodec: CoordinatorRecordCodec<TransactionRecord> = {
  isLastOfKeyAll: true,
  encode({ transactionalId, metadata }): LogRecord {
    const writer = new Writer();
    writer.writeInt16(keyType);
    codecOf(transactionLogKey, 0).write(writer, { transactionalId });
    return { key: writer.toBytes(), value: metadata === null ? null : encodeValue(metadata) };
  },
  decode(record: LogRecord): TransactionRecord | undefined {
    const reader = new Reader(record.key);
    if (reader.readInt16() !== keyType) return undefined;
    const { transactionalId } = codecOf(transactionLogKey, 0).read(reader);
    if (record.value === null) return { transactionalId, metadata: null };
    return { transactionalId, metadata: decodeValue(transactionalId, record.value) };
  },
};

function encodeValue(metadata: TransactionMetadata): Uint8Array {
  invariant(metadata.status !== "Empty" || metadata.partitions.size === 0, "TXN-4");
  return encodeVersioned(transactionLogValue, valueVersion, {
    producerId: metadata.producerId,
    previousProducerId: metadata.previousProducerId,
    nextProducerId: metadata.nextProducerId,
    producerEpoch: metadata.producerEpoch,
    transactionTimeoutMs: metadata.timeoutMs,
    transactionStatus: transactionStatuses.indexOf(metadata.status),
    transactionPartitions:
      metadata.status === "Empty"
        ? null
        : [...metadata.partitions].map(([topic, partitionIds]) => ({ topic, partitionIds })),
    transactionLastUpdateTimestampMs: metadata.lastUpdateTimestamp,
    transactionStartTimestampMs: metadata.startTimestamp,
    clientTransactionVersion: metadata.clientTransactionVersion,
  });
}

function decodeValue(transactionalId: string, bytes: Uint8Array): TransactionMetadata {
  const value = decodeVersioned(transactionLogValue, bytes);
  const version = value.clientTransactionVersion;
  return Object.freeze({
    transactionalId,
    producerId: value.producerId,
    previousProducerId: value.previousProducerId,
    nextProducerId: value.nextProducerId,
    producerEpoch: value.producerEpoch,
    lastProducerEpoch: noProducerEpoch,
    timeoutMs: value.transactionTimeoutMs,
    status: transactionStatuses[value.transactionStatus],
    partitions:
      value.transactionPartitions === null
        ? noPartitions
        : new Map(value.transactionPartitions.map((entry) => [entry.topic, entry.partitionIds])),
    startTimestamp: value.transactionStartTimestampMs,
    lastUpdateTimestamp: value.transactionLastUpdateTimestampMs,
    clientTransactionVersion: version === 1 || version === 2 ? version : 0,
  });
}
