import type {
  ClusterAdmin,
  ClusterDescription,
  NewTopic,
  OffsetAndMetadata,
  TopicDescription,
  TopicResult,
} from "@millrace/cluster";
import type { Offset, TopicPartition } from "@millrace/model";
import { KafkaError } from "@millrace/protocol";
import { deleteRecordsApi, type MetadataResponse } from "@millrace/protocol/definitions";
import {
  deletionOffsets,
  groupName,
  listOffsetsOptions,
  newTopics,
  offsetsToCommit,
  topicNames,
  topicsToGrow,
  wantedOffsets,
} from "../argument-kinds.ts";
import { checkArguments } from "../arguments.ts";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane, LaneLink } from "../connection/broker-lane.ts";
import { throwIfError, topicErrorOf } from "../connection/cluster-error-of.ts";
import {
  alterGroupOffsets,
  deleteGroup,
  describeGroup,
  groupOffsets,
  listGroups,
  type GroupDescription,
  type GroupListing,
} from "./groups.ts";
import {
  groupByLeader,
  listOffsets,
  type FoundOffset,
  type IsolationLevel,
  type WantedOffset,
} from "./list-offsets.ts";
import { createPartitions, createTopics, deleteTopics, topicDescriptionOf } from "./topics.ts";

/**
 * What a program asks of a cluster beside records (Kafka: `Admin`). One object per client, at
 * `client.admin`. Every method rejects with the ClusterError `INVALID_ARGUMENT` for what it does not take.
 *
 * @example
 * await client.admin.createTopics([{ name: "orders", partitionCount: 4 }]);
 * console.log(await client.admin.listTopics());
 */
export class Admin implements ClusterAdmin {
  readonly #context: ClientContext;
  readonly #lane: BrokerLane;

  constructor(context: ClientContext) {
    this.#context = context;
    this.#lane = context.openLane();
  }

