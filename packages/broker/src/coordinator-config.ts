import type { BrokerConfig } from "./config/broker-config.ts";
import {
  defaultGroupConfig,
  type GroupConfig,
  type GroupConfigs,
} from "./coordinator/group/group-config.ts";
import type { ConsumerGroupConfig } from "./coordinator/group/consumer/consumer-config.ts";
import type { ShareGroupConfig } from "./coordinator/group/share/share-config.ts";
import type { StreamsGroupConfig } from "./coordinator/group/streams/streams-config.ts";
import {
  defaultTransactionConfig,
  type TransactionConfig,
} from "./coordinator/transaction/transaction-config.ts";
import type { ShareCoordinatorConfig } from "./coordinator/share/share-shard.ts";
import type { MetadataImage } from "./metadata/metadata-image.ts";

export function groupConfigsOf(config: BrokerConfig, image: MetadataImage): GroupConfigs {
  return {
    classic: classicConfigOf(config),
    consumerOf: consumerConfigOf(config, image),
    shareOf: shareConfigOf(config, image),
    streamsOf: streamsConfigOf(config, image),
  };
}

function classicConfigOf(config: BrokerConfig): GroupConfig {
  return {
    ...defaultGroupConfig,
    sessionTimeoutMsMin: config.number("group.min.session.timeout.ms"),
    sessionTimeoutMsMax: config.number("group.max.session.timeout.ms"),
    initialRebalanceDelayMs: config.number("group.initial.rebalance.delay.ms"),
    sizeMax: config.number("group.max.size"),
    offsetMetadataLengthMax: config.number("offset.metadata.max.bytes"),
    offsetsRetentionMs: 60_000 * config.number("offsets.retention.minutes"),
  };
}

export function transactionConfigOf(config: BrokerConfig): TransactionConfig {
  return {
    ...defaultTransactionConfig,
    timeoutMaxMs: config.number("transaction.max.timeout.ms"),
    abortIntervalMs: config.number("transaction.abort.timed.out.transaction.cleanup.interval.ms"),
    idExpirationMs: config.number("transactional.id.expiration.ms"),
  };
}

export function shareCoordinatorConfigOf(config: BrokerConfig): ShareCoordinatorConfig {
  return {
    updatesPerSnapshot: config.number("share.coordinator.snapshot.update.records.per.snapshot"),
    coldSnapshotIntervalMs: config.number("share.coordinator.cold.partition.snapshot.interval.ms"),
  };
}

/** What is set for a consumer group (`consumer.*`), or else for the broker (`group.consumer.*`). */
function consumerConfigOf(
  config: BrokerConfig,
  image: MetadataImage,
): (groupId: string) => ConsumerGroupConfig {
  const policy = config.text("group.consumer.migration.policy")?.toLowerCase();
  const common = {
    sizeMax: config.number("group.consumer.max.size"),
    regexRefreshIntervalMs: config.number("group.consumer.regex.refresh.interval.ms"),
    assignors: config.list("group.consumer.assignors"),
    isUpgradeEnabled: policy === "upgrade" || policy === "bidirectional",
    isDowngradeEnabled: policy === "downgrade" || policy === "bidirectional",
  };
  return (groupId) => {
    const own = image.groupProperties(groupId);
    const value = (name: string) =>
      own.has(`consumer.${name}`)
        ? Number(own.get(`consumer.${name}`))
        : config.number(`group.consumer.${name}`);
    return {
      ...common,
      sessionTimeoutMs: value("session.timeout.ms"),
      heartbeatIntervalMs: value("heartbeat.interval.ms"),
      assignmentIntervalMs: value("assignment.interval.ms"),
    };
  };
}

/** What is set for a share group (`share.*`), or else for the broker (`group.share.*`). */
function shareConfigOf(
  config: BrokerConfig,
  image: MetadataImage,
): (groupId: string) => ShareGroupConfig {
  return (groupId) => {
    const own = image.groupProperties(groupId);
    const value = (name: string) =>
      own.has(`share.${name}`)
        ? Number(own.get(`share.${name}`))
        : config.number(`group.share.${name}`);
    return {
      sessionTimeoutMs: value("session.timeout.ms"),
      heartbeatIntervalMs: value("heartbeat.interval.ms"),
      sizeMax: config.number("group.share.max.size"),
      assignmentIntervalMs: value("assignment.interval.ms"),
      initializeRetryIntervalMs: config.number("group.share.initialize.retry.interval.ms"),
    };
  };
}

/** What is set for a streams group (`streams.*`), or else for the broker (`group.streams.*`). */
function streamsConfigOf(
  config: BrokerConfig,
  image: MetadataImage,
): (groupId: string) => StreamsGroupConfig {
  return (groupId) => {
    const own = image.groupProperties(groupId);
    const value = (name: string) =>
      own.has(`streams.${name}`)
        ? Number(own.get(`streams.${name}`))
        : config.number(`group.streams.${name}`);
    return {
      sessionTimeoutMs: value("session.timeout.ms"),
      heartbeatIntervalMs: value("heartbeat.interval.ms"),
      sizeMax: config.number("group.streams.max.size"),
      standbyReplicas: value("num.standby.replicas"),
      initialRebalanceDelayMs: value("initial.rebalance.delay.ms"),
      assignmentIntervalMs: value("assignment.interval.ms"),
    };
  };
}
