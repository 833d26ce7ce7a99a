import type { Platform } from "@millrace/platform";
import type { CoordinatorLogs } from "../coordinator-log.ts";
import type { CoordinatorRecord } from "../coordinator-record.ts";
import type { ShardResult } from "../coordinator-shard.ts";
import { codeOfFailure } from "../failure-code.ts";
import { partitionOfKey } from "../key-partition.ts";
import { ShardRuntime } from "../shard-runtime.ts";
import type { TopicLookup } from "../topic-lookup.ts";
import { type SharePartitionKey, shareKeyText } from "./share-partition-key.ts";
import {
  type noShareState,
  type ShareCoordinatorConfig,
  type ShareRefusal,
  shareRecords,
  ShareShard,
  type ShareWrite,
} from "./share-shard.ts";
import type { ShareState } from "./share-state.ts";

export interface ShareCoordinatorOptions {
  readonly platform: Platform;
  readonly logs: CoordinatorLogs;
  readonly topics: TopicLookup;
  readonly config: ShareCoordinatorConfig;
}

/**
 * Keeps how far share groups are with each partition, and what they have released, accepted and rejected behind that
 * (Kafka: `ShareCoordinatorService`). No call rejects.
 */
export class ShareCoordinator {
  readonly #options: ShareCoordinatorOptions;
  readonly #runtime: ShardRuntime<CoordinatorRecord, ShareShard>;

  constructor(options: ShareCoordinatorOptions) {
    const { platform, logs, topics, config } = options;
    this.#options = options;
    this.#runtime = new ShardRuntime({
      topic: "__share_group_state",
      logs,
      codec: shareRecords,
      platform,
      createShard: () => new ShareShard({ clock: platform.clock, config, topics }),
    });
  }

  start(): void {
    this.#runtime.loadExisting();
  }

  /** Calling twice is fine. */
  close(): void {
    this.#runtime.close();
  }

  initialize(
    key: SharePartitionKey,
    state: { readonly stateEpoch: number; readonly startOffset: number },
  ): Promise<ShareRefusal | undefined> {
    return this.#write(key, (shard) => shard.initialize(key, state));
  }

  read(key: SharePartitionKey, leaderEpoch: number): Promise<ShareState | ShareRefusal> {
    return this.#write(key, (shard) => shard.read(key, leaderEpoch));
  }

  write(key: SharePartitionKey, write: ShareWrite): Promise<ShareRefusal | undefined> {
    return this.#write(key, (shard) => shard.write(key, write));
  }

  delete(key: SharePartitionKey): Promise<ShareRefusal | undefined> {
    return this.#write(key, (shard) => shard.delete(key));
  }

  summary(key: SharePartitionKey): Promise<ShareRefusal | typeof noShareState> {
    return this.#write(key, (shard) => ({ records: [], response: shard.summary(key) }));
  }

  async topicDeleted(topicId: string): Promise<void> {
    try {
      await this.#runtime.writeAll((shard) => shard.deleteTopic(topicId));
    } catch (failure) {
      this.#codeOf(failure);
    }
  }

  /** Partitions that change nothing get a snapshot, so that what was written before it can go. */
  async snapshotCold(): Promise<void> {
    await this.#runtime.writeAll((shard) => shard.snapshotCold());
  }

  /** Deletes what snapshots have made superfluous. */
  async prune(): Promise<void> {
    await this.#runtime.forgetAll((shard) => shard.redundantBelow);
  }

  async #write<Response>(
    key: SharePartitionKey,
    request: (shard: ShareShard) => ShardResult<CoordinatorRecord, Response | ShareRefusal>,
  ): Promise<Response | ShareRefusal> {
    try {
      const partition = partitionOfKey(shareKeyText(key), this.#runtime.partitionCount);
      return await this.#runtime.write(partition, request);
    } catch (failure) {
      return { errorCode: this.#codeOf(failure), errorMessage: null };
    }
  }

  #codeOf(failure: unknown): number {
    return codeOfFailure(failure, this.#options.platform.logger);
  }
}
