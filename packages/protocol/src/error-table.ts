/** One error of the Kafka protocol. */
export interface ErrorRow {
  /** Number on the wire. */
  readonly errorCode: number;
  readonly name: ErrorName;
  /** The same request may succeed later. */
  readonly retriable: boolean;
  /** What it means, in a line. */
  readonly text: string;
}

/** Names by number, -1 first, as of Kafka 4.3; `R` marks what may be retried. */
const table = {
  UNKNOWN_SERVER_ERROR: [
    -1,
    "",
    "the broker failed in a way it has no code for; look into its log",
  ],
  NONE: [0, "", "no error"],
  OFFSET_OUT_OF_RANGE: [1, "", "the offset lies below the log's start or above its end"],
  CORRUPT_MESSAGE: [2, "R", "a record batch does not match its checksum or its size"],
  UNKNOWN_TOPIC_OR_PARTITION: [3, "R", "the broker does not have this topic or partition"],
  INVALID_FETCH_SIZE: [4, "", "the size asked for in a fetch is not allowed"],
  LEADER_NOT_AVAILABLE: [5, "R", "the partition has no leader yet"],
  NOT_LEADER_OR_FOLLOWER: [
    6,
    "R",
    "the broker no longer leads, or no longer has, this partition; refresh the metadata",
  ],
  REQUEST_TIMED_OUT: [7, "R", "the request was not finished in its time"],
  BROKER_NOT_AVAILABLE: [8, "", "the broker is not there"],
  REPLICA_NOT_AVAILABLE: [9, "R", "the replica is not there"],
  MESSAGE_TOO_LARGE: [10, "", "a batch exceeds max.message.bytes of its topic"],
  STALE_CONTROLLER_EPOCH: [11, "", "another controller has taken over"],
  OFFSET_METADATA_TOO_LARGE: [
    12,
    "",
    "the text committed with an offset exceeds offset.metadata.max.bytes",
  ],
  NETWORK_EXCEPTION: [13, "R", "the connection was lost before the answer came"],
  COORDINATOR_LOAD_IN_PROGRESS: [14, "R", "the coordinator is still reading its state"],
  COORDINATOR_NOT_AVAILABLE: [15, "R", "there is no coordinator at the moment"],
  NOT_COORDINATOR: [16, "R", "another broker coordinates this group or transaction; find it again"],
  INVALID_TOPIC_EXCEPTION: [17, "", "the topic's name is not allowed, or the topic is internal"],
  RECORD_LIST_TOO_LARGE: [18, "", "the batches exceed the size of a log segment"],
  NOT_ENOUGH_REPLICAS: [
    19,
    "R",
    "fewer replicas are in sync than min.insync.replicas; nothing was written",
  ],
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: [
    20,
    "R",
    "written, but to fewer replicas in sync than min.insync.replicas",
  ],
  INVALID_REQUIRED_ACKS: [21, "", "acks must be -1, 0 or 1"],
  ILLEGAL_GENERATION: [22, "", "the group has moved on to another generation; join again"],
  INCONSISTENT_GROUP_PROTOCOL: [
    23,
    "",
    "the member shares no protocol type or assignor with its group",
  ],
  INVALID_GROUP_ID: [24, "", "the group id is not allowed"],
  UNKNOWN_MEMBER_ID: [25, "", "the group does not know this member; join again"],
  INVALID_SESSION_TIMEOUT: [
    26,
    "",
    "the session timeout is not from the broker's group.min.session.timeout.ms to its group.max.session.timeout.ms: change sessionTimeout",
  ],
  REBALANCE_IN_PROGRESS: [27, "", "the group is rebalancing; join again"],
  INVALID_COMMIT_OFFSET_SIZE: [28, "", "the record of a committed offset would be too large"],
  TOPIC_AUTHORIZATION_FAILED: [29, "", "the principal may not do this to the topic"],
  GROUP_AUTHORIZATION_FAILED: [30, "", "the principal may not do this to the group"],
  CLUSTER_AUTHORIZATION_FAILED: [31, "", "the principal may not do this to the cluster"],
  INVALID_TIMESTAMP: [32, "", "a record's timestamp is too far from the broker's time"],
  UNSUPPORTED_SASL_MECHANISM: [33, "", "the SASL mechanism is not enabled"],
  ILLEGAL_SASL_STATE: [34, "", "a SASL request came at the wrong moment"],
  UNSUPPORTED_VERSION: [35, "", "the broker does not serve this version of the API"],
  TOPIC_ALREADY_EXISTS: [36, "", "a topic of this name is there already"],
  INVALID_PARTITIONS: [37, "", "the number of partitions is not allowed; it can only grow"],
  INVALID_REPLICATION_FACTOR: [
    38,
    "",
    "the replication factor is not from 1 to the number of brokers",
  ],
  INVALID_REPLICA_ASSIGNMENT: [39, "", "the assignment of replicas to brokers is not possible"],
  INVALID_CONFIG: [40, "", "a configuration's name or value is not valid"],
  NOT_CONTROLLER: [41, "R", "another broker is the controller"],
  INVALID_REQUEST: [42, "", "the request is well-formed and makes no sense"],
  UNSUPPORTED_FOR_MESSAGE_FORMAT: [43, "", "the format of the stored batches does not allow this"],
  POLICY_VIOLATION: [44, "", "a policy of the broker forbids this"],
  OUT_OF_ORDER_SEQUENCE_NUMBER: [45, "", "a batch of this producer is missing before this one"],
  DUPLICATE_SEQUENCE_NUMBER: [46, "", "the broker has this batch already"],
  INVALID_PRODUCER_EPOCH: [47, "", "a newer producer of the same id has taken over"],
  INVALID_TXN_STATE: [48, "", "the transaction is in a state that does not allow this"],
  INVALID_PRODUCER_ID_MAPPING: [49, "", "the producer id is not that of the transactional id"],
  INVALID_TRANSACTION_TIMEOUT: [
    50,
    "",
    "the transaction timeout exceeds transaction.max.timeout.ms",
  ],
  CONCURRENT_TRANSACTIONS: [51, "R", "the transaction before is still being ended"],
  TRANSACTION_COORDINATOR_FENCED: [52, "", "the marker comes from a coordinator of an older epoch"],
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: [53, "", "the principal may not use the transactional id"],
  SECURITY_DISABLED: [54, "", "no authorizer is configured"],
  OPERATION_NOT_ATTEMPTED: [55, "", "not tried, because another part of the request failed"],
  KAFKA_STORAGE_ERROR: [56, "R", "the broker's disk failed"],
  LOG_DIR_NOT_FOUND: [57, "", "the log directory is not in the broker's configuration"],
  SASL_AUTHENTICATION_FAILED: [58, "", "user, password or token was refused"],
  UNKNOWN_PRODUCER_ID: [59, "", "the broker no longer remembers this producer"],
  REASSIGNMENT_IN_PROGRESS: [60, "", "the partition is being moved"],
  DELEGATION_TOKEN_AUTH_DISABLED: [61, "", "delegation tokens are not enabled"],
  DELEGATION_TOKEN_NOT_FOUND: [62, "", "the delegation token is not there"],
  DELEGATION_TOKEN_OWNER_MISMATCH: [63, "", "the principal neither owns nor may renew the token"],
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: [
    64,
    "",
    "delegation tokens need a connection that is authenticated otherwise",
  ],
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: [65, "", "the principal may not use delegation tokens"],
  DELEGATION_TOKEN_EXPIRED: [66, "", "the delegation token has expired"],
  INVALID_PRINCIPAL_TYPE: [67, "", "the type of a principal is not supported"],
  NON_EMPTY_GROUP: [68, "", "the group still has members"],
  GROUP_ID_NOT_FOUND: [69, "", "there is no such group"],
  FETCH_SESSION_ID_NOT_FOUND: [
    70,
    "R",
    "the broker has forgotten this fetch session; start a new one",
  ],
  INVALID_FETCH_SESSION_EPOCH: [71, "R", "the fetch session is at another epoch; start a new one"],
  LISTENER_NOT_FOUND: [72, "R", "the leader has no listener of the name that was asked through"],
  TOPIC_DELETION_DISABLED: [73, "", "delete.topic.enable is off"],
  FENCED_LEADER_EPOCH: [74, "R", "the leader epoch is older than the broker's"],
  UNKNOWN_LEADER_EPOCH: [75, "R", "the leader epoch is newer than the broker's"],
  UNSUPPORTED_COMPRESSION_TYPE: [76, "", "the compression codec is not supported here"],
  STALE_BROKER_EPOCH: [77, "", "the broker has registered anew since"],
  OFFSET_NOT_AVAILABLE: [
    78,
    "R",
    "the leader cannot tell the offset yet, as it was elected a moment ago",
  ],
  MEMBER_ID_REQUIRED: [79, "", "join again with the member id that came with this answer"],
  PREFERRED_LEADER_NOT_AVAILABLE: [80, "R", "the preferred leader is not there"],
  GROUP_MAX_SIZE_REACHED: [81, "", "the group has as many members as the broker allows"],
  FENCED_INSTANCE_ID: [82, "", "another member has taken this group.instance.id"],
  ELIGIBLE_LEADERS_NOT_AVAILABLE: [83, "R", "no replica that may lead is there"],
  ELECTION_NOT_NEEDED: [84, "R", "the partition has the leader that was asked for"],
  NO_REASSIGNMENT_IN_PROGRESS: [85, "", "the partition is not being moved"],
  GROUP_SUBSCRIBED_TO_TOPIC: [86, "", "offsets stay while the group subscribes to the topic"],
  INVALID_RECORD: [87, "", "the broker's checks refuse a record"],
  UNSTABLE_OFFSET_COMMIT: [88, "R", "offsets of an open transaction are pending"],
  THROTTLING_QUOTA_EXCEEDED: [89, "R", "a quota is used up"],
  PRODUCER_FENCED: [90, "", "a newer producer of the same transactional id has taken over"],
  RESOURCE_NOT_FOUND: [91, "", "what the request names is not there"],
  DUPLICATE_RESOURCE: [92, "", "the request names the same thing twice"],
  UNACCEPTABLE_CREDENTIAL: [93, "", "the credential does not meet the broker's demands"],
  INCONSISTENT_VOTER_SET: [
    94,
    "",
    "the sender is not among the voters that it names, or the sets differ",
  ],
  INVALID_UPDATE_VERSION: [95, "", "the version of an update is not the one expected"],
  FEATURE_UPDATE_FAILED: [96, "", "features could not be set"],
  PRINCIPAL_DESERIALIZATION_FAILURE: [
    97,
    "",
    "the principal of a forwarded request cannot be read",
  ],
  SNAPSHOT_NOT_FOUND: [98, "", "there is no such snapshot"],
  POSITION_OUT_OF_RANGE: [99, "", "the position lies outside the snapshot"],
  UNKNOWN_TOPIC_ID: [100, "R", "the broker does not know a topic of this id"],
  DUPLICATE_BROKER_REGISTRATION: [101, "", "a live broker has this id"],
  BROKER_ID_NOT_REGISTERED: [102, "", "no broker has registered with this id"],
  INCONSISTENT_TOPIC_ID: [103, "R", "the topic's id is not that of the log"],
  INCONSISTENT_CLUSTER_ID: [104, "", "the sender belongs to another cluster"],
  TRANSACTIONAL_ID_NOT_FOUND: [105, "", "there is no such transactional id"],
  FETCH_SESSION_TOPIC_ID_ERROR: [106, "R", "topic ids and names are mixed within a fetch session"],
  INELIGIBLE_REPLICA: [107, "", "a replica may not be in sync at the moment"],
  NEW_LEADER_ELECTED: [108, "", "the partition got another leader by this change"],
  OFFSET_MOVED_TO_TIERED_STORAGE: [109, "", "the offset is in remote storage only"],
  FENCED_MEMBER_EPOCH: [110, "", "the coordinator has fenced the member's epoch; join again"],
  UNRELEASED_INSTANCE_ID: [111, "", "another live member has this group.instance.id"],
  UNSUPPORTED_ASSIGNOR: [112, "", "the group or the broker does not have this assignor"],
  STALE_MEMBER_EPOCH: [
    113,
    "",
    "the member's epoch is old; fetch it with the next heartbeat and try again",
  ],
  MISMATCHED_ENDPOINT_TYPE: [
    114,
    "",
    "a controller was asked what brokers answer, or the other way round",
  ],
  UNSUPPORTED_ENDPOINT_TYPE: [115, "", "this type of endpoint is not supported"],
  UNKNOWN_CONTROLLER_ID: [116, "", "there is no controller of this id"],
  UNKNOWN_SUBSCRIPTION_ID: [117, "", "the telemetry subscription is no longer valid"],
  TELEMETRY_TOO_LARGE: [118, "", "the telemetry exceeds what the broker takes"],
  INVALID_REGISTRATION: [119, "", "the controller refuses the broker's registration"],
  TRANSACTION_ABORTABLE: [120, "", "abort the transaction; the producer lives on"],
  INVALID_RECORD_STATE: [121, "", "the record's state does not allow this acknowledgement"],
  SHARE_SESSION_NOT_FOUND: [122, "R", "the broker has forgotten this share session"],
  INVALID_SHARE_SESSION_EPOCH: [123, "R", "the share session is at another epoch"],
  FENCED_STATE_EPOCH: [124, "", "the state epoch of a share group is old"],
  INVALID_VOTER_KEY: [125, "", "the voter's key is not that of the receiver"],
  DUPLICATE_VOTER: [126, "", "the voter is in the set already"],
  VOTER_NOT_FOUND: [127, "", "the voter is not in the set"],
  INVALID_REGULAR_EXPRESSION: [128, "", "a regular expression does not parse"],
  REBOOTSTRAP_REQUIRED: [
    129,
    "",
    "the client's metadata is of no use; start again from the bootstrap servers",
  ],
  STREAMS_INVALID_TOPOLOGY: [130, "", "the topology sent to a streams group is not valid"],
  STREAMS_INVALID_TOPOLOGY_EPOCH: [131, "", "the epoch of a topology is not valid"],
  STREAMS_TOPOLOGY_FENCED: [132, "", "the epoch of a topology is old"],
  SHARE_SESSION_LIMIT_REACHED: [133, "R", "the broker has as many share sessions as it allows"],
} as const satisfies Readonly<
  Record<string, readonly [errorCode: number, retriable: "" | "R", text: string]>
>;

/** Kafka's name of an error, such as `NOT_COORDINATOR`. */
export type ErrorName = keyof typeof table;

/** All errors, by number from -1 up. */
export const errorTable: readonly ErrorRow[] = Object.freeze(
  Object.entries(table).map(([name, [errorCode, retriable, text]]) =>
    // The names are the keys of the table that the type is taken from.
    Object.freeze({ errorCode, name: name as ErrorName, retriable: retriable === "R", text }),
  ),
);

const unknownServerError = errorTable[0];

/** The row of a number; that of `UNKNOWN_SERVER_ERROR` where there is none. */
export function errorRow(errorCode: number): ErrorRow {
  return errorTable[errorCode + 1] ?? unknownServerError;
}

/** The number of a name. @example errorCodeOf("NONE") // 0 */
export function errorCodeOf(name: ErrorName): number {
  return table[name][0];
}
