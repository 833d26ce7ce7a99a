import type { Api } from "@millrace/protocol";
import type { BrokerServices } from "../broker-services.ts";
import type { Handler } from "../server/handler.ts";
import { ClientTelemetry } from "../telemetry/client-telemetry.ts";
import { getTelemetrySubscriptionsHandler } from "./get-telemetry-subscriptions.ts";
import { pushTelemetryHandler } from "./push-telemetry.ts";
import { alterClientQuotasHandler } from "./alter-client-quotas.ts";
import { alterUserScramCredentialsHandler } from "./alter-user-scram-credentials.ts";
import { alterConfigsHandler } from "./alter-configs.ts";
import { alterPartitionReassignmentsHandler } from "./alter-partition-reassignments.ts";
import { alterReplicaLogDirsHandler } from "./alter-replica-log-dirs.ts";
import { describeLogDirsHandler } from "./describe-log-dirs.ts";
import { describeQuorumHandler } from "./describe-quorum.ts";
import { electLeadersHandler } from "./elect-leaders.ts";
import { listConfigResourcesHandler } from "./list-config-resources.ts";
import { listPartitionReassignmentsHandler } from "./list-partition-reassignments.ts";
import { unregisterBrokerHandler } from "./unregister-broker.ts";
import { updateFeaturesHandler } from "./update-features.ts";
import { ApiVersionsHandler } from "./api-versions.ts";
import { addRaftVoterHandler, removeRaftVoterHandler } from "./change-voters.ts";
import { createAclsHandler } from "./create-acls.ts";
import { createDelegationTokenHandler } from "./create-delegation-token.ts";
import { CreatePartitionsHandler } from "./create-partitions.ts";
import { CreateTopicsHandler } from "./create-topics.ts";
import { deleteAclsHandler } from "./delete-acls.ts";
import { DeleteRecordsHandler } from "./delete-records.ts";
import { DeleteTopicsHandler } from "./delete-topics.ts";
import { describeAclsHandler } from "./describe-acls.ts";
import { DescribeClusterHandler } from "./describe-cluster.ts";
import { DescribeConfigsHandler } from "./describe-configs.ts";
import { describeDelegationTokenHandler } from "./describe-delegation-token.ts";
import { DescribeProducersHandler } from "./describe-producers.ts";
import { DescribeTopicPartitionsHandler } from "./describe-topic-partitions.ts";
import { describeClientQuotasHandler } from "./describe-client-quotas.ts";
import { describeUserScramCredentialsHandler } from "./describe-user-scram-credentials.ts";
import { expireDelegationTokenHandler } from "./expire-delegation-token.ts";
import { FetchHandler } from "./fetch.ts";
import { incrementalAlterConfigsHandler } from "./incremental-alter-configs.ts";
import { ListOffsetsHandler } from "./list-offsets.ts";
import { MetadataHandler } from "./metadata.ts";
import { OffsetForLeaderEpochHandler } from "./offset-for-leader-epoch.ts";
import { ProduceHandler } from "./produce.ts";
import { renewDelegationTokenHandler } from "./renew-delegation-token.ts";
import { ShareAcknowledgeHandler } from "./share-acknowledge.ts";
import { ShareFetchHandler } from "./share-fetch.ts";
import { saslAuthenticateHandler } from "./sasl-authenticate.ts";
import { saslHandshakeHandler } from "./sasl-handshake.ts";

/** The APIs of records, topics and configuration. */
export function brokerHandlers(
  services: BrokerServices,
  options: { readonly apis: () => readonly Api[]; readonly hasAuthorizer: boolean },
): readonly Handler[] {
  const { apis, hasAuthorizer } = options;
  const { config, image, platform } = services;
  const telemetryBytesMax = () => config.number("telemetry.max.bytes");
  const telemetry = new ClientTelemetry(image.configs, platform.clock, telemetryBytesMax);
  return [
    new ProduceHandler(services),
    new FetchHandler(services),
    new ShareFetchHandler(services),
    new ShareAcknowledgeHandler(services),
    new ListOffsetsHandler(services),
    new MetadataHandler(services),
    new ApiVersionsHandler(services.image, apis),
    new CreateTopicsHandler(services),
    new DeleteTopicsHandler(services),
    new DeleteRecordsHandler(services),
    new OffsetForLeaderEpochHandler(services),
    new DescribeConfigsHandler(services),
    new CreatePartitionsHandler(services),
    incrementalAlterConfigsHandler(services),
    alterConfigsHandler(services),
    new DescribeClusterHandler(services),
    new DescribeProducersHandler(services),
    new DescribeTopicPartitionsHandler(services),
    describeAclsHandler(services.image, hasAuthorizer),
    createAclsHandler(services, hasAuthorizer),
    deleteAclsHandler(services, hasAuthorizer),
    describeClientQuotasHandler(services.image),
    alterClientQuotasHandler(services.metadata),
    describeUserScramCredentialsHandler(services.image),
    alterUserScramCredentialsHandler(services.metadata),
    electLeadersHandler(services),
    alterPartitionReassignmentsHandler(services),
    listPartitionReassignmentsHandler,
    describeQuorumHandler(services),
    addRaftVoterHandler(services),
    removeRaftVoterHandler(services),
    unregisterBrokerHandler(services),
    updateFeaturesHandler(services),
    describeLogDirsHandler(services),
    alterReplicaLogDirsHandler(services),
    listConfigResourcesHandler(services),
    getTelemetrySubscriptionsHandler(telemetry, platform.random, telemetryBytesMax),
    pushTelemetryHandler(telemetry),
    saslHandshakeHandler,
    createDelegationTokenHandler(services.tokens),
    renewDelegationTokenHandler(services.tokens),
    expireDelegationTokenHandler(services.tokens),
    describeDelegationTokenHandler(services),
    saslAuthenticateHandler,
  ];
}
