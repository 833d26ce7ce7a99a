import { ClusterError, type ClusterErrorCode } from "@millrace/cluster";
import { KafkaError, type ErrorName } from "@millrace/protocol";

const topicNameLengthMax = 249;

/** What Kafka's errors mean to a program, where it has a word for it. */
const codes: Readonly<Partial<Record<ErrorName, ClusterErrorCode>>> = {
  TOPIC_AUTHORIZATION_FAILED: "NOT_AUTHORIZED",
  GROUP_AUTHORIZATION_FAILED: "NOT_AUTHORIZED",
  CLUSTER_AUTHORIZATION_FAILED: "NOT_AUTHORIZED",
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "NOT_AUTHORIZED",
  SASL_AUTHENTICATION_FAILED: "NOT_AUTHORIZED",
  PRODUCER_FENCED: "WRITER_FENCED",
  INVALID_PRODUCER_EPOCH: "WRITER_FENCED",
  UNKNOWN_TOPIC_OR_PARTITION: "TOPIC_NOT_FOUND",
  UNKNOWN_TOPIC_ID: "TOPIC_NOT_FOUND",
  INVALID_TOPIC_EXCEPTION: "INVALID_TOPIC",
  OFFSET_OUT_OF_RANGE: "OFFSET_OUT_OF_RANGE",
  MESSAGE_TOO_LARGE: "RECORD_TOO_LARGE",
  RECORD_LIST_TOO_LARGE: "RECORD_TOO_LARGE",
  FENCED_INSTANCE_ID: "MEMBER_FENCED",
  ILLEGAL_GENERATION: "COMMIT_FENCED",
  UNKNOWN_MEMBER_ID: "COMMIT_FENCED",
  REBALANCE_IN_PROGRESS: "COMMIT_FENCED",
  INCONSISTENT_GROUP_PROTOCOL: "GROUP_REFUSED",
  INVALID_GROUP_ID: "GROUP_REFUSED",
  INVALID_SESSION_TIMEOUT: "GROUP_REFUSED",
  GROUP_MAX_SIZE_REACHED: "GROUP_REFUSED",
  UNSUPPORTED_VERSION: "UNSUPPORTED_BY_CLUSTER",
  UNSUPPORTED_COMPRESSION_TYPE: "UNSUPPORTED_BY_CLUSTER",
  REQUEST_TIMED_OUT: "REQUEST_TIMED_OUT",
};

/** The port's word for a Kafka error, where it has one. */
export function clusterCodeOf(error: KafkaError): ClusterErrorCode | undefined {
  return codes[error.code];
}

/**
 * A Kafka error in the words of the port, the original as its cause. One for which the port has no
 * word is passed on as it is; one that was retried until the time was over is `REQUEST_TIMED_OUT`.
 */
export function clusterErrorOf(what: string, error: unknown): Error {
  if (!(error instanceof KafkaError))
    return error instanceof Error ? error : new Error(String(error));
  const code = clusterCodeOf(error) ?? (error.retriable ? "REQUEST_TIMED_OUT" : undefined);
  if (code === undefined) return error;
  return new ClusterError(code, `${what}: ${error.message}`, {
    retriable: error.retriable,
    cause: error,
  });
}

/** The same of a topic; of a name that no topic can have it says why. */
export function topicErrorOf(topic: string, error: KafkaError): Error {
  if (error.code !== "INVALID_TOPIC_EXCEPTION") return clusterErrorOf(`topic ${topic}`, error);
  const reason =
    topic.length > topicNameLengthMax
      ? `its name has ${topic.length} characters, and at most ${topicNameLengthMax} are allowed`
      : "its name must be of letters, digits, '.', '_' and '-', and none of the cluster's own";
  return new ClusterError("INVALID_TOPIC", `there can be no topic ${topic}: ${reason}`, {
    cause: error,
  });
}

/** @throws KafkaError unless the code is that of success */
export function throwIfError(errorCode: number, message?: string | null): void {
  if (errorCode !== 0) throw KafkaError.of(errorCode, message);
}
