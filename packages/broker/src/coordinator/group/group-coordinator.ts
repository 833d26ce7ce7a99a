import type { Platform } from "@millrace/platform";
import type {
  ConsumerGroupHeartbeatRequest,
  StreamsGroupHeartbeatRequest,
} from "@millrace/protocol/definitions";
import type { CoordinatorLogs, ProducerIdentity, TransactionMarker } from "../coordinator-log.ts";
import { CoordinatorLogError } from "../coordinator-log-error.ts";
import { errorCode } from "../error-code.ts";
import { codeOfFailure } from "../failure-code.ts";
import { partitionOfKey } from "../key-partition.ts";
import type { MarkerOutcome } from "../marker-writer.ts";
import type { CoordinatorRecord } from "../coordinator-record.ts";
import { ShardRuntime } from "../shard-runtime.ts";
import type { VersionedTopics } from "../topic-lookup.ts";
import type { TransactionOperation, TransactionVerifier } from "../transaction-verifier.ts";
import { commitOffsets, type CommitOffsetsRequest } from "./offsets/commit-offsets.ts";
import { CommittedOffsets, type CommittedOffset } from "./offsets/committed-offsets.ts";
import { deleteGroup } from "./delete-group.ts";
import { deleteOffsets, deleteOffsetsOfTopic } from "./offsets/delete-offsets.ts";
import { describeGroup, type GroupDescription } from "./classic/describe-group.ts";
import { expireOffsets } from "./offsets/expire-offsets.ts";
import {
  fetchOffsets,
  type FetchedOffset,
  type FetchOffsetsRequest,
} from "./offsets/fetch-offsets.ts";
import { classicGroup } from "./classic/find-group.ts";
import { GroupBound } from "./group-bound.ts";
import type { GroupConfigs } from "./group-config.ts";
import {
  joinRefused,
  syncRefused,
  type JoinGroupAnswer,
  type SyncGroupAnswer,
} from "./classic/group-answers.ts";
import { groupRecords, GroupShard } from "./group-shard.ts";
import { GroupTimers } from "./group-timers.ts";
import { notFoundMessage, type Group, type GroupResult, type GroupWorld } from "./group-world.ts";
import type {
  HeartbeatRequest,
  LeavingMember,
  SyncGroupRequest,
} from "./classic/classic-requests.ts";
import { heartbeat } from "./classic/heartbeat.ts";
import { joinGroup } from "./classic/join-group.ts";
import type { JoinGroupRequest } from "./classic/join-request.ts";
import { leaveGroup } from "./classic/leave-group.ts";
import type { OffsetPlace } from "./offsets/offset-table.ts";
import { beatConsumerGroup } from "./beat-consumer-group.ts";
import { checkHeartbeat as checkConsumerHeartbeat } from "./consumer/check-heartbeat.ts";
import { consumerGroup } from "./consumer/consumer-group.ts";
import {
  type ConsumerClient,
  type ConsumerHeartbeatAnswer,
  refusedConsumerHeartbeat,
} from "./consumer/consumer-heartbeat.ts";
import {
  type DescribedConsumerGroup,
  describeConsumerGroup,
  unknownConsumerGroup,
} from "./consumer/describe-consumer-group.ts";
import { beatStreamsGroup } from "./beat-streams-group.ts";
import { forgetTopic } from "./share/share-offsets.ts";
import { ShareGroups, type ShareGroupsOptions } from "./share/share-groups.ts";
import { checkHeartbeat } from "./streams/check-heartbeat.ts";
import {
  type DescribedStreamsGroup,
  describeStreamsGroup,
  unknownStreamsGroup,
} from "./streams/describe-streams-group.ts";
import { GroupRefusal } from "./refusal.ts";
import {
  type HeartbeatClient,
  type HeartbeatOutcome,
  refusedHeartbeat,
} from "./streams/streams-heartbeat.ts";
import { streamsGroup } from "./streams/streams-group.ts";
import { listGroups, type GroupListing } from "./list-groups.ts";
import { syncGroup } from "./classic/sync-group.ts";

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

