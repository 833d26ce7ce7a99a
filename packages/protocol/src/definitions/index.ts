export {
  decodeRecordKey,
  encodeRecordKey,
  groupMetadataRecord,
  offsetCommitRecord,
  recordTypeOf,
  shareGroupMemberMetadataRecord,
  shareGroupMetadataRecord,
  shareGroupTargetAssignmentMetadataRecord,
  shareGroupTargetAssignmentMemberRecord,
  shareGroupCurrentMemberAssignmentRecord,
  shareGroupStatePartitionMetadataRecord,
  shareSnapshotRecord,
  shareUpdateRecord,
  streamsGroupMetadataRecord,
  streamsGroupMemberMetadataRecord,
  streamsGroupTargetAssignmentMetadataRecord,
  streamsGroupTargetAssignmentMemberRecord,
  streamsGroupCurrentMemberAssignmentRecord,
  streamsGroupTopologyRecord,
  transactionLogRecord,
  type CoordinatorRecordKind,
} from "./coordinator-records.ts";
export {
  decodeMetadataRecord,
  encodeMetadataRecord,
  metadataRecordTypes,
  type MetadataRecord,
  type MetadataRecordName,
} from "./metadata-records.ts";
export { apiOf, apis, servesVersion } from "./apis.ts";
export {
  produceApi,
  produceRequest,
  produceResponse,
  type ProduceRequest,
  type ProduceResponse,
} from "./produce.ts";
export {
  fetchApi,
  fetchRequest,
  fetchResponse,
  type FetchRequest,
  type FetchResponse,
} from "./fetch.ts";
export {
  listOffsetsApi,
  listOffsetsRequest,
  listOffsetsResponse,
  type ListOffsetsRequest,
  type ListOffsetsResponse,
} from "./list-offsets.ts";
export {
  metadataApi,
  metadataRequest,
  metadataResponse,
  type MetadataRequest,
  type MetadataResponse,
} from "./metadata.ts";
export {
  offsetCommitApi,
  offsetCommitRequest,
  offsetCommitResponse,
  type OffsetCommitRequest,
  type OffsetCommitResponse,
} from "./offset-commit.ts";
export {
  offsetFetchApi,
  offsetFetchRequest,
  offsetFetchResponse,
  type OffsetFetchRequest,
  type OffsetFetchResponse,
} from "./offset-fetch.ts";
export {
  findCoordinatorApi,
  findCoordinatorRequest,
  findCoordinatorResponse,
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
} from "./find-coordinator.ts";
export {
  joinGroupApi,
  joinGroupRequest,
  joinGroupResponse,
  type JoinGroupRequest,
  type JoinGroupResponse,
} from "./join-group.ts";
export {
  syncGroupApi,
  syncGroupRequest,
  syncGroupResponse,
  type SyncGroupRequest,
  type SyncGroupResponse,
} from "./sync-group.ts";
export {
  heartbeatApi,
  heartbeatRequest,
  heartbeatResponse,
  type HeartbeatRequest,
  type HeartbeatResponse,
} from "./heartbeat.ts";
export {
  leaveGroupApi,
  leaveGroupRequest,
  leaveGroupResponse,
  type LeaveGroupRequest,
  type LeaveGroupResponse,
} from "./leave-group.ts";
export {
  describeGroupsApi,
  describeGroupsRequest,
  describeGroupsResponse,
  type DescribeGroupsRequest,
  type DescribeGroupsResponse,
} from "./describe-groups.ts";
export {
  listGroupsApi,
  listGroupsRequest,
  listGroupsResponse,
  type ListGroupsRequest,
  type ListGroupsResponse,
} from "./list-groups.ts";
export {
  apiVersionsApi,
  apiVersionsRequest,
  apiVersionsResponse,
  type ApiVersionsRequest,
  type ApiVersionsResponse,
} from "./api-versions.ts";
export {
  createTopicsApi,
  createTopicsRequest,
  createTopicsResponse,
  type CreateTopicsRequest,
  type CreateTopicsResponse,
} from "./create-topics.ts";
export {
  deleteTopicsApi,
  deleteTopicsRequest,
  deleteTopicsResponse,
  type DeleteTopicsRequest,
  type DeleteTopicsResponse,
} from "./delete-topics.ts";
export {
  deleteRecordsApi,
  deleteRecordsRequest,
  deleteRecordsResponse,
  type DeleteRecordsRequest,
  type DeleteRecordsResponse,
} from "./delete-records.ts";
export {
  initProducerIdApi,
  initProducerIdRequest,
  initProducerIdResponse,
  type InitProducerIdRequest,
  type InitProducerIdResponse,
} from "./init-producer-id.ts";
export {
  offsetForLeaderEpochApi,
  offsetForLeaderEpochRequest,
  offsetForLeaderEpochResponse,
  type OffsetForLeaderEpochRequest,
  type OffsetForLeaderEpochResponse,
} from "./offset-for-leader-epoch.ts";
export {
  addPartitionsToTxnApi,
  addPartitionsToTxnRequest,
  addPartitionsToTxnResponse,
  type AddPartitionsToTxnRequest,
  type AddPartitionsToTxnResponse,
} from "./add-partitions-to-txn.ts";
export {
  addOffsetsToTxnApi,
  addOffsetsToTxnRequest,
  addOffsetsToTxnResponse,
  type AddOffsetsToTxnRequest,
  type AddOffsetsToTxnResponse,
} from "./add-offsets-to-txn.ts";
export {
  endTxnApi,
  endTxnRequest,
  endTxnResponse,
  type EndTxnRequest,
  type EndTxnResponse,
} from "./end-txn.ts";
export {
  writeTxnMarkersApi,
  writeTxnMarkersRequest,
  writeTxnMarkersResponse,
  type WriteTxnMarkersRequest,
  type WriteTxnMarkersResponse,
} from "./write-txn-markers.ts";
export {
  txnOffsetCommitApi,
  txnOffsetCommitRequest,
  txnOffsetCommitResponse,
  type TxnOffsetCommitRequest,
  type TxnOffsetCommitResponse,
} from "./txn-offset-commit.ts";
export {
  describeConfigsApi,
  describeConfigsRequest,
  describeConfigsResponse,
  type DescribeConfigsRequest,
  type DescribeConfigsResponse,
} from "./describe-configs.ts";
export {
  createPartitionsApi,
  createPartitionsRequest,
  createPartitionsResponse,
  type CreatePartitionsRequest,
  type CreatePartitionsResponse,
} from "./create-partitions.ts";
export {
  deleteGroupsApi,
  deleteGroupsRequest,
  deleteGroupsResponse,
  type DeleteGroupsRequest,
  type DeleteGroupsResponse,
} from "./delete-groups.ts";
export {
  offsetDeleteApi,
  offsetDeleteRequest,
  offsetDeleteResponse,
  type OffsetDeleteRequest,
  type OffsetDeleteResponse,
} from "./offset-delete.ts";
export {
  incrementalAlterConfigsApi,
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
  type IncrementalAlterConfigsRequest,
  type IncrementalAlterConfigsResponse,
} from "./incremental-alter-configs.ts";
export {
  describeClusterApi,
  describeClusterRequest,
  describeClusterResponse,
  type DescribeClusterRequest,
  type DescribeClusterResponse,
} from "./describe-cluster.ts";
export {
  describeProducersApi,
  describeProducersRequest,
  describeProducersResponse,
  type DescribeProducersRequest,
  type DescribeProducersResponse,
} from "./describe-producers.ts";
export {
  describeTransactionsApi,
  describeTransactionsRequest,
  describeTransactionsResponse,
  type DescribeTransactionsRequest,
  type DescribeTransactionsResponse,
} from "./describe-transactions.ts";
export {
  listTransactionsApi,
  listTransactionsRequest,
  listTransactionsResponse,
  type ListTransactionsRequest,
  type ListTransactionsResponse,
} from "./list-transactions.ts";
export {
  streamsGroupHeartbeatApi,
  streamsGroupHeartbeatRequest,
  streamsGroupHeartbeatResponse,
  type StreamsGroupHeartbeatRequest,
  type StreamsGroupHeartbeatResponse,
} from "./streams-group-heartbeat.ts";
export {
  streamsGroupDescribeApi,
  streamsGroupDescribeResponse,
  type StreamsGroupDescribeRequest,
  type StreamsGroupDescribeResponse,
} from "./streams-group-describe.ts";
export {
  describeTopicPartitionsApi,
  describeTopicPartitionsRequest,
  describeTopicPartitionsResponse,
  type DescribeTopicPartitionsRequest,
  type DescribeTopicPartitionsResponse,
} from "./describe-topic-partitions.ts";
export {
  saslHandshakeApi,
  saslHandshakeRequest,
  saslHandshakeResponse,
  type SaslHandshakeRequest,
  type SaslHandshakeResponse,
} from "./sasl-handshake.ts";
export {
  saslAuthenticateApi,
  saslAuthenticateRequest,
  saslAuthenticateResponse,
  type SaslAuthenticateRequest,
  type SaslAuthenticateResponse,
} from "./sasl-authenticate.ts";
export {
  describeAclsApi,
  describeAclsResponse,
  type DescribeAclsRequest,
  type DescribeAclsResponse,
} from "./describe-acls.ts";
export {
  createAclsApi,
  createAclsResponse,
  type CreateAclsRequest,
  type CreateAclsResponse,
} from "./create-acls.ts";
export {
  deleteAclsApi,
  deleteAclsResponse,
  type DeleteAclsRequest,
  type DeleteAclsResponse,
} from "./delete-acls.ts";
export {
  describeClientQuotasApi,
  describeClientQuotasResponse,
  type DescribeClientQuotasRequest,
  type DescribeClientQuotasResponse,
} from "./describe-client-quotas.ts";
export {
  alterClientQuotasApi,
  alterClientQuotasResponse,
  type AlterClientQuotasRequest,
  type AlterClientQuotasResponse,
} from "./alter-client-quotas.ts";
export {
  describeUserScramCredentialsApi,
  describeUserScramCredentialsResponse,
  type DescribeUserScramCredentialsRequest,
  type DescribeUserScramCredentialsResponse,
} from "./describe-user-scram-credentials.ts";
export {
  alterUserScramCredentialsApi,
  alterUserScramCredentialsResponse,
  type AlterUserScramCredentialsRequest,
  type AlterUserScramCredentialsResponse,
} from "./alter-user-scram-credentials.ts";
export {
  createDelegationTokenApi,
  createDelegationTokenResponse,
  type CreateDelegationTokenRequest,
  type CreateDelegationTokenResponse,
} from "./create-delegation-token.ts";
export {
  renewDelegationTokenApi,
  renewDelegationTokenResponse,
  type RenewDelegationTokenRequest,
  type RenewDelegationTokenResponse,
} from "./renew-delegation-token.ts";
export {
  expireDelegationTokenApi,
  expireDelegationTokenResponse,
  type ExpireDelegationTokenRequest,
  type ExpireDelegationTokenResponse,
} from "./expire-delegation-token.ts";
export {
  describeDelegationTokenApi,
  describeDelegationTokenResponse,
  type DescribeDelegationTokenRequest,
  type DescribeDelegationTokenResponse,
} from "./describe-delegation-token.ts";
export {
  offsetCommitKey,
  type OffsetCommitKey,
  offsetCommitValue,
  type OffsetCommitValue,
  groupMetadataKey,
  type GroupMetadataKey,
  groupMetadataValue,
  type GroupMetadataValue,
} from "./group-records.ts";
export {
  type StreamsGroupMemberMetadataValue,
  type StreamsGroupCurrentMemberAssignmentValue,
  type StreamsGroupTopologyValue,
} from "./streams-group-records.ts";
export {
  transactionLogKey,
  type TransactionLogKey,
  transactionLogValue,
  type TransactionLogValue,
} from "./transaction-records.ts";
export {
  consumerProtocolSubscription,
  type ConsumerProtocolSubscription,
  consumerProtocolAssignment,
  type ConsumerProtocolAssignment,
} from "./consumer-protocol.ts";
export {
  abortedTxn,
  type AbortedTxn,
  producerSnapshot,
  type ProducerSnapshot,
} from "./log-files.ts";
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
} from "./metadata-topic-records.ts";
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
} from "./metadata-cluster-records.ts";
export {
  accessControlEntryRecord,
  type AccessControlEntryRecord,
  removeAccessControlEntryRecord,
  type RemoveAccessControlEntryRecord,
  userScramCredentialRecord,
  type UserScramCredentialRecord,
  removeUserScramCredentialRecord,
  type RemoveUserScramCredentialRecord,
} from "./metadata-security-records.ts";
export {
  shareGroupHeartbeatApi,
  type ShareGroupHeartbeatRequest,
} from "./share-group-heartbeat.ts";
export { shareGroupDescribeApi, type ShareGroupDescribeRequest } from "./share-group-describe.ts";
export { shareFetchApi, type ShareFetchRequest } from "./share-fetch.ts";
export { shareAcknowledgeApi, type ShareAcknowledgeRequest } from "./share-acknowledge.ts";
export {
  initializeShareGroupStateApi,
  type InitializeShareGroupStateRequest,
} from "./initialize-share-group-state.ts";
export {
  readShareGroupStateApi,
  type ReadShareGroupStateRequest,
} from "./read-share-group-state.ts";
export {
  writeShareGroupStateApi,
  type WriteShareGroupStateRequest,
} from "./write-share-group-state.ts";
export {
  deleteShareGroupStateApi,
  type DeleteShareGroupStateRequest,
} from "./delete-share-group-state.ts";
export {
  readShareGroupStateSummaryApi,
  type ReadShareGroupStateSummaryRequest,
} from "./read-share-group-state-summary.ts";
export {
  describeShareGroupOffsetsApi,
  type DescribeShareGroupOffsetsRequest,
} from "./describe-share-group-offsets.ts";
export {
  alterShareGroupOffsetsApi,
  type AlterShareGroupOffsetsRequest,
} from "./alter-share-group-offsets.ts";
export {
  deleteShareGroupOffsetsApi,
  type DeleteShareGroupOffsetsRequest,
} from "./delete-share-group-offsets.ts";
export {
  electLeadersApi,
  electLeadersRequest,
  electLeadersResponse,
  type ElectLeadersRequest,
  type ElectLeadersResponse,
} from "./elect-leaders.ts";
export {
  alterPartitionReassignmentsApi,
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
  type AlterPartitionReassignmentsRequest,
  type AlterPartitionReassignmentsResponse,
} from "./alter-partition-reassignments.ts";
export {
  listPartitionReassignmentsApi,
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
  type ListPartitionReassignmentsRequest,
  type ListPartitionReassignmentsResponse,
} from "./list-partition-reassignments.ts";
export {
  describeQuorumApi,
  describeQuorumRequest,
  describeQuorumResponse,
  type DescribeQuorumRequest,
  type DescribeQuorumResponse,
} from "./describe-quorum.ts";
export {
  unregisterBrokerApi,
  unregisterBrokerRequest,
  unregisterBrokerResponse,
  type UnregisterBrokerRequest,
  type UnregisterBrokerResponse,
} from "./unregister-broker.ts";
export {
  updateFeaturesApi,
  updateFeaturesRequest,
  updateFeaturesResponse,
  type UpdateFeaturesRequest,
  type UpdateFeaturesResponse,
} from "./update-features.ts";
export {
  describeLogDirsApi,
  describeLogDirsRequest,
  describeLogDirsResponse,
  type DescribeLogDirsRequest,
  type DescribeLogDirsResponse,
} from "./describe-log-dirs.ts";
export {
  alterReplicaLogDirsApi,
  alterReplicaLogDirsRequest,
  alterReplicaLogDirsResponse,
  type AlterReplicaLogDirsRequest,
  type AlterReplicaLogDirsResponse,
} from "./alter-replica-log-dirs.ts";
export {
  listConfigResourcesApi,
  listConfigResourcesRequest,
  listConfigResourcesResponse,
  type ListConfigResourcesRequest,
  type ListConfigResourcesResponse,
} from "./list-config-resources.ts";
export {
  alterConfigsApi,
  alterConfigsRequest,
  alterConfigsResponse,
  type AlterConfigsRequest,
  type AlterConfigsResponse,
} from "./alter-configs.ts";
export {
  getTelemetrySubscriptionsApi,
  getTelemetrySubscriptionsRequest,
  getTelemetrySubscriptionsResponse,
  type GetTelemetrySubscriptionsRequest,
  type GetTelemetrySubscriptionsResponse,
} from "./get-telemetry-subscriptions.ts";
export {
  pushTelemetryApi,
  pushTelemetryRequest,
  pushTelemetryResponse,
  type PushTelemetryRequest,
  type PushTelemetryResponse,
} from "./push-telemetry.ts";
