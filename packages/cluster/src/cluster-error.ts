import { BaseError } from "@millrace/model";

export type ClusterErrorCode =
  | "BROKER_UNREACHABLE"
  | "REQUEST_TIMED_OUT"
  | "TOPIC_NOT_FOUND"
  | "TOPIC_RECREATED"
  | "OFFSET_OUT_OF_RANGE"
  | "BATCH_UNREADABLE"
  | "INVALID_ARGUMENT"
  | "INVALID_TOPIC"
  | "RECORD_INVALID"
  | "RECORD_TOO_LARGE"
  | "WRITE_REFUSED"
  | "WRITER_FAILED"
  | "WRITER_CLOSED"
  | "WRITER_FENCED"
  | "TRANSACTION_ABORTED"
  | "CONSUMER_IN_USE"
  | "PARTITION_NOT_ASSIGNED"
  | "COMMIT_FENCED"
  | "MEMBER_FENCED"
  | "GROUP_REFUSED"
  | "UNSUPPORTED_BY_CLIENT"
  | "UNSUPPORTED_BY_CLUSTER"
  | "NOT_AUTHORIZED"
  | "AUTHENTICATION_FAILED"
  | "CLUSTER_CLOSED";

/**
 * What a cluster refused or could not do. `cause` holds Kafka's own error where there was one.
 *
 * - `WRITE_REFUSED`: the broker's own reason is in message and cause. Not `retriable`: the records are at fault.
 * - `WRITER_FENCED`: a newer writer has the transactional id; this one is finished.
 * - `TRANSACTION_ABORTED`: nothing of the transaction will be seen; call `abort`, start again.
 * - `COMMIT_FENCED`: the group has moved on; the partitions belong to somebody else, or were given anew.
 * - `AUTHENTICATION_FAILED`: the broker does not take who this client says it is, or has not shown who it is itself.
 * - `PARTITION_NOT_ASSIGNED`: the consumer does not read it (Kafka: `IllegalStateException`).
 */
export class ClusterError extends BaseError<ClusterErrorCode> {}
