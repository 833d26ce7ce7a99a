import { encodeEndTransactionMarker } from "@millrace/protocol/records";
import type { TransactionMarker } from "../coordinator/coordinator-log.ts";
import type { Partition } from "./partition.ts";

/**
 * Ends a producer's transaction in a partition; gives the end offset after the marker.
 *
 * With TV2 each transaction has an epoch of its own: a producer that has the marker's epoch, and no transaction
 * open, was given this very marker before (C15), so that it is not written again. With TV1 epochs say nothing of
 * the kind, and Kafka writes every marker that it is asked for.
 */
export function appendMarker(
  partition: Partition,
  marker: TransactionMarker,
  nowMs: number,
): number {
  if (marker.transactionVersion === 2 && isWritten(partition, marker))
    return partition.logEndOffset;
  const batch = encodeEndTransactionMarker({
    outcome: marker.result,
    producerId: marker.producerId,
    producerEpoch: marker.producerEpoch,
    coordinatorEpoch: marker.coordinatorEpoch,
    timestamp: nowMs,
  });
  const appended = partition.append(batch, {
    origin: "coordinator",
    transactionVersion: marker.transactionVersion,
  });
  return appended.lastOffset + 1;
}

function isWritten(partition: Partition, marker: TransactionMarker): boolean {
  const producer = partition.producer(marker.producerId);
  return (
    producer !== undefined &&
    producer.producerEpoch === marker.producerEpoch &&
    producer.lastSequence === -1 &&
    producer.currentTransactionStartOffset === -1
  );
}
