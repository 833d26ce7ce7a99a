import { LogDirectory, LogDirectoryError, LogStorageError } from "@millrace/log";
import type { Platform } from "@millrace/platform";
import {
  type BrokerOptions,
  groupsMaxDefault,
  nodeIdDefault,
  partitionsMaxDefault,
  reserveBytesDefault,
} from "./broker-options.ts";
import type { BrokerConfig } from "./config/broker-config.ts";
import { logConfigOf } from "./config/topic-config.ts";
import {
  groupConfigsOf,
  shareCoordinatorConfigOf,
  transactionConfigOf,
} from "./coordinator-config.ts";
import { Coordinators } from "./coordinator/coordinators.ts";
import { clusterIdOf } from "./metadata/cluster-id.ts";
import { startRecords } from "./metadata/first-records.ts";
import { MetadataSnapshots } from "./metadata/metadata-snapshots.ts";
import { MetadataStore } from "./metadata/metadata-store.ts";
import { resourceTypes } from "./metadata/resource-configs.ts";
import { isInternalTopic } from "./metadata/topic-image.ts";
import { PartitionCoordinatorLogs } from "./partition/coordinator-logs.ts";
import { Durability } from "./partition/durability.ts";
import { MetadataPartitionLog } from "./partition/metadata-partition-log.ts";
import { Partition } from "./partition/partition.ts";
import { PartitionMarkerWriter } from "./partition/partition-marker-writer.ts";
import { PartitionBound } from "./partition/partition-bound.ts";
import { type PartitionLogs, Partitions } from "./partition/partitions.ts";
import { checkMetadataIsThere, metadataTopic, reconcileLogs } from "./partition/reconcile-logs.ts";
import { type FolderJudge, settleFolder } from "./partition/settle-folder.ts";
import { shareDeliveryConfigOf } from "./delivery/share-config.ts";
import { ShareDeliveries } from "./delivery/share-deliveries.ts";
import { StorageGuard } from "./partition/storage-guard.ts";

/** Of the metadata log, which no client reads. */
const metadataTopicId = "AAAAAAAAAAAAAAAAAAAAAQ";

/** All that lies below the listener. */
export interface BrokerParts {
  readonly directory: LogDirectory;
  readonly partitions: Partitions;
  readonly partitionBound: PartitionBound;
  readonly metadata: MetadataStore;
  readonly metadataLog: Partition;
  readonly metadataSnapshots: MetadataSnapshots;
  readonly coordinators: Coordinators;
  readonly deliveries: ShareDeliveries;
  readonly storage: StorageGuard;
  readonly nodeId: number;
}

/** What has to be closed again, in this order, once it was opened. */
type Opened = Pick<BrokerParts, "directory"> & Partial<BrokerParts>;

interface Start {
  readonly platform: Platform;
  readonly config: BrokerConfig;
  readonly options: BrokerOptions;
  readonly nodeId: number;
  readonly opened: { -readonly [Part in keyof Opened]: Opened[Part] };
}

/**
 * Opens the directory, replays the metadata, opens the logs and loads the coordinators. What was opened on the way is
 * closed again where something fails.
 */
export async function openBroker(
  platform: Platform,
  config: BrokerConfig,
  options: BrokerOptions,
): Promise<BrokerParts> {
  const nodeId = config.isSet("node.id") ? config.number("node.id") : nodeIdDefault;
  const directory = await LogDirectory.open({
    platform,
    path: options.dataDirectory,
    clusterId: clusterIdOf(platform, options.dataDirectory),
    nodeId,
  });
  const opened = { directory };
  try {
    const { partitionsMax = partitionsMaxDefault } = options;
    const parts = await openInDirectory({ platform, config, options, nodeId, opened });
    return { ...parts, partitionBound: new PartitionBound(partitionsMax, platform) };
  } catch (error) {
    await closeBroker(opened).catch(() => {});
    throw error;
  }
}

