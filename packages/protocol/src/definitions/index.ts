export {
  consumerGroupMetadataRecord,
  consumerGroupMemberMetadataRecord,
  consumerGroupTargetAssignmentMetadataRecord,
  consumerGroupTargetAssignmentMemberRecord,
  consumerGroupCurrentMemberAssignmentRecord,
  consumerGroupRegularExpressionRecord,
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
export { listOffsetsApi, listOffsetsResponse, type ListOffsetsRequest } from "./list-offsets.ts";
export {
  metadataApi,
  metadataRequest,
  metadataResponse,
  type MetadataRequest,
  type MetadataResponse,
} from "./metadata.ts";
export {
  offsetCommitApi,
  offsetCommitResponse,
  type OffsetCommitRequest,
} from "./offset-commit.ts";
export {
  offsetFetchApi,
  offsetFetchResponse,
  type OffsetFetchRequest,
  type OffsetFetchResponse,
} from "./offset-fetch.ts";
export {
  findCoordinatorApi,
  findCoordinatorResponse,
  type FindCoordinatorRequest,
} from "./find-coordinator.ts";
export {
  joinGroupApi,
  joinGroupResponse,
  type JoinGroupRequest,
  type JoinGroupResponse,
} from "./join-group.ts";
export { syncGroupApi, syncGroupResponse, type SyncGroupRequest } from "./sync-group.ts";
export {
  heartbeatApi,
  heartbeatRequest,
  heartbeatResponse,
  type HeartbeatRequest,
} from "./heartbeat.ts";
export { leaveGroupApi, leaveGroupResponse, type LeaveGroupRequest } from "./leave-group.ts";
export {
  describeGroupsApi,
  describeGroupsResponse,
  type DescribeGroupsRequest,
} from "./describe-groups.ts";
export { listGroupsApi, listGroupsResponse, type ListGroupsRequest } from "./list-groups.ts";
export {
  apiVersionsApi,
  apiVersionsResponse,
  type ApiVersionsRequest,
  type ApiVersionsResponse,
} from "./api-versions.ts";
export {
  createTopicsApi,
  createTopicsResponse,
  type CreateTopicsRequest,
} from "./create-topics.ts";
export {
  deleteTopicsApi,
  deleteTopicsResponse,
  type DeleteTopicsRequest,
} from "./delete-topics.ts";
export {
  deleteRecordsApi,
  deleteRecordsResponse,
  type DeleteRecordsRequest,
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
  offsetForLeaderEpochResponse,
  type OffsetForLeaderEpochRequest,
} from "./offset-for-leader-epoch.ts";
export {
  addPartitionsToTxnApi,
  addPartitionsToTxnResponse,
  type AddPartitionsToTxnRequest,
} from "./add-partitions-to-txn.ts";
export {
  addOffsetsToTxnApi,
  addOffsetsToTxnResponse,
  type AddOffsetsToTxnRequest,
} from "./add-offsets-to-txn.ts";
export { endTxnApi, endTxnRequest, endTxnResponse, type EndTxnRequest } from "./end-txn.ts";
export {
  writeTxnMarkersApi,
  writeTxnMarkersResponse,
  type WriteTxnMarkersRequest,
} from "./write-txn-markers.ts";
export {
  txnOffsetCommitApi,
  txnOffsetCommitResponse,
  type TxnOffsetCommitRequest,
  type TxnOffsetCommitResponse,
} from "./txn-offset-commit.ts";
export {
  describeConfigsApi,
  describeConfigsResponse,
  type DescribeConfigsRequest,
  type DescribeConfigsResponse,
} from "./describe-configs.ts";
export {
  createPartitionsApi,
  createPartitionsResponse,
  type CreatePartitionsRequest,
} from "./create-partitions.ts";
export {
  deleteGroupsApi,
  deleteGroupsResponse,
  type DeleteGroupsRequest,
  type DeleteGroupsResponse,
} from "./delete-groups.ts";
export {
  offsetDeleteApi,
  offsetDeleteResponse,
  type OffsetDeleteRequest,
} from "./offset-delete.ts";
export {
  incrementalAlterConfigsApi,
  incrementalAlterConfigsResponse,
  type IncrementalAlterConfigsRequest,
} from "./incremental-alter-configs.ts";
export {
  describeClusterApi,
  describeClusterResponse,
  type DescribeClusterRequest,
} from "./describe-cluster.ts";
export {
  describeProducersApi,
  describeProducersResponse,
  type DescribeProducersRequest,
} from "./describe-producers.ts";
export {
  describeTransactionsApi,
  describeTransactionsResponse,
  type DescribeTransactionsRequest,
} from "./describe-transactions.ts";
export {
  listTransactionsApi,
  listTransactionsResponse,
  type ListTransactionsRequest,
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
  describeTopicPartitionsResponse,
  type DescribeTopicPartitionsRequest,
} from "./describe-topic-partitions.ts";
export {
  saslHandshakeApi,
  saslHandshakeResponse,
  type SaslHandshakeRequest,
} from "./sasl-handshake.ts";
export {
  saslAuthenticateApi,
  saslAuthenticateResponse,
  type SaslAuthenticateRequest,
} from "./sasl-authenticate.ts";
export {
  describeAclsApi,
  describeAclsResponse,
  type DescribeAclsRequest,
} from "./describe-acls.ts";
export { createAclsApi, createAclsResponse, type CreateAclsRequest } from "./create-acls.ts";
export { deleteAclsApi, deleteAclsResponse, type DeleteAclsRequest } from "./delete-acls.ts";
export {
  describeClientQuotasApi,
  describeClientQuotasResponse,
  type DescribeClientQuotasRequest,
} from "./describe-client-quotas.ts";
export {
  alterClientQuotasApi,
  alterClientQuotasResponse,
  type AlterClientQuotasRequest,
} from "./alter-client-quotas.ts";
export {
  describeUserScramCredentialsApi,
  describeUserScramCredentialsResponse,
  type DescribeUserScramCredentialsRequest,
} from "./describe-user-scram-credentials.ts";
export {
  alterUserScramCredentialsApi,
  alterUserScramCredentialsResponse,
  type AlterUserScramCredentialsRequest,
} from "./alter-user-scram-credentials.ts";
export {
  createDelegationTokenApi,
  createDelegationTokenResponse,
  type CreateDelegationTokenRequest,
} from "./create-delegation-token.ts";
export {
  renewDelegationTokenApi,
  renewDelegationTokenResponse,
  type RenewDelegationTokenRequest,
} from "./renew-delegation-token.ts";
export {
  expireDelegationTokenApi,
  expireDelegationTokenResponse,
  type ExpireDelegationTokenRequest,
} from "./expire-delegation-token.ts";
export {
  describeDelegationTokenApi,
  describeDelegationTokenResponse,
  type DescribeDelegationTokenRequest,
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
  consumerGroupHeartbeatApi,
  consumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatResponse,
} from "./consumer-group-heartbeat.ts";
export {
  consumerGroupDescribeApi,
  type ConsumerGroupDescribeRequest,
  type ConsumerGroupDescribeResponse,
} from "./consumer-group-describe.ts";
export {
  type ConsumerGroupCurrentMemberAssignmentValue,
  type ConsumerGroupMemberMetadataValue,
} from "./consumer-group-records.ts";
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
  delegationTokenRecord,
  type DelegationTokenRecord,
  removeDelegationTokenRecord,
  type RemoveDelegationTokenRecord,
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
  electLeadersResponse,
  type ElectLeadersRequest,
} from "./elect-leaders.ts";
export {
  alterPartitionReassignmentsApi,
  alterPartitionReassignmentsResponse,
  type AlterPartitionReassignmentsRequest,
} from "./alter-partition-reassignments.ts";
export {
  listPartitionReassignmentsApi,
  listPartitionReassignmentsResponse,
  type ListPartitionReassignmentsRequest,
} from "./list-partition-reassignments.ts";
export {
  describeQuorumApi,
  describeQuorumResponse,
  type DescribeQuorumRequest,
} from "./describe-quorum.ts";
export {
  unregisterBrokerApi,
  unregisterBrokerResponse,
  type UnregisterBrokerRequest,
} from "./unregister-broker.ts";
export {
  updateFeaturesApi,
  updateFeaturesResponse,
  type UpdateFeaturesRequest,
} from "./update-features.ts";
export {
  describeLogDirsApi,
  describeLogDirsResponse,
  type DescribeLogDirsRequest,
} from "./describe-log-dirs.ts";
export {
  alterReplicaLogDirsApi,
  alterReplicaLogDirsResponse,
  type AlterReplicaLogDirsRequest,
} from "./alter-replica-log-dirs.ts";
export {
  listConfigResourcesApi,
  listConfigResourcesResponse,
  type ListConfigResourcesRequest,
} from "./list-config-resources.ts";
export { alterConfigsApi, type AlterConfigsRequest } from "./alter-configs.ts";
export {
  getTelemetrySubscriptionsApi,
  type GetTelemetrySubscriptionsRequest,
} from "./get-telemetry-subscriptions.ts";
export { pushTelemetryApi, type PushTelemetryRequest } from "./push-telemetry.ts";
export { addRaftVoterApi, type AddRaftVoterRequest } from "./add-raft-voter.ts";
export { removeRaftVoterApi, type RemoveRaftVoterRequest } from "./remove-raft-voter.ts";
