import type { TopicPartition } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import type { CoordinatorLogs, TransactionMarker } from "./coordinator-log.ts";
import type { GroupConfigs } from "./group/group-config.ts";
import { type DeletedTopic, GroupCoordinator } from "./group/group-coordinator.ts";
import type { MarkerOutcome, MarkerWriter } from "./marker-writer.ts";
import type { ProducerIdBlocks } from "./producer-id-blocks.ts";
import { ShareCoordinator } from "./share/share-coordinator.ts";
import type { ShareCoordinatorConfig } from "./share/share-shard.ts";
import type { VersionedTopics } from "./topic-lookup.ts";
import type { EndTransactionEpochCheck } from "./transaction/end-transaction.ts";
import type { TransactionConfig } from "./transaction/transaction-config.ts";
import { TransactionCoordinator } from "./transaction/transaction-coordinator.ts";

export interface CoordinatorsOptions {
  readonly platform: Platform;
  readonly logs: CoordinatorLogs;
  /** Of users' partitions. */
  readonly markers: MarkerWriter;
  readonly producerIdBlocks: ProducerIdBlocks;
  readonly groupConfigs: GroupConfigs;
  readonly groupsMax: number;
  readonly topics: VersionedTopics;
  readonly shareConfig: ShareCoordinatorConfig;
  /** Where a partition of users ends; undefined: it cannot be told. */
  readonly latestOffset: (topic: string, partition: number) => number | undefined;
  readonly transactionConfig: TransactionConfig;
  /** Kafka's rule unless given. */
  readonly isEndTransactionEpochAccepted?: EndTransactionEpochCheck;
}

/**
 * All coordinators, which need each other: offsets take part in transactions, and markers reach
 * offsets.
 */
export class Coordinators {
  readonly groups: GroupCoordinator;
  /** Also what partitions ask before a transactional append. */
  readonly transactions: TransactionCoordinator;

  readonly share: ShareCoordinator;

  constructor(options: CoordinatorsOptions) {
    const { platform, logs } = options;
    this.transactions = new TransactionCoordinator({
      platform,
      logs,
      producerIdBlocks: options.producerIdBlocks,
      config: options.transactionConfig,
      isEndTransactionEpochAccepted: options.isEndTransactionEpochAccepted,
      markers: {
        write: (marker, partitions) => this.#writeMarkers(options.markers, marker, partitions),
      },
    });
    this.share = new ShareCoordinator({
      platform,
      logs,
      topics: options.topics,
      config: options.shareConfig,
    });
    this.groups = new GroupCoordinator({
      platform,
      logs,
      configs: options.groupConfigs,
      groupsMax: options.groupsMax,
      topics: options.topics,
      verifier: this.transactions,
      share: this.share,
      latestOffset: options.latestOffset,
    });
  }

  /** Reads their topics; what a crash left unfinished goes on. */
  start(): void {
    this.share.start();
    this.groups.start();
    this.transactions.start();
  }

  /** Stops all timers; requests from now on are refused. Calling twice is fine. */
  close(): void {
    this.groups.close();
    this.share.close();
    this.transactions.close();
  }

  /** A topic is gone, and so is what groups have of it. */
  async topicDeleted(topic: DeletedTopic): Promise<void> {
    await this.groups.topicDeleted(topic);
    await this.share.topicDeleted(topic.topicId);
  }

  /** A marker for committed offsets goes through the groups, which decide the offsets by it. */
  async #writeMarkers(
    users: MarkerWriter,
    marker: TransactionMarker,
    partitions: readonly TopicPartition[],
  ): Promise<readonly MarkerOutcome[]> {
    const isOffsets = ({ topic }: TopicPartition) => topic === "__consumer_offsets";
    const others = users.write(
      marker,
      partitions.filter((partition) => !isOffsets(partition)),
    );
    const offsets = Promise.all(
      partitions
        .filter(isOffsets)
        .map(({ partition }) => this.groups.completeTransaction(partition, marker)),
    );
    const [otherOutcomes, offsetOutcomes] = [await others, await offsets];
    let otherIndex = 0;
    let offsetIndex = 0;
    return partitions.map((partition) =>
      isOffsets(partition) ? offsetOutcomes[offsetIndex++] : otherOutcomes[otherIndex++],
    );
  }
}
