import type { ErrorName } from "@millrace/protocol";
import type { CreateTopicsRequest } from "@millrace/protocol/definitions";
import type { Platform } from "@millrace/platform";
import type { BrokerConfig } from "../config/broker-config.ts";
import { ConfigError } from "../config/config-error.ts";
import { checkTopicProperties } from "../config/topic-config.ts";
import type { MetadataImage } from "./metadata-image.ts";
import type { MetadataRecord } from "./metadata-record.ts";
import { randomUuid } from "./random-uuid.ts";
import type { TopicImage } from "./topic-image.ts";
import { topicNameFault } from "./topic-name.ts";

export type NewTopic = CreateTopicsRequest["topics"][number];

export type CreateTopicOutcome =
  | { readonly kind: "created"; readonly topic: TopicImage }
  | {
      readonly kind: "refused";
      readonly name: string;
      readonly error: ErrorName;
      readonly message: string;
    };

/** What a plan depends on. */
export interface TopicPlanner {
  readonly platform: Platform;
  readonly config: BrokerConfig;
  readonly cluster: { readonly nodeId: number };
}

/** Most partitions of one topic. */
const partitionCountMax = 10_000;

/** What becomes of a topic that is asked for, and why not. */
export function planTopic(
  services: TopicPlanner,
  image: MetadataImage,
  topic: NewTopic,
): CreateTopicOutcome {
  const refused = (error: ErrorName, message: string): CreateTopicOutcome => ({
    kind: "refused",
    name: topic.name,
    error,
    message,
  });
  if (image.topic(topic.name) !== undefined)
    return refused("TOPIC_ALREADY_EXISTS", `Topic '${topic.name}' already exists.`);
  const fault = topicNameFault(topic.name);
  if (fault !== undefined) return refused("INVALID_TOPIC_EXCEPTION", fault);
  const collision = image.collidingTopic(topic.name);
  if (collision !== undefined)
    return refused(
      "INVALID_TOPIC_EXCEPTION",
      `Topic '${topic.name}' collides with existing topic: ${collision}`,
    );
  const properties = new Map<string, string>();
  const unset = topic.configs.filter(({ value }) => value === null).map(({ name }) => name);
  if (unset.length > 0)
    return refused(
      "INVALID_CONFIG",
      `Null value not supported for topic configs: ${unset.join(",")}`,
    );
  for (const { name, value } of topic.configs) properties.set(name, value ?? "");
  try {
    checkTopicProperties(properties);
  } catch (error) {
    if (error instanceof ConfigError) return refused("INVALID_CONFIG", error.message);
    throw error;
  }
  const size = partitionCountOf(services, topic);
  if (typeof size !== "number") return refused(...size);
  const topicId = randomUuid(services.platform.random);
  return {
    kind: "created",
    topic: { name: topic.name, topicId, partitionCount: size, properties },
  };
}

/** How many partitions, or why not. */
function partitionCountOf(
  services: TopicPlanner,
  topic: NewTopic,
): number | readonly [ErrorName, string] {
  if (topic.assignments.length > 0) return assignedCount(services.cluster.nodeId, topic);
  const { numPartitions, replicationFactor } = topic;
  if (replicationFactor < -1 || replicationFactor === 0)
    return [
      "INVALID_REPLICATION_FACTOR",
      "Replication factor must be larger than 0, or -1 to use the default value.",
    ];
  if (numPartitions < -1 || numPartitions === 0)
    return ["INVALID_PARTITIONS", "Number of partitions was set to an invalid non-positive value."];
  const replicas =
    replicationFactor === -1
      ? services.config.number("default.replication.factor")
      : replicationFactor;
  if (replicas > 1)
    return [
      "INVALID_REPLICATION_FACTOR",
      `Unable to replicate the partition ${replicas} time(s): The target replication factor of ${replicas} cannot be reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned.`,
    ];
  const count = numPartitions === -1 ? services.config.number("num.partitions") : numPartitions;
  if (count > partitionCountMax)
    return ["POLICY_VIOLATION", "Excessively large number of partitions per request."];
  return count;
}

function assignedCount(nodeId: number, topic: NewTopic): number | readonly [ErrorName, string] {
  const given = "A manual partition assignment was specified, but";
  if (topic.replicationFactor !== -1)
    return ["INVALID_REQUEST", `${given} replication factor was not set to -1.`];
  if (topic.numPartitions !== -1)
    return ["INVALID_REQUEST", `${given} numPartitions was not set to -1.`];
  const partitions = new Set<number>();
  for (const { partitionIndex, brokerIds } of topic.assignments) {
    const fault = assignmentFault(nodeId, brokerIds);
    if (partitions.has(partitionIndex) || fault !== undefined)
      return [
        "INVALID_REPLICA_ASSIGNMENT",
        fault ?? `Found multiple manual partition assignments for partition ${partitionIndex}`,
      ];
    partitions.add(partitionIndex);
  }
  for (let partition = 0; partition < partitions.size; partition++)
    if (!partitions.has(partition))
      return [
        "INVALID_REPLICA_ASSIGNMENT",
        "partitions should be a consecutive 0-based integer sequence",
      ];
  return partitions.size;
}

/** What is wrong with the brokers given for a partition; the one broker there is must stand there alone. */
export function assignmentFault(nodeId: number, brokerIds: readonly number[]): string | undefined {
  if (brokerIds.length === 0)
    return "The manual partition assignment includes an empty replica list.";
  const sorted = brokerIds.toSorted((left, right) => left - right);
  for (const [index, id] of sorted.entries()) {
    if (id !== nodeId)
      return `The manual partition assignment includes broker ${id}, but no such broker is registered.`;
    if (index > 0)
      return `The manual partition assignment includes the broker ${id} more than once.`;
  }
  return undefined;
}

/** What the metadata say of a new topic. */
export function recordsOfTopic(
  topic: TopicImage,
  nodeId: number,
  leaderEpoch: number,
): MetadataRecord[] {
  const { name, topicId, partitionCount, properties } = topic;
  const records: MetadataRecord[] = [{ kind: "topic", value: { name, topicId } }];
  for (const [property, value] of properties)
    records.push({
      kind: "config",
      value: { resourceType: 2, resourceName: name, name: property, value },
    });
  for (let partitionId = 0; partitionId < partitionCount; partitionId++)
    records.push(newPartition(nodeId, leaderEpoch, topicId, partitionId));
  return records;
}

/** The record of a partition that begins its life on the one broker. */
export function newPartition(
  nodeId: number,
  leaderEpoch: number,
  topicId: string,
  partitionId: number,
): MetadataRecord {
  return {
    kind: "partition",
    value: {
      partitionId,
      topicId,
      replicas: [nodeId],
      isr: [nodeId],
      removingReplicas: [],
      addingReplicas: [],
      leader: nodeId,
      leaderEpoch,
      partitionEpoch: 0,
      directories: [],
    },
  };
}
