import type { Platform } from "@millrace/platform";
import type { BrokerConfig } from "../config/broker-config.ts";
import { newPartition } from "./plan-topic.ts";
import { randomUuid } from "./random-uuid.ts";
import { initialFeatureLevels } from "./features.ts";
import type { MetadataImage } from "./metadata-image.ts";
import type { MetadataRecord } from "./metadata-record.ts";
import { resourceTypes } from "./resource-configs.ts";

const minIsr = "min.insync.replicas";

/**
 * What every start writes: that the broker is here once more. The first one also writes what a cluster begins with:
 * feature levels, and the coordinators' topics, whose logs are made when they are first written; a later one adds what
 * the version before did not know.
 */
export function startRecords(
  image: MetadataImage,
  options: {
    readonly platform: Platform;
    readonly config: BrokerConfig;
    readonly nodeId: number;
    readonly leaderEpoch: number;
    readonly directoryId: string;
  },
): readonly MetadataRecord[] {
  const { platform, config, nodeId, leaderEpoch, directoryId } = options;
  const records: MetadataRecord[] = [];
  for (const [name, featureLevel] of initialFeatureLevels)
    if (!image.features.has(name))
      records.push({ kind: "featureLevel", value: { name, featureLevel } });
  // Kafka keeps it as a default of the cluster since eligible leader replicas exist.
  if (!image.configs.of(resourceTypes.BROKER, "").has(minIsr))
    records.push({
      kind: "config",
      value: {
        resourceType: resourceTypes.BROKER,
        resourceName: "",
        name: minIsr,
        value: config.text(minIsr),
      },
    });
  records.push({
    kind: "registerBroker",
    value: {
      brokerId: nodeId,
      incarnationId: randomUuid(platform.random),
      brokerEpoch: image.appliedOffset + 1,
      endPoints: [],
      features: [],
      rack: config.text("broker.rack"),
      fenced: false,
      logDirs: [directoryId],
    },
  });
  for (const { name, partitionCount, properties } of internalTopics(config)) {
    if (image.topic(name) !== undefined) continue;
    const topicId = randomUuid(platform.random);
    records.push({ kind: "topic", value: { name, topicId } });
    for (const [property, value] of Object.entries(properties))
      records.push({
        kind: "config",
        value: { resourceType: 2, resourceName: name, name: property, value },
      });
    for (let partition = 0; partition < partitionCount; partition++)
      records.push(newPartition(nodeId, leaderEpoch, topicId, partition));
  }
  return records;
}

interface InternalTopic {
  readonly name: string;
  readonly partitionCount: number;
  readonly properties: Readonly<Record<string, string>>;
}

/** Kafka: `groupMetadataTopicConfigs`, `transactionTopicConfigs`, `shareGroupStateTopicConfigs`. */
function internalTopics(config: BrokerConfig): readonly InternalTopic[] {
  const text = (name: string) => config.text(name) ?? "";
  return [
    {
      name: "__consumer_offsets",
      partitionCount: config.number("offsets.topic.num.partitions"),
      properties: {
        "cleanup.policy": "compact",
        "compression.type": "producer",
        "segment.bytes": text("offsets.topic.segment.bytes"),
      },
    },
    {
      name: "__transaction_state",
      partitionCount: config.number("transaction.state.log.num.partitions"),
      properties: {
        "unclean.leader.election.enable": "false",
        "compression.type": "uncompressed",
        "cleanup.policy": "compact",
        "min.insync.replicas": text("transaction.state.log.min.isr"),
        "segment.bytes": text("transaction.state.log.segment.bytes"),
      },
    },
    {
      name: "__share_group_state",
      partitionCount: config.number("share.coordinator.state.topic.num.partitions"),
      // What is superfluous in it is deleted by the share coordinator, which knows.
      properties: {
        "cleanup.policy": "delete",
        "compression.type": "producer",
        "segment.bytes": text("share.coordinator.state.topic.segment.bytes"),
        "retention.ms": "-1",
      },
    },
  ];
}
