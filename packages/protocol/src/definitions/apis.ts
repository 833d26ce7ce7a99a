import { ProtocolError } from "../protocol-error.ts";
import type { Api } from "../schema/api.ts";
import { addRaftVoterApi } from "./add-raft-voter.ts";
import { removeRaftVoterApi } from "./remove-raft-voter.ts";
import { addOffsetsToTxnApi } from "./add-offsets-to-txn.ts";
import { addPartitionsToTxnApi } from "./add-partitions-to-txn.ts";
import { alterClientQuotasApi } from "./alter-client-quotas.ts";
import { alterUserScramCredentialsApi } from "./alter-user-scram-credentials.ts";
import { apiVersionsApi } from "./api-versions.ts";
import { createAclsApi } from "./create-acls.ts";
import { createDelegationTokenApi } from "./create-delegation-token.ts";
import { createPartitionsApi } from "./create-partitions.ts";
import { createTopicsApi } from "./create-topics.ts";
import { deleteAclsApi } from "./delete-acls.ts";
import { deleteGroupsApi } from "./delete-groups.ts";
import { deleteRecordsApi } from "./delete-records.ts";
import { deleteTopicsApi } from "./delete-topics.ts";
import { describeAclsApi } from "./describe-acls.ts";
import { describeClusterApi } from "./describe-cluster.ts";
import { describeConfigsApi } from "./describe-configs.ts";
import { describeDelegationTokenApi } from "./describe-delegation-token.ts";
import { describeGroupsApi } from "./describe-groups.ts";
import { describeProducersApi } from "./describe-producers.ts";
import { describeTopicPartitionsApi } from "./describe-topic-partitions.ts";
import { describeTransactionsApi } from "./describe-transactions.ts";
import { describeClientQuotasApi } from "./describe-client-quotas.ts";
import { describeUserScramCredentialsApi } from "./describe-user-scram-credentials.ts";
import { endTxnApi } from "./end-txn.ts";
import { expireDelegationTokenApi } from "./expire-delegation-token.ts";
import { fetchApi } from "./fetch.ts";
import { findCoordinatorApi } from "./find-coordinator.ts";
import { heartbeatApi } from "./heartbeat.ts";
import { incrementalAlterConfigsApi } from "./incremental-alter-configs.ts";
import { initProducerIdApi } from "./init-producer-id.ts";
import { joinGroupApi } from "./join-group.ts";
import { leaveGroupApi } from "./leave-group.ts";
import { listGroupsApi } from "./list-groups.ts";
import { listOffsetsApi } from "./list-offsets.ts";
import { listTransactionsApi } from "./list-transactions.ts";
import { metadataApi } from "./metadata.ts";
import { offsetCommitApi } from "./offset-commit.ts";
import { offsetDeleteApi } from "./offset-delete.ts";
import { offsetFetchApi } from "./offset-fetch.ts";
import { offsetForLeaderEpochApi } from "./offset-for-leader-epoch.ts";
import { produceApi } from "./produce.ts";
import { renewDelegationTokenApi } from "./renew-delegation-token.ts";
import { saslAuthenticateApi } from "./sasl-authenticate.ts";
import { saslHandshakeApi } from "./sasl-handshake.ts";
import { alterShareGroupOffsetsApi } from "./alter-share-group-offsets.ts";
import { deleteShareGroupOffsetsApi } from "./delete-share-group-offsets.ts";
import { deleteShareGroupStateApi } from "./delete-share-group-state.ts";
import { describeShareGroupOffsetsApi } from "./describe-share-group-offsets.ts";
import { initializeShareGroupStateApi } from "./initialize-share-group-state.ts";
import { readShareGroupStateApi } from "./read-share-group-state.ts";
import { readShareGroupStateSummaryApi } from "./read-share-group-state-summary.ts";
import { shareAcknowledgeApi } from "./share-acknowledge.ts";
import { shareFetchApi } from "./share-fetch.ts";
import { shareGroupDescribeApi } from "./share-group-describe.ts";
import { shareGroupHeartbeatApi } from "./share-group-heartbeat.ts";
import { writeShareGroupStateApi } from "./write-share-group-state.ts";
import { consumerGroupDescribeApi } from "./consumer-group-describe.ts";
import { consumerGroupHeartbeatApi } from "./consumer-group-heartbeat.ts";
import { streamsGroupDescribeApi } from "./streams-group-describe.ts";
import { streamsGroupHeartbeatApi } from "./streams-group-heartbeat.ts";
import { syncGroupApi } from "./sync-group.ts";
import { txnOffsetCommitApi } from "./txn-offset-commit.ts";
import { electLeadersApi } from "./elect-leaders.ts";
import { alterPartitionReassignmentsApi } from "./alter-partition-reassignments.ts";
import { listPartitionReassignmentsApi } from "./list-partition-reassignments.ts";
import { describeQuorumApi } from "./describe-quorum.ts";
import { unregisterBrokerApi } from "./unregister-broker.ts";
import { updateFeaturesApi } from "./update-features.ts";
import { describeLogDirsApi } from "./describe-log-dirs.ts";
import { alterReplicaLogDirsApi } from "./alter-replica-log-dirs.ts";
import { listConfigResourcesApi } from "./list-config-resources.ts";
import { alterConfigsApi } from "./alter-configs.ts";
import { getTelemetrySubscriptionsApi } from "./get-telemetry-subscriptions.ts";
import { pushTelemetryApi } from "./push-telemetry.ts";
import { writeTxnMarkersApi } from "./write-txn-markers.ts";

