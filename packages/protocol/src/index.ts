export { ProtocolError, type ProtocolErrorCode } from "./protocol-error.ts";
export { KafkaError } from "./kafka-error.ts";
export { errorCodeOf, errorRow, errorTable, type ErrorName, type ErrorRow } from "./error-table.ts";

export { crc32c } from "./wire/crc32c.ts";
export {
  getInt64,
  readInt16,
  readInt32,
  readInt64,
  setInt64,
  writeInt16,
  writeInt32,
  writeInt64,
} from "./wire/int64.ts";
export { Reader } from "./wire/reader.ts";
export { Writer } from "./wire/writer.ts";
export { uuidFromBytes, uuidToBytes, zeroUuid, type Uuid } from "./wire/uuid.ts";
export {
  sizeOfUnsignedVarint,
  sizeOfVarint,
  sizeOfVarlong,
  writeUnsignedVarint,
  writeVarint,
  writeVarlong,
} from "./wire/varint.ts";

export {
  array,
  bool,
  bytes,
  float64,
  int16,
  int32,
  int64,
  int8,
  records,
  string,
  struct,
  uint16,
  uint32,
  uuid,
  type DecodedFields,
  type Field,
  type FieldOptions,
  type Fields,
  type GivenFields,
  type GivenRecords,
} from "./schema/field.ts";
export {
  message,
  type Decoded,
  type Given,
  type Message,
  type MessageVersions,
} from "./schema/message.ts";
export { codecOf, decodeMessage, encodeMessage, type Codec } from "./schema/codec.ts";
export { decodeVersioned, decodeVersionedForward, encodeVersioned } from "./schema/versioned.ts";
export { api, isFlexible, type Api } from "./schema/api.ts";

export { FRAME_BYTES_MAX_DEFAULT, FrameSplitter } from "./frames/frame-splitter.ts";
export {
  readRequestHeader,
  readResponseHeader,
  requestHeaderVersion,
  responseHeaderVersion,
  writeRequestHeader,
  writeResponseHeader,
  type RequestHeader,
} from "./frames/request-header.ts";

export { BatchCursor, checkBatchBounds } from "./records/batch-cursor.ts";
export {
  addToSequence,
  BATCH_HEADER_BYTES,
  BATCH_MAGIC,
  BATCH_OVERHEAD_BYTES,
  batchAttributes,
  compressionIdOf,
  computeCrc,
  hasDeleteHorizon,
  isControl,
  isCrcValid,
  isLogAppendTime,
  isTransactional,
  noPartitionLeaderEpoch,
  noProducerEpoch,
  noProducerId,
  noSequence,
  noTimestamp,
  readAttributes,
  readBaseOffset,
  readBaseSequence,
  readBaseTimestamp,
  readBatchHeader,
  readBatchSizeBytes,
  readCrc,
  readLastOffset,
  readLastOffsetDelta,
  readLastSequence,
  readMagic,
  readMaxTimestamp,
  readPartitionLeaderEpoch,
  readProducerEpoch,
  readProducerId,
  readRecordCount,
  setBaseOffset,
  setCreateTime,
  setLogAppendTime,
  setPartitionLeaderEpoch,
  updateCrc,
  writeBatchHeader,
  type BatchHeader,
} from "./records/batch-header.ts";
export {
  compressionIdOfName,
  compressionNames,
  type Compression,
  type CompressionName,
} from "./records/compression.ts";
export {
  RecordBatchBuilder,
  recordSizeBytesMax,
  type BuildOptions,
  type RecordBatchBuilderOptions,
} from "./records/record-batch-builder.ts";
export {
  DECOMPRESSED_BYTES_MAX_DEFAULT,
  RecordBatchReader,
  type RecordBatchReaderOptions,
} from "./records/record-batch-reader.ts";
export {
  controlTypes,
  decodeControlBatch,
  encodeEndTransactionMarker,
  type ControlRecord,
  type ControlType,
  type EndTransactionMarker,
} from "./records/control-batch.ts";
export {
  AbortedTransactionFilter,
  type AbortedTransaction,
} from "./records/aborted-transaction-filter.ts";

export {
  decodeBody,
  decodeCorrelationId,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  type DecodedRequestHeader,
} from "./frames/messages.ts";

