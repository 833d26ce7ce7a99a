import type { LogConfig } from "@millrace/log";
import { compressionNames } from "@millrace/protocol/records";
import {
  type BrokerConfig,
  brokerConfigDefinitions,
  brokerConfigSources,
} from "./broker-config.ts";
import {
  checkConfigValue,
  type ConfigDefinition,
  configList,
  parseConfigRows,
} from "./config-definition.ts";
import { ConfigError } from "./config-error.ts";
import { topicConfigRows } from "./topic-config-rows.ts";

export const topicConfigDefinitions = parseConfigRows(topicConfigRows);

/** What is set for one topic, by Kafka's names. */
export type TopicProperties = ReadonlyMap<string, string>;

/** Where a value comes from (Kafka: `ConfigSource`), with its number on the wire. */
export const configSources = {
  TOPIC: 1,
  DYNAMIC_BROKER: 2,
  DYNAMIC_DEFAULT_BROKER: 3,
  STATIC_BROKER: 4,
  DEFAULT: 5,
  CLIENT_METRICS: 7,
  GROUP: 8,
} as const;

export type ConfigSourceId = (typeof configSources)[keyof typeof configSources];

/** One value, and where it was found. */
export interface ConfigEntry {
  readonly name: string;
  readonly value: string | null;
  readonly source: ConfigSourceId;
}

/** @throws ConfigError for an unknown name, a value out of bounds, or values that contradict each other */
export function checkTopicProperties(properties: TopicProperties): void {
  for (const [name, value] of properties) {
    const definition = topicConfigDefinitions.get(name);
    if (definition === undefined)
      throw new ConfigError("UNKNOWN_PROPERTY", name, `Unknown topic config name: ${name}`);
    checkConfigValue(definition, value);
    if (name.endsWith(".replication.throttled.replicas")) checkThrottledReplicas(name, value);
  }
  const lagMin = Number(properties.get("min.compaction.lag.ms") ?? 0);
  const lagMax = Number(properties.get("max.compaction.lag.ms") ?? Number.POSITIVE_INFINITY);
  if (lagMin > lagMax)
    throw new ConfigError(
      "INVALID_PROPERTY",
      "min.compaction.lag.ms",
      `conflict topic config setting min.compaction.lag.ms (${lagMin}) > max.compaction.lag.ms (${lagMax})`,
    );
  if (properties.get("remote.storage.enable")?.trim().toLowerCase() === "true")
    throw new ConfigError(
      "INVALID_PROPERTY",
      "remote.storage.enable",
      "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.",
    );
}

function checkThrottledReplicas(name: string, value: string): void {
  const text = value.trim();
  if (text === "" || text === "*" || /^\d+:\d+(\s*,\s*\d+:\d+)*$/.test(text)) return;
  throw new ConfigError(
    "INVALID_PROPERTY",
    name,
    `Invalid value [${configList(value).join(", ")}] for configuration ${name}: ${name} must be the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...`,
  );
}

/** All places where a value for the topic's property is found, nearest first; the first one counts. */
export function topicConfigEntries(
  definition: ConfigDefinition,
  properties: TopicProperties,
  broker: BrokerConfig,
): readonly ConfigEntry[] {
  const entries: ConfigEntry[] = [];
  const own = properties.get(definition.name);
  if (own !== undefined)
    entries.push({ name: definition.name, value: own, source: configSources.TOPIC });
  entries.push(...brokerConfigEntries(definition.brokerProperties, broker));
  if (definition.brokerProperties.length === 0)
    entries.push({
      name: definition.name,
      value: definition.defaultValue,
      source: configSources.DEFAULT,
    });
  return entries;
}

/** What is set of some properties of the broker, nearest first, then their defaults. */
export function brokerConfigEntries(
  names: readonly string[],
  broker: BrokerConfig,
): readonly ConfigEntry[] {
  const entries: ConfigEntry[] = [];
  for (const source of brokerConfigSources)
    for (const name of names) {
      const value = broker.textIn(source, name);
      if (value !== undefined) entries.push({ name, value, source: configSources[source] });
    }
  for (const name of names) {
    const value = brokerConfigDefinitions.get(name)?.defaultValue ?? null;
    if (value !== null) entries.push({ name, value, source: configSources.DEFAULT });
  }
  return entries;
}

