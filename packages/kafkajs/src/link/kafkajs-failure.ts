import { ClusterError, type ClusterErrorCode } from "@millrace/cluster";

/** What kafkajs's errors may carry; its types tell part of it. */
export interface KafkajsFailure {
  readonly name: string;
  readonly message: string;
  /** Kafka's own name of the error, as kafkajs knows it. */
  readonly type?: string;
  readonly retriable?: boolean;
  readonly topic?: string;
  readonly partition?: number;
}

const codesByType: Readonly<Record<string, ClusterErrorCode>> = {
  TOPIC_AUTHORIZATION_FAILED: "NOT_AUTHORIZED",
  GROUP_AUTHORIZATION_FAILED: "NOT_AUTHORIZED",
  CLUSTER_AUTHORIZATION_FAILED: "NOT_AUTHORIZED",
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "NOT_AUTHORIZED",
  SASL_AUTHENTICATION_FAILED: "NOT_AUTHORIZED",
  INVALID_PRODUCER_EPOCH: "WRITER_FENCED",
  OUT_OF_ORDER_SEQUENCE_NUMBER: "WRITER_FAILED",
  UNKNOWN_PRODUCER_ID: "WRITER_FAILED",
  INVALID_PRODUCER_ID_MAPPING: "WRITER_FAILED",
  UNKNOWN_TOPIC_OR_PARTITION: "TOPIC_NOT_FOUND",
  INVALID_TOPIC_EXCEPTION: "INVALID_TOPIC",
  OFFSET_OUT_OF_RANGE: "OFFSET_OUT_OF_RANGE",
  MESSAGE_TOO_LARGE: "RECORD_TOO_LARGE",
  RECORD_LIST_TOO_LARGE: "RECORD_TOO_LARGE",
  INVALID_RECORD: "RECORD_INVALID",
  INVALID_TIMESTAMP: "RECORD_INVALID",
  ILLEGAL_GENERATION: "COMMIT_FENCED",
  UNKNOWN_MEMBER_ID: "COMMIT_FENCED",
  REBALANCE_IN_PROGRESS: "COMMIT_FENCED",
  INCONSISTENT_GROUP_PROTOCOL: "GROUP_REFUSED",
  INVALID_GROUP_ID: "GROUP_REFUSED",
  INVALID_SESSION_TIMEOUT: "GROUP_REFUSED",
  GROUP_MAX_SIZE_REACHED: "GROUP_REFUSED",
  UNSUPPORTED_VERSION: "UNSUPPORTED_BY_CLUSTER",
  UNSUPPORTED_COMPRESSION_TYPE: "UNSUPPORTED_BY_CLUSTER",
};

const codesByName: Readonly<Record<string, ClusterErrorCode>> = {
  KafkaJSConnectionError: "BROKER_UNREACHABLE",
  KafkaJSConnectionClosedError: "BROKER_UNREACHABLE",
  KafkaJSBrokerNotFound: "BROKER_UNREACHABLE",
  KafkaJSNoBrokerAvailableError: "BROKER_UNREACHABLE",
  KafkaJSGroupCoordinatorNotFound: "BROKER_UNREACHABLE",
  KafkaJSMetadataNotLoaded: "BROKER_UNREACHABLE",
  KafkaJSTopicMetadataNotLoaded: "BROKER_UNREACHABLE",
  KafkaJSRequestTimeoutError: "REQUEST_TIMED_OUT",
  KafkaJSTimeout: "REQUEST_TIMED_OUT",
  KafkaJSLockTimeout: "REQUEST_TIMED_OUT",
  KafkaJSSASLAuthenticationError: "NOT_AUTHORIZED",
  KafkaJSNotImplemented: "UNSUPPORTED_BY_CLIENT",
  KafkaJSServerDoesNotSupportApiKey: "UNSUPPORTED_BY_CLUSTER",
};

const passing: ReadonlySet<ClusterErrorCode> = new Set(["BROKER_UNREACHABLE", "REQUEST_TIMED_OUT"]);

/** What kafkajs's retries, and its list of errors, are wrapped around. */
export function kafkajsFailureOf(error: unknown): KafkajsFailure {
  let found = error;
  for (let depth = 0; depth < 5; depth++) {
    if (!isObject(found) || "type" in found) break;
    const inner =
      "errors" in found && Array.isArray(found.errors) ? found.errors[0] : found["cause"];
    if (!(inner instanceof Error)) break;
    found = inner;
  }
  return found instanceof Error ? found : { name: "Error", message: String(found) };
}

/** The port's word for a failure of kafkajs, where it has one. */
export function clusterCodeOf({
  type,
  name,
  retriable,
}: KafkajsFailure): ClusterErrorCode | undefined {
  const code = (type === undefined ? undefined : codesByType[type]) ?? codesByName[name];
  return code ?? (retriable === true ? "REQUEST_TIMED_OUT" : undefined);
}

/** A failure of kafkajs in the words of the port, the original as its cause; one without a word is passed on. */
export function clusterErrorOf(what: string, error: unknown): Error {
  if (error instanceof ClusterError) return error;
  const failure = kafkajsFailureOf(error);
  const code = clusterCodeOf(failure);
  if (code === undefined) return error instanceof Error ? error : new Error(String(error));
  return new ClusterError(code, `${what}: ${failure.message}`, {
    retriable: passing.has(code) || failure.retriable === true,
    cause: error,
  });
}

/** True: the same may succeed a little later. */
export function mayPass(error: unknown): boolean {
  if (error instanceof ClusterError) return error.retriable;
  const failure = kafkajsFailureOf(error);
  const code = clusterCodeOf(failure);
  return failure.retriable === true || (code !== undefined && passing.has(code));
}

function isObject(given: unknown): given is Record<string, unknown> {
  return typeof given === "object" && given !== null;
}
