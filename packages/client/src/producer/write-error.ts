import { ClusterError, type ClusterErrorCode } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import { KafkaError, type ErrorName } from "@millrace/protocol";
import { clusterCodeOf } from "../connection/cluster-error-of.ts";

/** Refusals that are the writer's, not the records': leaving records out would not help. */
const ofWriter: ReadonlySet<ErrorName> = new Set([
  "PRODUCER_FENCED",
  "INVALID_PRODUCER_EPOCH",
  "INVALID_PRODUCER_ID_MAPPING",
  "INVALID_TXN_STATE",
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "UNSUPPORTED_VERSION",
]);

/** Refusals for what single records hold: others of their batch may be fine. */
const ofRecords: ReadonlySet<ErrorName> = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_RECORD",
  "INVALID_TIMESTAMP",
]);

/** Answers that leave open whether the batch was written. */
const ofUnknownOutcome: ReadonlySet<ErrorName> = new Set([
  "UNKNOWN_SERVER_ERROR",
  "REQUEST_TIMED_OUT",
  "NETWORK_EXCEPTION",
  "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
  "KAFKA_STORAGE_ERROR",
]);

/** What is as true of the records beside. */
const tellingOfAll: ReadonlySet<ClusterErrorCode> = new Set([
  "WRITER_FENCED",
  "WRITER_CLOSED",
  "TRANSACTION_ABORTED",
]);

export function isOfWriter(error: KafkaError): boolean {
  return ofWriter.has(error.code);
}

export function isOfRecords(error: KafkaError): boolean {
  return ofRecords.has(error.code);
}

export function leavesOutcomeOpen(error: KafkaError): boolean {
  return ofUnknownOutcome.has(error.code);
}

/** What to tell of records that were not written; a broker's reason stands in the message and as the cause. */
export function writeErrorOf({ topic, partition }: TopicPartition, cause: unknown): ClusterError {
  if (cause instanceof ClusterError) return cause;
  const what = `records for ${topic}-${partition}`;
  if (!(cause instanceof KafkaError))
    return new ClusterError("WRITER_FAILED", `${what} could not be sent: ${String(cause)}`, {
      cause,
    });
  const standard = isOfWriter(cause) ? "WRITER_FAILED" : "WRITE_REFUSED";
  return new ClusterError(
    clusterCodeOf(cause) ?? standard,
    `${what} were refused: ${cause.message}`,
    { retriable: cause.retriable, cause },
  );
}

/** The delivery timeout is over. Who answered last with a reason is quoted. */
export function overdueError(
  { topic, partition }: TopicPartition,
  timeoutMs: number,
  last: unknown,
): ClusterError {
  const what = `records for ${topic}-${partition} were not acknowledged within ${timeoutMs} ms`;
  if (last instanceof KafkaError) {
    const code = clusterCodeOf(last) ?? "WRITE_REFUSED";
    const message = `${what}: the broker answered ${last.message}`;
    return new ClusterError(code, message, { retriable: true, cause: last });
  }
  return new ClusterError(
    "REQUEST_TIMED_OUT",
    `${what}${last instanceof Error ? `: ${last.message}` : ""}; are the brokers there, and is the topic?`,
    { retriable: true, cause: last },
  );
}

/** What records are told that go down with another one of their transaction. */
export function abortedWith(failure: Error): ClusterError {
  const isTold = failure instanceof ClusterError && tellingOfAll.has(failure.code);
  if (isTold) return failure;
  return new ClusterError(
    "TRANSACTION_ABORTED",
    `not written, since the transaction cannot be committed: ${failure.message}`,
    { retriable: true, cause: failure },
  );
}
