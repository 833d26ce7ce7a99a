export type { BatchReader, BatchReaderOptions } from "./batch-reader.ts";
export type {
  BatchWriter,
  BatchWriterOptions,
  PartitionWriter,
  RefusalDecision,
  RefusedRecord,
  WriteRefusal,
} from "./batch-writer.ts";
export type {
  ClusterAdmin,
  ClusterDescription,
  NewTopic,
  OffsetSpecification,
  TopicConfigs,
  TopicDescription,
  TopicResult,
} from "./cluster-admin.ts";
export {
  allClusterCapabilities,
  clusterCapabilities,
  requireCapability,
  type CapableClient,
  type ClusterCapability,
} from "./cluster-capabilities.ts";
export type { ClusterClient } from "./cluster-client.ts";
export { ClusterError, type ClusterErrorCode } from "./cluster-error.ts";
export type {
  Assignment,
  GroupMembership,
  GroupMembershipOptions,
  GroupSubscription,
  MemberAssignment,
  MemberSubscription,
  OffsetReset,
  PartitionAssignor,
} from "./group-membership.ts";
export type { GroupMetadata, OffsetAndMetadata } from "./offset-and-metadata.ts";
export {
  OffsetOutOfRangeError,
  PartitionError,
  UnreadableBatchError,
  type PartitionErrorCode,
} from "./partition-error.ts";
export type {
  StreamsEndpoint,
  StreamsMembership,
  StreamsMembershipOptions,
  StreamsStatus,
  StreamsStatusKind,
  StreamsSubtopology,
  StreamsTasks,
  StreamsTopic,
  TaskPartitions,
} from "./streams-membership.ts";