export {
  decodeRecordKey,
  encodeRecordKey,
  groupMetadataRecord,
  offsetCommitRecord,
  recordTypeOf,
  transactionLogRecord,
  type CoordinatorRecordKind,
} from "./definitions/coordinator-records.ts";
export {
  decodeMetadataRecord,
  encodeMetadataRecord,
  metadataRecordTypes,
  type MetadataRecord,
  type MetadataRecordName,
} from "./definitions/metadata-records.ts";
export { apiOf, apis, servesVersion } from "./definitions/apis.ts";
export {
  produceApi,
  produceRequest,
  produceResponse,
  type ProduceRequest,
  type ProduceResponse,
} from "./definitions/produce.ts";
export {
  fetchApi,
  fetchRequest,
  fetchResponse,
  type FetchRequest,
  type FetchResponse,
} from "./definitions/fetch.ts";
export {
  listOffsetsApi,
  listOffsetsRequest,
  listOffsetsResponse,
  type ListOffsetsRequest,
  type ListOffsetsResponse,
} from "./definitions/list-offsets.ts";
export {
  metadataApi,
  metadataRequest,
  metadataResponse,
  type MetadataRequest,
  type MetadataResponse,
} from "./definitions/metadata.ts";
export {
  offsetCommitApi,
  offsetCommitRequest,
  offsetCommitResponse,
  type OffsetCommitRequest,
  type OffsetCommitResponse,
} from "./definitions/offset-commit.ts";
export {
  offsetFetchApi,
  offsetFetchRequest,
  offsetFetchResponse,
  type OffsetFetchRequest,
  type OffsetFetchResponse,
} from "./definitions/offset-fetch.ts";
export {
  findCoordinatorApi,
  findCoordinatorRequest,
  findCoordinatorResponse,
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
} from "./definitions/find-coordinator.ts";
export {
  joinGroupApi,
  joinGroupRequest,
  joinGroupResponse,
  type JoinGroupRequest,
  type JoinGroupResponse,
} from "./definitions/join-group.ts";
export {
  syncGroupApi,
  syncGroupRequest,
  syncGroupResponse,
  type SyncGroupRequest,
  type SyncGroupResponse,
} from "./definitions/sync-group.ts";
export {
  heartbeatApi,
  heartbeatRequest,
  heartbeatResponse,
  type HeartbeatRequest,
  type HeartbeatResponse,
} from "./definitions/heartbeat.ts";
export {
  leaveGroupApi,
  leaveGroupRequest,
  leaveGroupResponse,
  type LeaveGroupRequest,
  type LeaveGroupResponse,
} from "./definitions/leave-group.ts";
export {
  describeGroupsApi,
  describeGroupsRequest,
  describeGroupsResponse,
  type DescribeGroupsRequest,
  type DescribeGroupsResponse,
} from "./definitions/describe-groups.ts";
export {
  listGroupsApi,
  listGroupsRequest,
  listGroupsResponse,
  type ListGroupsRequest,
  type ListGroupsResponse,
} from "./definitions/list-groups.ts";
export {
  apiVersionsApi,
  apiVersionsRequest,
  apiVersionsResponse,
  type ApiVersionsRequest,
  type ApiVersionsResponse,
} from "./definitions/api-versions.ts";
export {
  createTopicsApi,
  createTopicsRequest,
  createTopicsResponse,
  type CreateTopicsRequest,
  type CreateTopicsResponse,
} from "./definitions/create-topics.ts";
export {
  deleteTopicsApi,
  deleteTopicsRequest,
  deleteTopicsResponse,
  type DeleteTopicsRequest,
  type DeleteTopicsResponse,
} from "./definitions/delete-topics.ts";
export {
  deleteRecordsApi,
  deleteRecordsRequest,
  deleteRecordsResponse,
  type DeleteRecordsRequest,
  type DeleteRecordsResponse,
} from "./definitions/delete-records.ts";
export {
  initProducerIdApi,
  initProducerIdRequest,
  initProducerIdResponse,
  type InitProducerIdRequest,
  type InitProducerIdResponse,
} from "./definitions/init-producer-id.ts";
export {
  offsetForLeaderEpochApi,
  offsetForLeaderEpochRequest,
  offsetForLeaderEpochResponse,
  type OffsetForLeaderEpochRequest,
  type OffsetForLeaderEpochResponse,
} from "./definitions/offset-for-leader-epoch.ts";
export {
  addPartitionsToTxnApi,
  addPartitionsToTxnRequest,
  addPartitionsToTxnResponse,
  type AddPartitionsToTxnRequest,
  type AddPartitionsToTxnResponse,
} from "./definitions/add-partitions-to-txn.ts";
export {
  addOffsetsToTxnApi,
  addOffsetsToTxnRequest,
  addOffsetsToTxnResponse,
  type AddOffsetsToTxnRequest,
  type AddOffsetsToTxnResponse,
} from "./definitions/add-offsets-to-txn.ts";
export {
  endTxnApi,
  endTxnRequest,
  endTxnResponse,
  type EndTxnRequest,
  type EndTxnResponse,
} from "./definitions/end-txn.ts";
export {
  writeTxnMarkersApi,
  writeTxnMarkersRequest,
  writeTxnMarkersResponse,
  type WriteTxnMarkersRequest,
  type WriteTxnMarkersResponse,
} from "./definitions/write-txn-markers.ts";
export {
  txnOffsetCommitApi,
  txnOffsetCommitRequest,
  txnOffsetCommitResponse,
  type TxnOffsetCommitRequest,
  type TxnOffsetCommitResponse,
} from "./definitions/txn-offset-commit.ts";
export {
  describeConfigsApi,
  describeConfigsRequest,
  describeConfigsResponse,
  type DescribeConfigsRequest,
  type DescribeConfigsResponse,
} from "./definitions/describe-configs.ts";
export {
  createPartitionsApi,
  createPartitionsRequest,
  createPartitionsResponse,
  type CreatePartitionsRequest,
  type CreatePartitionsResponse,
} from "./definitions/create-partitions.ts";
export {
  deleteGroupsApi,
  deleteGroupsRequest,
  deleteGroupsResponse,
  type DeleteGroupsRequest,
  type DeleteGroupsResponse,
} from "./definitions/delete-groups.ts";
export {
  offsetDeleteApi,
  offsetDeleteRequest,
  offsetDeleteResponse,
  type OffsetDeleteRequest,
  type OffsetDeleteResponse,
} from "./definitions/offset-delete.ts";
export {
  incrementalAlterConfigsApi,
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
  type IncrementalAlterConfigsRequest,
  type IncrementalAlterConfigsResponse,
} from "./definitions/incremental-alter-configs.ts";
export {
  describeClusterApi,
  describeClusterRequest,
  describeClusterResponse,
  type DescribeClusterRequest,
  type DescribeClusterResponse,
} from "./definitions/describe-cluster.ts";
export {
  describeProducersApi,
  describeProducersRequest,
  describeProducersResponse,
  type DescribeProducersRequest,
  type DescribeProducersResponse,
} from "./definitions/describe-producers.ts";
export {
  describeTransactionsApi,
  describeTransactionsRequest,
  describeTransactionsResponse,
  type DescribeTransactionsRequest,
  type DescribeTransactionsResponse,
} from "./definitions/describe-transactions.ts";
export {
  listTransactionsApi,
  listTransactionsRequest,
  listTransactionsResponse,
  type ListTransactionsRequest,
  type ListTransactionsResponse,
} from "./definitions/list-transactions.ts";
export {
  describeTopicPartitionsApi,
  describeTopicPartitionsRequest,
  describeTopicPartitionsResponse,
  type DescribeTopicPartitionsRequest,
  type DescribeTopicPartitionsResponse,
} from "./definitions/describe-topic-partitions.ts";
export {
  offsetCommitKey,
  type OffsetCommitKey,
  offsetCommitValue,
  type OffsetCommitValue,
  groupMetadataKey,
  type GroupMetadataKey,
  groupMetadataValue,
  type GroupMetadataValue,
} from "./definitions/group-records.ts";
export {
  transactionLogKey,
  type TransactionLogKey,
  transactionLogValue,
  type TransactionLogValue,
} from "./definitions/transaction-records.ts";
export {
  consumerProtocolSubscription,
  type ConsumerProtocolSubscription,
  consumerProtocolAssignment,
  type ConsumerProtocolAssignment,
} from "./definitions/consumer-protocol.ts";
export {
  abortedTxn,
  type AbortedTxn,
  producerSnapshot,
  type ProducerSnapshot,
} from "./definitions/log-files.ts";
export {
  topicRecord,
  type TopicRecord,
  partitionRecord,
  type PartitionRecord,
  partitionChangeRecord,
  type PartitionChangeRecord,
  removeTopicRecord,
  type RemoveTopicRecord,
  configRecord,
  type ConfigRecord,
} from "./definitions/metadata-topic-records.ts";
export {
  registerBrokerRecord,
  type RegisterBrokerRecord,
  featureLevelRecord,
  type FeatureLevelRecord,
  producerIdsRecord,
  type ProducerIdsRecord,
  clientQuotaRecord,
  type ClientQuotaRecord,
  noOpRecord,
  type NoOpRecord,
  beginTransactionRecord,
  type BeginTransactionRecord,
  endTransactionRecord,
  type EndTransactionRecord,
  abortTransactionRecord,
  type AbortTransactionRecord,
} from "./definitions/metadata-cluster-records.ts";
export {
  accessControlEntryRecord,
  type AccessControlEntryRecord,
  removeAccessControlEntryRecord,
  type RemoveAccessControlEntryRecord,
  userScramCredentialRecord,
  type UserScramCredentialRecord,
  removeUserScramCredentialRecord,
  type RemoveUserScramCredentialRecord,
} from "./definitions/metadata-security-records.ts";