const served: readonly Api[] = [
  produceApi,
  fetchApi,
  listOffsetsApi,
  metadataApi,
  offsetCommitApi,
  offsetFetchApi,
  findCoordinatorApi,
  joinGroupApi,
  heartbeatApi,
  leaveGroupApi,
  syncGroupApi,
  describeGroupsApi,
  listGroupsApi,
  apiVersionsApi,
  createTopicsApi,
  deleteTopicsApi,
  deleteRecordsApi,
  initProducerIdApi,
  offsetForLeaderEpochApi,
  addPartitionsToTxnApi,
  addOffsetsToTxnApi,
  endTxnApi,
  writeTxnMarkersApi,
  txnOffsetCommitApi,
  describeConfigsApi,
  createPartitionsApi,
  deleteGroupsApi,
  incrementalAlterConfigsApi,
  offsetDeleteApi,
  describeClusterApi,
  describeProducersApi,
  describeTransactionsApi,
  listTransactionsApi,
  describeTopicPartitionsApi,
  consumerGroupHeartbeatApi,
  consumerGroupDescribeApi,
  streamsGroupHeartbeatApi,
  streamsGroupDescribeApi,
  saslHandshakeApi,
  saslAuthenticateApi,
  describeAclsApi,
  createAclsApi,
  deleteAclsApi,
  describeClientQuotasApi,
  alterClientQuotasApi,
  describeUserScramCredentialsApi,
  alterUserScramCredentialsApi,
  createDelegationTokenApi,
  renewDelegationTokenApi,
  expireDelegationTokenApi,
  describeDelegationTokenApi,
  shareGroupHeartbeatApi,
  shareGroupDescribeApi,
  shareFetchApi,
  shareAcknowledgeApi,
  initializeShareGroupStateApi,
  readShareGroupStateApi,
  writeShareGroupStateApi,
  deleteShareGroupStateApi,
  readShareGroupStateSummaryApi,
  describeShareGroupOffsetsApi,
  alterShareGroupOffsetsApi,
  deleteShareGroupOffsetsApi,
  electLeadersApi,
  removeRaftVoterApi,
  addRaftVoterApi,
  alterPartitionReassignmentsApi,
  listPartitionReassignmentsApi,
  describeQuorumApi,
  unregisterBrokerApi,
  updateFeaturesApi,
  describeLogDirsApi,
  alterReplicaLogDirsApi,
  listConfigResourcesApi,
  alterConfigsApi,
  getTelemetrySubscriptionsApi,
  pushTelemetryApi,
];

/** All APIs known here, by key, in ascending order; ranges are those of Apache Kafka 4.3.1. */
export const apis: ReadonlyMap<number, Api> = new Map(served.map((api) => [api.key, api]));

/** True if requests of this version can be decoded. */
export function servesVersion(api: Api, version: number): boolean {
  return version >= api.versions.min && version <= api.versions.max;
}

/** @throws ProtocolError `UNKNOWN_API_KEY` */
export function apiOf(key: number): Api {
  const api = apis.get(key);
  if (api === undefined) throw new ProtocolError("UNKNOWN_API_KEY", `API key ${key} is not known`);
  return api;
}