/** The broker's properties that may stand for one of them, nearest first: `log.retention.ms` for hours too. */
export function brokerSynonyms(name: string): readonly string[] {
  for (const definition of topicConfigDefinitions.values()) {
    const at = definition.brokerProperties.indexOf(name);
    if (at === 0) return definition.brokerProperties;
  }
  return [name];
}

/** A topic's value: its own, else the broker's, in the units of the topic's property. */
export function topicConfigValue(
  name: string,
  properties: TopicProperties,
  broker: BrokerConfig,
): string {
  const own = properties.get(name);
  if (own !== undefined) return own;
  if (name === "retention.ms") return String(broker.milliseconds("log.retention"));
  if (name === "segment.ms") return String(broker.milliseconds("log.roll"));
  if (name === "segment.jitter.ms") return String(broker.milliseconds("log.roll.jitter"));
  const definition = topicConfigDefinitions.get(name);
  for (const property of definition?.brokerProperties ?? [])
    if (broker.isSet(property)) return broker.text(property) ?? "";
  return definition?.defaultValue ?? "";
}

/** What a log obeys of a topic's configuration. */
export function logConfigOf(
  properties: TopicProperties,
  broker: BrokerConfig,
): Omit<LogConfig, "tailCacheBytes" | "isSyncedWhileOpen" | "recordIntervalBytes"> {
  const text = (name: string) => topicConfigValue(name, properties, broker).trim();
  const number = (name: string) => Number(text(name));
  const unbounded = (name: string) => {
    const value = number(name);
    return value >= Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : value;
  };
  /** Less than zero is for ever. */
  const retained = (name: string) => (number(name) < 0 ? Number.POSITIVE_INFINITY : number(name));
  const compressionType = compressionTypeOf(text("compression.type"));
  const policies = configList(text("cleanup.policy"));
  return {
    segmentBytes: number("segment.bytes"),
    segmentMs: number("segment.ms"),
    segmentJitterMs: number("segment.jitter.ms"),
    segmentIndexBytes: number("segment.index.bytes"),
    indexIntervalBytes: number("index.interval.bytes"),
    maxMessageBytes: number("max.message.bytes"),
    compressionType,
    compressionLevel:
      compressionType === "gzip" || compressionType === "zstd"
        ? number(`compression.${compressionType}.level`)
        : undefined,
    flushMessages: unbounded("flush.messages"),
    flushMs: unbounded("flush.ms"),
    messageTimestampType:
      text("message.timestamp.type") === "LogAppendTime" ? "LogAppendTime" : "CreateTime",
    messageTimestampBeforeMaxMs: unbounded("message.timestamp.before.max.ms"),
    messageTimestampAfterMaxMs: unbounded("message.timestamp.after.max.ms"),
    isCompacted: policies.includes("compact"),
    isDeleted: policies.includes("delete"),
    retentionMs: retained("retention.ms"),
    retentionBytes: retained("retention.bytes"),
    fileDeleteDelayMs: number("file.delete.delay.ms"),
    deleteRetentionMs: number("delete.retention.ms"),
    cleanableDirtyRatioMin: number("min.cleanable.dirty.ratio"),
    compactionLagMinMs: number("min.compaction.lag.ms"),
    compactionLagMaxMs: unbounded("max.compaction.lag.ms"),
    producerIdExpirationMs: broker.number("producer.id.expiration.ms"),
    transactionVerificationEnabled: broker.boolean("transaction.partition.verification.enable"),
  };
}

function compressionTypeOf(name: string): LogConfig["compressionType"] {
  if (name === "uncompressed") return "none";
  return compressionNames.find((known) => known === name) ?? "producer";
}