/** Closes all, whatever fails on the way; the first failure is thrown, unless the device's was told already. */
export async function closeBroker(parts: Opened): Promise<void> {
  const wasFailed = parts.metadataLog?.failure !== undefined;
  const failures: unknown[] = [];
  const steps = [
    parts.deliveries,
    parts.coordinators,
    parts.partitions,
    parts.metadataLog,
    parts.directory,
  ];
  for (const step of steps) {
    try {
      await step?.close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0 && !wasFailed) throw failures[0];
}

async function openInDirectory(start: Start): Promise<Omit<BrokerParts, "partitionBound">> {
  const { platform, config, options, nodeId, opened } = start;
  const { directory } = opened;
  const fail = failureOf(start);
  const metadataLog = (opened.metadataLog = await openMetadataLog(start, fail));
  metadataLog.checkSound();
  const metadataSnapshots = new MetadataSnapshots(platform, metadataLog.path);
  const metadata = new MetadataStore(
    new MetadataPartitionLog(metadataLog, platform.clock),
    platform,
    metadataSnapshots.load(metadataLog),
  );
  const { image } = metadata;
  checkDirectory(directory, image.directoryId);
  const leaderEpoch = image.starts;
  let removedTopics: ReadonlySet<string> = metadata.takeRemovedTopics();
  const judge = {
    directory,
    logger: platform.logger,
    isRemoved: (topicId: string) => removedTopics.has(topicId),
  };
  const durability = new Durability(options.durability ?? "group", platform.timers, fail);
  const partitions = (opened.partitions = new Partitions({
    durability,
    leaderEpoch,
    logger: platform.logger,
    topicOf: (name) => image.topic(name),
    logs: partitionLogsOf(judge, options.codecs),
    configOf: (topic) => ({
      ...logConfigOf(topic.properties, config),
      isSyncedWhileOpen: durability.syncs !== "never",
      // Coordinators read their logs once, at the start.
      ...(isInternalTopic(topic.name) ? { tailCacheBytes: 0 } : {}),
    }),
  }));
  const { directoryId } = directory.properties;
  await metadata.change(() => ({
    records: startRecords(image, { platform, config, nodeId, leaderEpoch, directoryId }),
    result: undefined,
  }));
  const dynamic = { of: (broker: string) => image.configs.of(resourceTypes.BROKER, broker) };
  config.followDynamic(dynamic, nodeId);
  await reconcileLogs(judge, image, { partitions, giveWay: giveWayOf(start) });
  removedTopics = new Set();
  const { coordinators, deliveries } = openCoordinators(start, { metadata, partitions });
  const reserveBytes = options.reserveBytes ?? reserveBytesDefault;
  const storage = new StorageGuard(platform, options.dataDirectory, reserveBytes);
  return {
    directory,
    partitions,
    metadata,
    metadataLog,
    metadataSnapshots,
    coordinators,
    deliveries,
    storage,
    nodeId,
  };
}

function openCoordinators(
  { platform, config, options, opened }: Start,
  { metadata, partitions }: Pick<BrokerParts, "metadata" | "partitions">,
): Pick<BrokerParts, "coordinators" | "deliveries"> {
  const { image } = metadata;
  const coordinators = (opened.coordinators = new Coordinators({
    platform,
    logs: new PartitionCoordinatorLogs({ image, partitions, clock: platform.clock }),
    markers: new PartitionMarkerWriter(image, partitions, platform.clock),
    producerIdBlocks: metadata,
    groupConfigs: groupConfigsOf(config, image),
    groupsMax: options.groupsMax ?? groupsMaxDefault,
    topics: image,
    shareConfig: shareCoordinatorConfigOf(config),
    latestOffset: (topic, partition) => partitions.find(topic, partition)?.highWatermark,
    transactionConfig: transactionConfigOf(config),
    isEndTransactionEpochAccepted: options.isEndTransactionEpochAccepted,
  }));
  coordinators.start();
  const deliveries = (opened.deliveries = new ShareDeliveries({
    platform,
    image,
    partitions,
    share: coordinators.share,
    configOf: shareDeliveryConfigOf(config, image),
    sessionsMax: config.number("group.share.max.share.sessions"),
  }));
  return { coordinators, deliveries };
}

/** Recovery of a log is synchronous: between two of them it is seen whether the start is given up. */
function giveWayOf({ platform, options: { signal } }: Start): () => Promise<void> {
  return async () => {
    if (signal === undefined) return;
    if (!signal.aborted) await platform.timers.yield();
    signal.throwIfAborted();
  };
}

/** The directory, as partitions see it: whose folder is whose is looked at before anything is opened or made. */
function partitionLogsOf(judge: FolderJudge, codecs: BrokerOptions["codecs"]): PartitionLogs {
  const { directory } = judge;
  return {
    open: async (request) => {
      settleFolder(judge, request);
      if (directory.folder(request) === undefined) return undefined;
      return directory.openLog({ ...request, codecs });
    },
    create: (request) => {
      settleFolder(judge, request);
      return directory.createLog({ ...request, codecs });
    },
    isMade: (place) => directory.folder(place) !== undefined || directory.hasSeenRecords(place),
    remove: (places) => directory.deleteLogs(places),
    removed: () => directory.removed(),
  };
}

/** The device failed: nothing is served any more, and the owner is told. */
function failureOf({ platform, options, opened }: Start): (failure: Error) => void {
  return (failure) => {
    platform.logger.log("error", "broker.storage-failed", { error: failure });
    const cause = failure instanceof LogStorageError ? failure : undefined;
    const told = cause ?? new LogStorageError("LOG_FAILED", failure.message, failure);
    opened.partitions?.failAll(told);
    opened.metadataLog?.fail(told);
    options.onFailed?.(failure);
  };
}

/** What the metadata say is always synced: with less, a power loss would leave folders that nothing explains. */
async function openMetadataLog(
  { platform, options, opened }: Start,
  fail: (failure: Error) => void,
): Promise<Partition> {
  checkMetadataIsThere(opened.directory);
  const log = await opened.directory.openLog({
    topic: metadataTopic,
    partition: 0,
    topicId: metadataTopicId,
    leaderEpoch: 0,
    config: { tailCacheBytes: 0 },
  });
  const level = options.durability === "strict" ? "strict" : "group";
  return Partition.of(log, metadataTopicId, new Durability(level, platform.timers, fail));
}

/** The metadata know the folder that they were written in: `meta.properties` alone can be that of another one. */
function checkDirectory({ path, properties }: LogDirectory, directoryId: string | undefined): void {
  if (directoryId === undefined || directoryId === properties.directoryId) return;
  throw new LogDirectoryError(
    "WRONG_CLUSTER",
    path,
    `its meta.properties is of another folder (directory.id ${properties.directoryId} where ${directoryId} is ` +
      `expected): restore the one that belongs to it`,
  );
}
