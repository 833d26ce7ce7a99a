import { ClusterError, type ClusterErrorCode } from "@millrace/cluster";
import { messageOf } from "@millrace/model";
import { KafkaError, type ErrorName } from "@millrace/protocol";

/*
 * What an error means to a transactional writer (Kafka: `TransactionManager`):
 *
 *  fatal      another writer has the id, or may not use it: nothing but opening another writer helps
 *  abortable  the transaction cannot be committed any more; the writer lives on after `abort`
 */
export type Severity = "fatal" | "abortable";

/** What a writer has given to the coordinator. */
export interface WriterIdentity {
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
}

/** Of a coordinator: the writer's identity is no longer valid. */
const fencing: ReadonlySet<ErrorName> = new Set([
  "PRODUCER_FENCED",
  "INVALID_PRODUCER_EPOCH",
  "INVALID_TXN_STATE",
  "INVALID_PRODUCER_ID_MAPPING",
]);

/** Of a coordinator or a leader: the writer may not go on at all. */
const refusing: ReadonlySet<ErrorName> = new Set([
  "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "INVALID_TRANSACTION_TIMEOUT",
  "UNSUPPORTED_VERSION",
  "UNSUPPORTED_FOR_MESSAGE_FORMAT",
]);

/** Of a leader: an old epoch may be the trace of a transaction that timed out, which `abort` finds out. */
const fencingOfLeader: ReadonlySet<ErrorName> = new Set([
  "PRODUCER_FENCED",
  "INVALID_PRODUCER_ID_MAPPING",
]);

/** Codes that tell no less than `TRANSACTION_ABORTED` would. */
const tellingCodes: ReadonlySet<ClusterErrorCode> = new Set([
  "TRANSACTION_ABORTED",
  "RECORD_INVALID",
  "RECORD_TOO_LARGE",
  "NOT_AUTHORIZED",
  "TOPIC_NOT_FOUND",
  "INVALID_TOPIC",
  "UNSUPPORTED_BY_CLUSTER",
  "COMMIT_FENCED",
  "MEMBER_FENCED",
  "WRITER_CLOSED",
  "CLUSTER_CLOSED",
]);

export function severityOf(error: unknown, source: "coordinator" | "leader"): Severity {
  const kafka = kafkaErrorOf(error);
  if (kafka === undefined) {
    const isRefused = error instanceof ClusterError && error.code === "UNSUPPORTED_BY_CLUSTER";
    return isRefused && source === "coordinator" ? "fatal" : "abortable";
  }
  if (refusing.has(kafka.code)) return "fatal";
  const fences = source === "coordinator" ? fencing : fencingOfLeader;
  return fences.has(kafka.code) ? "fatal" : "abortable";
}

/** The error that the writer keeps until its end. */
export function fatalError(
  { transactionalId, transactionTimeoutMs }: WriterIdentity,
  cause: unknown,
): Error {
  const kafka = kafkaErrorOf(cause);
  if (kafka?.code === "INVALID_TRANSACTION_TIMEOUT") {
    return new ClusterError(
      "WRITER_FAILED",
      `the brokers refuse a transactionTimeout of ${transactionTimeoutMs} ms: it is longer than their ` +
        "transaction.max.timeout.ms. Lower transactionTimeout, or raise that of the brokers.",
      { cause },
    );
  }
  if (kafka !== undefined && fencing.has(kafka.code)) {
    const reason =
      kafka.code === "INVALID_PRODUCER_ID_MAPPING"
        ? "the id was not used for longer than the brokers' transactional.id.expiration.ms (by default 7 days)"
        : `the transaction took longer than its transactionTimeout of ${transactionTimeoutMs} ms`;
    return new ClusterError(
      "WRITER_FENCED",
      `the writer of transactional id ${transactionalId} is no longer valid (${kafka.code}): a newer writer has the id, or ${reason}; open another one`,
      { cause },
    );
  }
  if (cause instanceof ClusterError) return cause;
  return new ClusterError("WRITER_FAILED", `the writer cannot go on: ${String(cause)}`, { cause });
}

/** The error that the writer keeps until `abort`. */
export function abortableError(cause: unknown): Error {
  if (cause instanceof ClusterError && tellingCodes.has(cause.code)) return cause;
  // What the broker will refuse for ever must not be told as something to try again.
  if (cause instanceof ClusterError && cause.code === "WRITE_REFUSED" && !cause.retriable)
    return cause;
  return new ClusterError(
    "TRANSACTION_ABORTED",
    `the transaction cannot be committed: ${messageOf(cause)}; call abort, and start again`,
    { cause, retriable: true },
  );
}

function kafkaErrorOf(error: unknown): KafkaError | undefined {
  if (error instanceof KafkaError) return error;
  return error instanceof ClusterError && error.cause instanceof KafkaError
    ? error.cause
    : undefined;
}
