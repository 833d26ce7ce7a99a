// Writes docs/reference/broker-errors.md from the protocol's table of errors: `npm run docs:broker-errors`.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { errorTable, type ErrorName, type ErrorRow } from "@millrace/protocol";

import { repository } from "./source-files.ts";

export const brokerErrorPagePath = join(repository, "docs/reference/broker-errors.md");

/** What to do about the errors that programs meet. */
const remedies: Partial<Record<ErrorName, string>> = {
  UNKNOWN_SERVER_ERROR: "the broker's log says more",
  OFFSET_OUT_OF_RANGE: "follows the reset policy (`autoOffsetReset`)",
  CORRUPT_MESSAGE: "sent again by itself; if it stays, look at network and disk",
  UNKNOWN_TOPIC_OR_PARTITION: "create the topic, or correct its name",
  LEADER_NOT_AVAILABLE: "passes; if it stays, a broker is away",
  NOT_LEADER_OR_FOLLOWER: "passes: the client finds the new leader",
  REQUEST_TIMED_OUT: "passes; if it stays, the broker is overloaded or cut off",
  MESSAGE_TOO_LARGE: "smaller records, or a larger `max.message.bytes` of the topic",
  OFFSET_METADATA_TOO_LARGE: "a shorter text beside the offset",
  COORDINATOR_LOAD_IN_PROGRESS: "passes",
  COORDINATOR_NOT_AVAILABLE:
    "passes; if it stays, `__consumer_offsets` or `__transaction_state` has no leader",
  NOT_COORDINATOR: "passes: the client finds the coordinator again",
  INVALID_TOPIC_EXCEPTION: "letters, digits, `.`, `_`, `-`, at most 249; not an internal topic",
  RECORD_LIST_TOO_LARGE: "smaller batches, or a larger `segment.bytes`",
  NOT_ENOUGH_REPLICAS: "passes once brokers are back; `min.insync.replicas` asks for them",
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: "the same; the record may be there twice without idempotence",
  ILLEGAL_GENERATION: "the member joins again by itself",
  INCONSISTENT_GROUP_PROTOCOL: "all members of a group must be of one kind: another group id",
  UNKNOWN_MEMBER_ID:
    "the member joins again by itself; if it comes often, it is too slow for `sessionTimeout`",
  INVALID_SESSION_TIMEOUT:
    "between the broker's `group.min.session.timeout.ms` and `group.max.session.timeout.ms`",
  REBALANCE_IN_PROGRESS: "passes: the member joins again",
  TOPIC_AUTHORIZATION_FAILED: "ask for the right on the topic",
  GROUP_AUTHORIZATION_FAILED: "ask for the right on the group",
  CLUSTER_AUTHORIZATION_FAILED: "ask for the right on the cluster",
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "ask for the right on the transactional id",
  INVALID_TIMESTAMP:
    "a time near the broker's (`message.timestamp.before.max.ms`, `….after.max.ms`)",
  UNSUPPORTED_VERSION: "another version of the broker, or of Millrace",
  TOPIC_ALREADY_EXISTS: "use it, or another name",
  INVALID_PARTITIONS: "at least one; a topic's count only grows",
  INVALID_REPLICATION_FACTOR: "at most the number of brokers; the bundled broker is one",
  INVALID_CONFIG: "the message names the setting",
  INVALID_REQUEST: "a bug of the client: please report it",
  POLICY_VIOLATION: "the cluster's administrators refuse it; ask them",
  OUT_OF_ORDER_SEQUENCE_NUMBER:
    "the transaction is aborted; if it comes back, records were lost on the broker",
  INVALID_PRODUCER_EPOCH:
    "another producer has the transactional id, or the transaction took too long",
  PRODUCER_FENCED: "the same: this one is finished",
  INVALID_TXN_STATE: "the order of begin, send and commit is wrong: a bug of the client",
  INVALID_TRANSACTION_TIMEOUT: "at most the broker's `transaction.max.timeout.ms`",
  CONCURRENT_TRANSACTIONS: "passes: the last transaction is being ended",
  TRANSACTION_ABORTABLE: "abort, and begin again",
  KAFKA_STORAGE_ERROR: "the broker's disk is full or damaged: its log says which file",
  UNKNOWN_PRODUCER_ID: "the producer starts anew by itself",
  NON_EMPTY_GROUP: "stop the members first",
  GROUP_ID_NOT_FOUND: "correct the id",
  GROUP_MAX_SIZE_REACHED: "fewer members, or a larger `group.max.size`",
  FENCED_INSTANCE_ID: "another process has this `group.instance.id`: a state directory per process",
  UNSTABLE_OFFSET_COMMIT: "passes: an open transaction still holds the offset",
  INVALID_RECORD: "the message says why; a compacted topic needs keys",
  THROTTLING_QUOTA_EXCEEDED: "passes; the cluster limits how fast topics are made",
  UNKNOWN_TOPIC_ID: "passes; the topic was made anew",
};

const head = `# Errors of brokers

What a broker of Kafka's protocol may answer, with Kafka's own names; made from the protocol's table. A \`KafkaError\` has the name as its \`code\`. Where a cluster's refusal means something to every program it
comes as a \`ClusterError\` with this one as its \`cause\`: see [errors](errors.md).

Those that *pass* are tried again by the client until its time is over; they are seen only if they stay.
`;

export function brokerErrorPage(): string {
  const rows = errorTable.filter(({ name }) => name !== "NONE");
  const met = rows.filter(({ name }) => remedies[name] !== undefined);
  const others = rows.filter(({ name }) => remedies[name] === undefined);
  return [
    head,
    "## What programs meet\n",
    "| code | number | passes | what it means | what to do |",
    "|---|---|---|---|---|",
    ...met.map((row) => `${start(row)} ${remedies[row.name]} |`),
    "\n## The others\n",
    "Of APIs that clients use seldom, or that the bundled broker does not serve yet.\n",
    "| code | number | passes | what it means |",
    "|---|---|---|---|",
    ...others.map(start),
    "",
  ].join("\n");
}

function start({ name, errorCode, retriable, text }: ErrorRow): string {
  return `| \`${name}\` | ${errorCode} | ${retriable ? "yes" : ""} | ${text.replaceAll("|", "\\|")} |`;
}

if (import.meta.main) writeFileSync(brokerErrorPagePath, brokerErrorPage());