  async describeCluster(signal?: AbortSignal): Promise<ClusterDescription> {
    checkArguments("admin.describeCluster", {}, signal);
    const answer = await this.#ask([], signal);
    return {
      clusterId: answer.clusterId ?? "",
      brokers: answer.brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port })),
    };
  }

  async describeTopics(
    topics: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, TopicDescription>> {
    checkArguments("admin.describeTopics", { topics: [topicNames, topics] }, signal);
    const answer = await this.#ask(topics, signal);
    const descriptions = new Map<string, TopicDescription>();
    for (const topic of answer.topics) {
      if (topic.name === null) continue;
      const error = topic.errorCode === 0 ? undefined : KafkaError.of(topic.errorCode);
      if (error === undefined) descriptions.set(topic.name, topicDescriptionOf(topic));
      else if (error.code !== "UNKNOWN_TOPIC_OR_PARTITION") throw topicErrorOf(topic.name, error);
    }
    return descriptions;
  }

  async listTopics(signal?: AbortSignal): Promise<readonly TopicDescription[]> {
    checkArguments("admin.listTopics", {}, signal);
    const answer = await this.#ask(null, signal);
    return answer.topics.filter(({ errorCode }) => errorCode === 0).map(topicDescriptionOf);
  }

  async createTopics(
    topics: readonly NewTopic[],
    signal?: AbortSignal,
  ): Promise<readonly TopicResult[]> {
    checkArguments("admin.createTopics", { topics: [newTopics, topics] }, signal);
    return createTopics(this.#context, () => this.#controller(), topics, signal);
  }

  /** Raises the numbers of partitions (Kafka: `createPartitions`). One result per topic, in order. */
  async createPartitions(
    topics: readonly { readonly name: string; readonly partitionCount: number }[],
    signal?: AbortSignal,
  ): Promise<readonly TopicResult[]> {
    checkArguments("admin.createPartitions", { topics: [topicsToGrow, topics] }, signal);
    return createPartitions(this.#context, () => this.#controller(), topics, signal);
  }

  async deleteTopics(
    topics: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly TopicResult[]> {
    checkArguments("admin.deleteTopics", { topics: [topicNames, topics] }, signal);
    return deleteTopics(this.#context, () => this.#controller(), topics, signal);
  }

  async listOffsets(
    partitions: readonly WantedOffset[],
    options: { readonly isolation?: IsolationLevel; readonly signal?: AbortSignal } = {},
  ): Promise<readonly FoundOffset[]> {
    checkArguments("admin.listOffsets", {
      partitions: [wantedOffsets, partitions],
      options: [listOffsetsOptions, options],
    });
    const { isolation = "read_uncommitted", signal } = options;
    return listOffsets(this.#context, this.#lane, partitions, { isolation, signal });
  }

  async deleteRecords(
    offsets: readonly (TopicPartition & { readonly offset: Offset })[],
    signal?: AbortSignal,
  ): Promise<void> {
    checkArguments("admin.deleteRecords", { offsets: [deletionOffsets, offsets] }, signal);
    if (offsets.length === 0) return;
    const context = this.#context;
    const timeoutMs = context.options.requestTimeoutMs;
    await context.retry("DeleteRecords", { signal }, async () => {
      await context.knowPartitions(offsets, signal);
      try {
        for (const [leaderId, own] of groupByLeader(context, offsets)) {
          const answer = await this.#lane.link(leaderId).call({
            api: deleteRecordsApi,
            body: () => ({
              topics: [...Map.groupBy(own, ({ topic }) => topic)].map(([name, partitions]) => ({
                name,
                partitions: partitions.map(({ partition, offset }) => ({
                  partitionIndex: partition,
                  offset,
                })),
              })),
              timeoutMs,
            }),
          });
          for (const { partitions } of answer.topics)
            for (const { errorCode } of partitions) throwIfError(errorCode);
        }
      } catch (error) {
        await context.metadata.refresh();
        throw error;
      }
    });
  }

  /** Groups of all kinds (Kafka: `listConsumerGroups`). */
  async listGroups(signal?: AbortSignal): Promise<readonly GroupListing[]> {
    checkArguments("admin.listGroups", {}, signal);
    return listGroups(this.#context, this.#lane, signal);
  }

  /** @throws KafkaError `GROUP_ID_NOT_FOUND` */
  async describeGroup(groupId: string, signal?: AbortSignal): Promise<GroupDescription> {
    checkArguments("admin.describeGroup", { groupId: [groupName, groupId] }, signal);
    return describeGroup(this.#context, this.#lane, { groupId, signal });
  }

  /** Forgets a group and its offsets. @throws KafkaError `NON_EMPTY_GROUP`, `GROUP_ID_NOT_FOUND` */
  async deleteGroup(groupId: string, signal?: AbortSignal): Promise<void> {
    checkArguments("admin.deleteGroup", { groupId: [groupName, groupId] }, signal);
    return deleteGroup(this.#context, this.#lane, { groupId, signal });
  }

  /** All offsets that a group has committed (Kafka: `listConsumerGroupOffsets`). */
  async groupOffsets(groupId: string, signal?: AbortSignal): Promise<readonly OffsetAndMetadata[]> {
    checkArguments("admin.groupOffsets", { groupId: [groupName, groupId] }, signal);
    return groupOffsets(this.#context, this.#lane, { groupId, signal });
  }

  /**
   * Moves a group that has no members (Kafka: `alterConsumerGroupOffsets`).
   *
   * @throws ClusterError `COMMIT_FENCED`, or KafkaError: the group has members
   */
  async alterGroupOffsets(
    groupId: string,
    offsets: readonly OffsetAndMetadata[],
    signal?: AbortSignal,
  ): Promise<void> {
    checkArguments(
      "admin.alterGroupOffsets",
      { groupId: [groupName, groupId], offsets: [offsetsToCommit, offsets] },
      signal,
    );
    return alterGroupOffsets(this.#context, this.#lane, { groupId, offsets, signal });
  }

  close(): void {
    this.#lane.close();
  }

  #ask(topics: readonly string[] | null, signal?: AbortSignal): Promise<MetadataResponse> {
    return this.#context.retry("Metadata", { signal }, () => this.#context.metadata.ask(topics));
  }

  /** Any broker passes such requests on to the controller; older clusters want the controller itself. */
  async #controller(): Promise<LaneLink> {
    const { metadata } = this.#context;
    await metadata.refresh();
    const { controllerId, brokers } = metadata;
    const nodeId = brokers.has(controllerId) ? controllerId : brokers.keys().next().value;
    return this.#lane.link(nodeId ?? -1);
  }
}
