import type { Platform } from "@millrace/platform";
import type { CoordinatorLogs, TransactionMarker } from "../coordinator-log.ts";
import { CoordinatorLogError } from "../coordinator-log-error.ts";
import type { CoordinatorRecord } from "../coordinator-record.ts";
import { errorCode } from "../error-code.ts";
import type { MarkerOutcome } from "../marker-writer.ts";
import { ShardRuntime } from "../shard-runtime.ts";
import type { VersionedTopics } from "../topic-lookup.ts";
import type { TransactionVerifier } from "../transaction-verifier.ts";
import { ClassicGroups } from "./classic/classic-groups.ts";
import { ConsumerGroups } from "./consumer/consumer-groups.ts";
import { deleteGroup } from "./delete-group.ts";
import { GroupBound } from "./group-bound.ts";
import { GroupCalls } from "./group-calls.ts";
import type { GroupConfigs } from "./group-config.ts";
import { groupRecords, GroupShard } from "./group-shard.ts";
import { GroupTimers } from "./group-timers.ts";
import { type GroupListing, listGroups } from "./list-groups.ts";
import { CommittedOffsets } from "./offsets/committed-offsets.ts";
import { deleteOffsetsOfTopic } from "./offsets/delete-offsets.ts";
import { GroupOffsets } from "./offsets/group-offsets.ts";
import { ShareGroups, type ShareGroupsOptions } from "./share/share-groups.ts";
import { forgetTopic } from "./share/share-offsets.ts";
import { StreamsGroups } from "./streams/streams-groups.ts";

export interface GroupCoordinatorOptions {
  readonly platform: Platform;
  readonly logs: CoordinatorLogs;
  readonly configs: GroupConfigs;
  readonly topics: VersionedTopics;
  /** Of all kinds, in all partitions. */
  readonly groupsMax: number;
  /** Asked before offsets are committed in a transaction. */
  readonly verifier: TransactionVerifier;
  readonly share: ShareGroupsOptions["share"];
  readonly latestOffset: ShareGroupsOptions["latestOffset"];
}

export interface DeletedTopic {
  readonly name: string;
  readonly topicId: string;
}

/** Groups and committed offsets (Kafka: `GroupCoordinatorService`): what is asked of all, whatever their protocol. No call rejects. */
export class GroupCoordinator {
  readonly classic: ClassicGroups;
  readonly consumer: ConsumerGroups;
  readonly streams: StreamsGroups;
  readonly share: ShareGroups;
  readonly offsets: GroupOffsets;
  readonly #calls: GroupCalls;
  readonly #runtime: ShardRuntime<CoordinatorRecord, GroupShard>;

  constructor(options: GroupCoordinatorOptions) {
    const { platform, configs, topics, share, latestOffset } = options;
    const bound = new GroupBound(options.groupsMax, platform);
    const runtime = new ShardRuntime<CoordinatorRecord, GroupShard>({
      topic: "__consumer_offsets",
      logs: options.logs,
      codec: groupRecords,
      platform,
      createShard: (partition, timers) =>
        new GroupShard({
          clock: platform.clock,
          random: platform.random,
          timers: new GroupTimers(timers),
          topics,
          ...bound.groupsOf(partition),
          offsets: new CommittedOffsets(),
          configs,
          codeOfFailure: (failure) => this.#calls.codeOf(failure),
        }),
    });
    const calls = new GroupCalls({ platform, runtime, bound });
    this.#runtime = runtime;
    this.#calls = calls;
    this.classic = new ClassicGroups(calls, configs.classic);
    this.consumer = new ConsumerGroups(calls, configs);
    this.streams = new StreamsGroups(calls);
    this.share = new ShareGroups(calls, { timers: platform.timers, share, topics, latestOffset });
    this.offsets = new GroupOffsets(calls, { platform, runtime, verifier: options.verifier });
  }

  /** Loads all groups: their members' sessions run from now on. */
  start(): void {
    this.#runtime.loadExisting();
  }

  close(): void {
    this.#runtime.close();
  }

  /** Partition of `__consumer_offsets` that holds a group. */
  partitionOf(groupId: string): number {
    return this.#calls.partitionOf(groupId);
  }

  /** All groups, or an error code. */
  list(): Promise<readonly GroupListing[] | number> {
    return this.#calls.readAllOrCode(listGroups);
  }

  /** Gives an error code. */
  async delete(groupId: string): Promise<number> {
    const code = await this.share.deleteStates(groupId);
    if (code !== errorCode.none) return code;
    return this.#calls.writeOrCode(groupId, (world) => deleteGroup(world, groupId));
  }

  /** A topic was deleted: what groups have committed for it is forgotten. */
  async topicDeleted({ name, topicId }: DeletedTopic): Promise<void> {
    try {
      await this.#runtime.writeAll(({ world }) => ({
        records: [
          ...deleteOffsetsOfTopic(world, name).records,
          ...forgetTopic(world, topicId).records,
        ],
        response: undefined,
      }));
    } catch (failure) {
      this.#calls.codeOf(failure);
    }
  }

  /** Ends a producer's transaction in one partition of `__consumer_offsets`. */
  async completeTransaction(partition: number, marker: TransactionMarker): Promise<MarkerOutcome> {
    try {
      await this.#runtime.completeTransaction(partition, marker);
      return "written";
    } catch (failure) {
      const isFenced = failure instanceof CoordinatorLogError && failure.code === "PRODUCER_FENCED";
      return isFenced ? "fenced" : "failed";
    }
  }
}
