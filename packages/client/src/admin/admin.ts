import type {
  ClusterAdmin,
  ClusterDescription,
  NewTopic,
  OffsetAndMetadata,
  TopicDescription,
  TopicResult,
} from "@millrace/cluster";
import type { Offset, TopicPartition } from "@millrace/model";
import { listOffsetsOptions, wantedOffsets } from "../argument-kinds.ts";
import { checkArguments } from "../arguments.ts";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { createAcls, deleteAcls, describeAcls, type Acl, type AclFilter } from "./acls.ts";
import { adminLinks, type AdminLinks } from "./admin-links.ts";
import {
  alterClientQuotas,
  describeClientQuotas,
  type ClientQuota,
  type ClientQuotaChange,
  type QuotaEntity,
} from "./client-quotas.ts";
import {
  alterConfigs,
  describeConfigs,
  type ConfigChange,
  type ConfigDescription,
  type ConfigResource,
} from "./configs.ts";
import {
  createDelegationToken,
  describeDelegationTokens,
  expireDelegationToken,
  renewDelegationToken,
  type DelegationToken,
  type NewDelegationToken,
  type TokenEnd,
} from "./delegation-tokens.ts";
import { deleteRecords } from "./delete-records.ts";
import { describeGroup } from "./describe-group.ts";
import { describeCluster, describeTopics, listTopics } from "./describe-topics.ts";
import type { GroupDescription } from "./group-description.ts";
import {
  alterGroupOffsets,
  deleteGroup,
  groupOffsets,
  listGroups,
  type GroupListing,
} from "./groups.ts";
import {
  listOffsets,
  type FoundOffset,
  type IsolationLevel,
  type WantedOffset,
} from "./list-offsets.ts";
import { describeLogDirectories, type LogDirectoryDescription } from "./log-directories.ts";
import { removeMembers, type MemberToRemove } from "./remove-members.ts";
import {
  alterScramUsers,
  describeScramUsers,
  type ScramDeletion,
  type ScramUpsertion,
  type ScramUser,
} from "./scram-credentials.ts";
import { createPartitions, createTopics, deleteTopics } from "./topics.ts";
import {
  abortTransaction,
  describeProducers,
  describeTransaction,
  listTransactions,
  type ProducerState,
  type TransactionDescription,
  type TransactionListing,
  type TransactionToAbort,
} from "./transactions.ts";

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
  readonly #links: AdminLinks;

  constructor(context: ClientContext) {
    this.#context = context;
    this.#lane = context.openLane();
    this.#links = adminLinks(context, this.#lane);
  }

  async describeCluster(signal?: AbortSignal): Promise<ClusterDescription> {
    return describeCluster(this.#context, signal);
  }

  async describeTopics(
    topics: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, TopicDescription>> {
    return describeTopics(this.#context, topics, signal);
  }

  async listTopics(signal?: AbortSignal): Promise<readonly TopicDescription[]> {
    return listTopics(this.#context, signal);
  }

  async createTopics(
    topics: readonly NewTopic[],
    signal?: AbortSignal,
  ): Promise<readonly TopicResult[]> {
    return createTopics(this.#context, this.#links.controller, topics, signal);
  }

  /** Raises the numbers of partitions (Kafka: `createPartitions`). One result per topic, in order. */
  async createPartitions(
    topics: readonly { readonly name: string; readonly partitionCount: number }[],
    signal?: AbortSignal,
  ): Promise<readonly TopicResult[]> {
    return createPartitions(this.#context, this.#links.controller, topics, signal);
  }

  async deleteTopics(
    topics: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly TopicResult[]> {
    return deleteTopics(this.#context, this.#links.controller, topics, signal);
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
    return deleteRecords(this.#context, this.#lane, offsets, signal);
  }

  /** Groups of all kinds (Kafka: `listConsumerGroups`). */
  async listGroups(signal?: AbortSignal): Promise<readonly GroupListing[]> {
    return listGroups(this.#context, this.#lane, signal);
  }

  /** @throws KafkaError `GROUP_ID_NOT_FOUND` */
  async describeGroup(groupId: string, signal?: AbortSignal): Promise<GroupDescription> {
    return describeGroup(this.#context, this.#lane, { groupId, signal });
  }

  /** Forgets a group and its offsets. @throws KafkaError `NON_EMPTY_GROUP`, `GROUP_ID_NOT_FOUND` */
  async deleteGroup(groupId: string, signal?: AbortSignal): Promise<void> {
    return deleteGroup(this.#context, this.#lane, { groupId, signal });
  }

  /**
   * Puts members out of a group, such as those that were killed and whose session lasts for long (Kafka:
   * `removeMembersFromConsumerGroup`). One that runs is fenced, and joins again.
   *
   * @example
   * const { members } = await client.admin.describeGroup("billing");
   * await client.admin.removeMembers("billing", members);
   */
  async removeMembers(
    groupId: string,
    members: readonly MemberToRemove[],
    signal?: AbortSignal,
  ): Promise<void> {
    return removeMembers(this.#context, this.#lane, { groupId, members, signal });
  }

  /** All offsets that a group has committed (Kafka: `listConsumerGroupOffsets`). */
  async groupOffsets(groupId: string, signal?: AbortSignal): Promise<readonly OffsetAndMetadata[]> {
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
    return alterGroupOffsets(this.#context, this.#lane, { groupId, offsets, signal });
  }

  /**
   * All configs of topics, brokers, groups and client metrics, with where they come from (Kafka: `describeConfigs`).
   *
   * @example
   * const [orders] = await client.admin.describeConfigs([{ kind: "topic", name: "orders" }]);
   * console.log(orders.configs.find(({ name }) => name === "retention.ms")?.value);
   * @throws KafkaError of the first one that is refused, such as `UNKNOWN_TOPIC_OR_PARTITION`
   */
  async describeConfigs(
    resources: readonly ConfigResource[],
    signal?: AbortSignal,
  ): Promise<readonly ConfigDescription[]> {
    return describeConfigs(this.#context, this.#links, resources, signal);
  }

  /**
   * Changes configs, and leaves those that are not named as they are (Kafka: `incrementalAlterConfigs`).
   *
   * @example
   * await client.admin.alterConfigs([
   *   { kind: "topic", name: "orders", set: { "retention.ms": "86400000" }, remove: ["segment.ms"] },
   * ]);
   * @throws KafkaError of the first one that is refused, such as `INVALID_CONFIG`
   */
  async alterConfigs(
    changes: readonly ConfigChange[],
    options: { readonly validateOnly?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    return alterConfigs(this.#context, this.#links, changes, options);
  }

  /** Rules that the filter finds; `{}` finds all. @throws KafkaError `SECURITY_DISABLED` without an authorizer */
  async describeAcls(filter: AclFilter, signal?: AbortSignal): Promise<readonly Acl[]> {
    return describeAcls(this.#context, this.#links, filter, signal);
  }

  /**
   * Adds rules; one that is there already is fine.
   *
   * @example
   * await client.admin.createAcls([{
   *   resource: "topic", name: "shop-", pattern: "prefixed", principal: "User:shop", host: "*",
   *   operation: "all", permission: "allow",
   * }]);
   */
  async createAcls(acls: readonly Acl[], signal?: AbortSignal): Promise<void> {
    return createAcls(this.#context, this.#links, acls, signal);
  }

  /** Deletes what any of the filters finds, and gives it. */
  async deleteAcls(filters: readonly AclFilter[], signal?: AbortSignal): Promise<readonly Acl[]> {
    return deleteAcls(this.#context, this.#links, filters, signal);
  }

  /**
   * Users with SCRAM credentials.
   *
   * @param users null: all; who has no credential is left out
   */
  async describeUserScramCredentials(
    users: readonly string[] | null,
    signal?: AbortSignal,
  ): Promise<readonly ScramUser[]> {
    return describeScramUsers(this.#context, this.#links, users, signal);
  }

  /**
   * Adds, changes and deletes SCRAM credentials, one of a user at a time.
   *
   * @example
   * await client.admin.alterUserScramCredentials({
   *   upsertions: [{ user: "ann", mechanism: "SCRAM-SHA-512", password: "her-secret" }],
   *   deletions: [],
   * });
   */
  async alterUserScramCredentials(
    changes: {
      readonly upsertions: readonly ScramUpsertion[];
      readonly deletions: readonly ScramDeletion[];
    },
    signal?: AbortSignal,
  ): Promise<void> {
    return alterScramUsers(this.#context, this.#links, changes, signal);
  }

  /**
   * A token that lets its owner in by SCRAM (KIP-48). The cluster gives none to who has come in by one.
   *
   * @example
   * const { tokenId, hmac } = await client.admin.createDelegationToken({ renewers: ["User:bob"] });
   * connect(platform, {
   *   bootstrapServers: "kafka-1:9093",
   *   sasl: { mechanism: "SCRAM-SHA-512", username: tokenId, password: hmac, isDelegationToken: true },
   * });
   */
  async createDelegationToken(
    token: NewDelegationToken = {},
    signal?: AbortSignal,
  ): Promise<DelegationToken> {
    return createDelegationToken(this.#context, this.#links, token, signal);
  }

  /** @param owners such as `User:ann`; null: all that whoever asks may see */
  async describeDelegationTokens(
    owners: readonly string[] | null,
    signal?: AbortSignal,
  ): Promise<readonly DelegationToken[]> {
    return describeDelegationTokens(this.#context, this.#links, owners, signal);
  }

  /** A token ends later: owner and renewers may say so. Gives when. */
  async renewDelegationToken(renewal: TokenEnd, signal?: AbortSignal): Promise<number> {
    return renewDelegationToken(this.#context, this.#links, renewal, signal);
  }

  /** A token ends after a time, or without one at once, and is forgotten. Gives when. */
  async expireDelegationToken(end: TokenEnd, signal?: AbortSignal): Promise<number> {
    return expireDelegationToken(this.#context, this.#links, end, signal);
  }

  /** Quotas of all entities that have the parts given; `{}` finds all. */
  async describeClientQuotas(
    entity: QuotaEntity,
    signal?: AbortSignal,
  ): Promise<readonly ClientQuota[]> {
    return describeClientQuotas(this.#context, this.#links, entity, signal);
  }

  /**
   * Sets and removes quotas.
   *
   * @example
   * await client.admin.alterClientQuotas([
   *   { entity: { user: "ann" }, set: { producer_byte_rate: 1_048_576 } },
   * ]);
   */
  async alterClientQuotas(
    changes: readonly ClientQuotaChange[],
    signal?: AbortSignal,
  ): Promise<void> {
    return alterClientQuotas(this.#context, this.#links, changes, signal);
  }

  /** Transactional ids that the cluster knows. */
  async listTransactions(signal?: AbortSignal): Promise<readonly TransactionListing[]> {
    return listTransactions(this.#context, { lane: this.#lane, signal });
  }

  /** @throws KafkaError `TRANSACTIONAL_ID_NOT_FOUND` */
  async describeTransaction(
    transactionalId: string,
    signal?: AbortSignal,
  ): Promise<TransactionDescription> {
    return describeTransaction(this.#context, { lane: this.#lane, signal }, transactionalId);
  }

  /** Producers that a partition knows, and where their transactions begin that are under way. */
  async describeProducers(
    partition: TopicPartition,
    signal?: AbortSignal,
  ): Promise<readonly ProducerState[]> {
    return describeProducers(this.#context, { lane: this.#lane, signal }, partition);
  }

  /** Folders of all brokers, and the sizes of partitions in them (Kafka: `describeLogDirs`). */
  async describeLogDirectories(signal?: AbortSignal): Promise<readonly LogDirectoryDescription[]> {
    return describeLogDirectories(this.#context, this.#lane, signal);
  }

  /** Ends a transaction in one partition that no coordinator will end any more (Kafka: a hanging one). */
  async abortTransaction(transaction: TransactionToAbort, signal?: AbortSignal): Promise<void> {
    return abortTransaction(this.#context, { lane: this.#lane, signal }, transaction);
  }

  close(): void {
    this.#lane.close();
  }
}
