import { KafkaError } from "@millrace/protocol";

/** The error of a response's code; undefined for success. */
export function errorOf(code: number, message?: string | null): KafkaError | undefined {
  return code === 0 ? undefined : KafkaError.of(code, message ?? undefined);
}

const staleLeader: ReadonlySet<string> = new Set([
  "NOT_LEADER_OR_FOLLOWER",
  "LEADER_NOT_AVAILABLE",
  "UNKNOWN_TOPIC_OR_PARTITION",
  "UNKNOWN_TOPIC_ID",
  "INCONSISTENT_TOPIC_ID",
  "FENCED_LEADER_EPOCH",
  "UNKNOWN_LEADER_EPOCH",
  "KAFKA_STORAGE_ERROR",
  "REPLICA_NOT_AVAILABLE",
  "NETWORK_EXCEPTION",
  "OFFSET_NOT_AVAILABLE",
]);

/** True: what is known of the partition's leader may be out of date. */
export function isStaleLeader(error: KafkaError): boolean {
  return staleLeader.has(error.code);
}

/** True: another broker coordinates now; ask again who. */
export function isStaleCoordinator(error: KafkaError): boolean {
  return error.code === "NOT_COORDINATOR" || error.code === "COORDINATOR_NOT_AVAILABLE";
}

/** True: the coordinator is the right one and will answer in a moment. */
export function isCoordinatorBusy(error: KafkaError): boolean {
  return error.code === "COORDINATOR_LOAD_IN_PROGRESS";
}