/** The transaction of a TxnOffsetCommit. */
export interface OffsetTransaction extends ProducerIdentity {
  readonly transactionalId: string;
  readonly operation: TransactionOperation;
}

/** Groups and committed offsets (Kafka: `GroupCoordinatorService`). No call rejects. */
export class GroupCoordinator {
  readonly share: ShareGroups;
  readonly #options: GroupCoordinatorOptions;
  readonly #runtime: ShardRuntime<CoordinatorRecord, GroupShard>;
  readonly #bound: GroupBound;

  constructor(options: GroupCoordinatorOptions) {
    const { platform, configs } = options;
    this.#options = options;
    this.#bound = new GroupBound(options.groupsMax, platform);
    this.#runtime = new ShardRuntime({
      topic: "__consumer_offsets",
      logs: options.logs,
      codec: groupRecords,
      platform,
      createShard: (partition, timers) =>
        new GroupShard({
          clock: platform.clock,
          random: platform.random,
          timers: new GroupTimers(timers),
          topics: options.topics,
          groups: this.#bound.groupsOf(partition),
          offsets: new CommittedOffsets(),
          configs,
          codeOfFailure: (failure) => this.#codeOf(failure),
        }),
    });
    this.share = new ShareGroups({
      ...options,
      write: (groupId, request) =>
        this.#runtime.write(this.partitionOf(groupId), ({ world }) => request(world)),
      requireRoom: (groupId) => this.#requireRoom(groupId),
      timers: platform.timers,
      codeOf: (failure) => this.#codeOf(failure),
    });
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
    return partitionOfKey(groupId, this.#runtime.partitionCount);
  }

  joinGroup(request: JoinGroupRequest): Promise<JoinGroupAnswer> {
    const { sessionTimeoutMs, memberId, groupId } = request;
    const config = this.#options.configs.classic;
    if (groupId === "") return Promise.resolve(joinRefused(errorCode.invalidGroupId, memberId));
    if (
      sessionTimeoutMs < config.sessionTimeoutMsMin ||
      sessionTimeoutMs > config.sessionTimeoutMsMax
    )
      return Promise.resolve(joinRefused(errorCode.invalidSessionTimeout, memberId));
    if (!this.#admits(groupId))
      return Promise.resolve(joinRefused(errorCode.groupMaxSizeReached, memberId));
    return this.#answered(
      groupId,
      (shard, reply) => joinGroup(shard.world, request, reply),
      (code) => joinRefused(code, ""),
    );
  }

  syncGroup(request: SyncGroupRequest): Promise<SyncGroupAnswer> {
    if (request.groupId === "") return Promise.resolve(syncRefused(errorCode.invalidGroupId));
    return this.#answered(
      request.groupId,
      (shard, reply) => syncGroup(shard.world, request, reply),
      syncRefused,
    );
  }

  /** Gives an error code. */
  async heartbeat(request: HeartbeatRequest): Promise<number> {
    if (request.groupId === "") return errorCode.invalidGroupId;
    const code = await this.#read(request.groupId, (shard) => heartbeat(shard.world, request));
    // A member whose group is being read is not to blame.
    return code === errorCode.coordinatorLoadInProgress ? errorCode.none : code;
  }

  /** An error code per member, or one for all. */
  async leaveGroup(
    groupId: string,
    members: readonly LeavingMember[],
  ): Promise<readonly number[] | number> {
    if (groupId === "") return errorCode.invalidGroupId;
    return this.#write(groupId, (shard) => leaveGroup(shard.world, groupId, members));
  }

  /** An error code per offset, or one for all. */
  async commitOffsets(request: CommitOffsetsRequest): Promise<readonly number[] | number> {
    if (!this.#admits(request.groupId)) return errorCode.groupMaxSizeReached;
    return this.#write(request.groupId, (shard) => this.#appendOffsets(shard, request));
  }

  /** An error code per offset, or one for all. They count from the commit of the transaction on. */
  async commitTransactionalOffsets(
    request: CommitOffsetsRequest,
    transaction: OffsetTransaction,
  ): Promise<readonly number[] | number> {
    const { groupId } = request;
    if (groupId === "") return errorCode.invalidGroupId;
    if (!this.#admits(groupId)) return errorCode.groupMaxSizeReached;
    const partition = { topic: "__consumer_offsets", partition: this.partitionOf(groupId) };
    const [refused] = await this.#options.verifier.verify({
      ...transaction,
      partitions: [partition],
    });
    if (refused !== errorCode.none) return refused;
    return this.#write(groupId, (shard) => this.#appendOffsets(shard, request), transaction);
  }

  /** All or some of a group's offsets, or an error code. */
  async fetchOffsets(request: FetchOffsetsRequest): Promise<readonly FetchedOffset[] | number> {
    return this.#read<readonly FetchedOffset[] | number>(request.groupId, (shard) =>
      fetchOffsets(shard.world, request),
    );
  }

  /** All groups, or an error code. */
  async listGroups(): Promise<readonly GroupListing[] | number> {
    try {
      const shards = await this.#runtime.readAll((shard) => listGroups(shard.world));
      return shards.flat();
    } catch (failure) {
      return this.#codeOf(failure);
    }
  }

  /** What all groups have committed, or an error code. */
  async allCommitted(): Promise<readonly (OffsetPlace & CommittedOffset)[] | number> {
    try {
      return (await this.#runtime.readAll((shard) => shard.world.offsets.all())).flat();
    } catch (failure) {
      return this.#codeOf(failure);
    }
  }

  /** A classic group, why there is none, or an error code. */
  async describeGroup(groupId: string): Promise<GroupDescription | GroupRefusal | number> {
    return this.#read<GroupDescription | GroupRefusal | number>(groupId, ({ world }) => {
      const group = classicGroup(world, groupId);
      if (group !== undefined) return describeGroup(group);
      const message = notFoundMessage(world, groupId, "classic");
      return new GroupRefusal(errorCode.groupIdNotFound, message);
    });
  }

  /** Never throws: what is refused stands in the response. */
  async consumerHeartbeat(
    request: ConsumerGroupHeartbeatRequest,
    apiVersion: number,
    client: ConsumerClient,
  ): Promise<ConsumerHeartbeatAnswer> {
    const { groupId } = request;
    try {
      checkConsumerHeartbeat(
        request,
        apiVersion,
        this.#options.configs.consumerOf(groupId).assignors,
      );
      this.#requireRoom(groupId);
      return await this.#runtime.write(this.partitionOf(groupId), ({ world }) =>
        beatConsumerGroup(world, request, client),
      );
    } catch (failure) {
      if (failure instanceof GroupRefusal)
        return refusedConsumerHeartbeat(failure.errorCode, failure.message);
      return refusedConsumerHeartbeat(this.#codeOf(failure));
    }
  }

  async describeConsumerGroup(groupId: string): Promise<DescribedConsumerGroup> {
    if (groupId === "") return unknownConsumerGroup("", errorCode.invalidGroupId);
    const described = await this.#read(groupId, ({ world }) => {
      const group = consumerGroup(world, groupId);
      if (group !== undefined) return describeConsumerGroup(world, group);
      const message = notFoundMessage(world, groupId, "consumer");
      return unknownConsumerGroup(groupId, errorCode.groupIdNotFound, message);
    });
    return typeof described === "number" ? unknownConsumerGroup(groupId, described) : described;
  }

  /** Never throws: what is refused stands in the response. */
  async streamsHeartbeat(
    request: StreamsGroupHeartbeatRequest,
    client: HeartbeatClient,
  ): Promise<HeartbeatOutcome> {
    try {
      checkHeartbeat(request);
      this.#requireRoom(request.groupId);
      return await this.#runtime.write(this.partitionOf(request.groupId), ({ world }) =>
        beatStreamsGroup(world, request, client),
      );
    } catch (failure) {
      if (failure instanceof GroupRefusal)
        return refusedHeartbeat(failure.errorCode, failure.message);
      return refusedHeartbeat(this.#codeOf(failure));
    }
  }

  async describeStreamsGroup(groupId: string): Promise<DescribedStreamsGroup> {
    if (groupId === "") return unknownStreamsGroup("", errorCode.invalidGroupId, null);
    const described = await this.#read(groupId, ({ world }) => {
      const group = streamsGroup(world, groupId);
      if (group !== undefined) return describeStreamsGroup(group);
      const message = notFoundMessage(world, groupId, "streams");
      return unknownStreamsGroup(groupId, errorCode.groupIdNotFound, message);
    });
    return typeof described === "number"
      ? unknownStreamsGroup(groupId, described, null)
      : described;
  }

  /** Gives an error code. */
  async deleteGroup(groupId: string): Promise<number> {
    const code = await this.share.deleteStates(groupId);
    if (code !== errorCode.none) return code;
    return this.#write(groupId, (shard) => deleteGroup(shard.world, groupId));
  }

  /** An error code per offset, or one for all. */
  async deleteOffsets(
    groupId: string,
    places: readonly OffsetPlace[],
  ): Promise<readonly number[] | number> {
    if (groupId === "") return errorCode.invalidGroupId;
    return this.#write<readonly number[] | number>(groupId, (shard) =>
      deleteOffsets(shard.world, groupId, places),
    );
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
      this.#codeOf(failure);
    }
  }

  /** Forgets offsets that have expired, and groups that have nothing left; others have their turn in between. */
  async expireOffsets(signal?: AbortSignal): Promise<void> {
    for (const partition of this.#runtime.loadedPartitions())
      try {
        await this.#expireOffsetsIn(partition, signal);
      } catch (failure) {
        this.#codeOf(failure);
      }
  }

  async #expireOffsetsIn(partition: number, signal: AbortSignal | undefined): Promise<void> {
    const { timers } = this.#options.platform;
    let walk: { readonly world: GroupWorld; readonly groups: Iterator<Group> } | undefined;
    for (let isMore = true; isMore;) {
      isMore = await this.#runtime.write(partition, ({ world }) => {
        // A shard that was lost meanwhile is another one now.
        if (walk?.world !== world) walk = { world, groups: world.groups.values() };
        return expireOffsets(world, walk.groups);
      });
      await timers.yield();
      if (signal?.aborted === true) return;
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

  #admits(groupId: string): boolean {
    return this.#bound.admits(this.partitionOf(groupId), groupId);
  }

  /** @throws GroupRefusal */
  #requireRoom(groupId: string): void {
    if (this.#admits(groupId)) return;
    throw new GroupRefusal(
      errorCode.groupMaxSizeReached,
      `this broker takes ${this.#options.groupsMax} groups; delete some, or start it with more`,
    );
  }

  /**
   * For answers that the group gives when it is ready, which may be before the records are durable,
   * as in Kafka.
   */
  #answered<Answer>(
    groupId: string,
    request: (shard: GroupShard, reply: (answer: Answer) => void) => GroupResult,
    refuse: (code: number) => Answer,
  ): Promise<Answer> {
    return new Promise((resolve) => {
      this.#runtime
        .write(this.partitionOf(groupId), (shard) => request(shard, resolve))
        .catch((failure: unknown) => resolve(refuse(this.#codeOf(failure))));
    });
  }

  /** Crash step C12 lies between the append and the answer. */
  #appendOffsets(
    shard: GroupShard,
    request: CommitOffsetsRequest,
  ): GroupResult<readonly number[] | number> {
    const result = commitOffsets(shard.world, request);
    return { ...result, appended: () => this.#options.platform.probe?.("C12") };
  }

  async #write<Response>(
    groupId: string,
    request: (shard: GroupShard) => GroupResult<Response>,
    producer?: ProducerIdentity,
  ): Promise<Response | number> {
    try {
      return await this.#runtime.write(this.partitionOf(groupId), request, producer);
    } catch (failure) {
      return this.#codeOf(failure);
    }
  }

  async #read<Response>(
    groupId: string,
    request: (shard: GroupShard) => Response,
  ): Promise<Response | number> {
    try {
      return await this.#runtime.read(this.partitionOf(groupId), request);
    } catch (failure) {
      return this.#codeOf(failure);
    }
  }

  #codeOf(failure: unknown): number {
    return codeOfFailure(failure, this.#options.platform.logger);
  }
}
