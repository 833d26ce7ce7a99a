import type { BrokerConfig } from "./broker-config.ts";
import { checkConfigValue, type ConfigDefinition, parseConfigRows } from "./config-definition.ts";
import { ConfigError } from "./config-error.ts";
import { shareOffsetResetOf } from "./share-offset-reset.ts";
import { brokerConfigEntries, type ConfigEntry, configSources } from "./topic-config.ts";

/**
 * What may be set for one group, as in `broker-config-rows.ts`; behind `;` the broker's property that
 * stands for it (Kafka: `GroupConfig`).
 */
const groupConfigRows = `
consumer.assignment.interval.ms INT 0.. d 1000 ;group.consumer.assignment.interval.ms
consumer.heartbeat.interval.ms INT 1.. d 5000 ;group.consumer.heartbeat.interval.ms
consumer.session.timeout.ms INT 1.. d 45000 ;group.consumer.session.timeout.ms
share.assignment.interval.ms INT 0.. d 1000 ;group.share.assignment.interval.ms
share.auto.offset.reset STRING - d latest
share.delivery.count.limit INT 2.. d 5 ;group.share.delivery.count.limit
share.heartbeat.interval.ms INT 1.. d 5000 ;group.share.heartbeat.interval.ms
share.isolation.level STRING =read_committed,read_uncommitted d read_uncommitted
share.partition.max.record.locks INT 100.. d 2000 ;group.share.partition.max.record.locks
share.record.lock.duration.ms INT 1000.. d 30000 ;group.share.record.lock.duration.ms
share.renew.acknowledge.enable BOOLEAN - d true
share.session.timeout.ms INT 1.. d 45000 ;group.share.session.timeout.ms
streams.assignment.interval.ms INT 0.. d 1000 ;group.streams.assignment.interval.ms
streams.heartbeat.interval.ms INT 1.. d 5000 ;group.streams.heartbeat.interval.ms
streams.initial.rebalance.delay.ms INT 0.. d 3000 ;group.streams.initial.rebalance.delay.ms
streams.num.standby.replicas INT 0.. d 0 ;group.streams.num.standby.replicas
streams.session.timeout.ms INT 1.. d 45000 ;group.streams.session.timeout.ms
`;

export const groupConfigDefinitions = parseConfigRows(groupConfigRows);

/** Limits that the broker has for them: `[property, lowest, highest]`, by Kafka's names. */
const limits: readonly (readonly [string, string | undefined, string])[] = [
  ...["consumer", "share", "streams"].flatMap((kind) =>
    ["assignment.interval.ms", "heartbeat.interval.ms", "session.timeout.ms"].map(
      (name) =>
        [`${kind}.${name}`, `group.${kind}.min.${name}`, `group.${kind}.max.${name}`] as const,
    ),
  ),
  ...["delivery.count.limit", "partition.max.record.locks", "record.lock.duration.ms"].map(
    (name) => [`share.${name}`, `group.share.min.${name}`, `group.share.max.${name}`] as const,
  ),
  ["streams.num.standby.replicas", undefined, "group.streams.max.standby.replicas"],
];

/** @throws ConfigError for an unknown name, a value out of bounds, or values that contradict each other */
export function checkGroupProperties(
  properties: ReadonlyMap<string, string>,
  broker: BrokerConfig,
): void {
  for (const [name, value] of properties) {
    const definition = groupConfigDefinitions.get(name);
    if (definition === undefined)
      throw new ConfigError("UNKNOWN_PROPERTY", name, `Unknown group config name: ${name}`);
    checkConfigValue(definition, value);
  }
  const reset = properties.get("share.auto.offset.reset");
  if (reset !== undefined && shareOffsetResetOf(reset) === undefined)
    throw new ConfigError(
      "INVALID_PROPERTY",
      "share.auto.offset.reset",
      `Invalid value ${reset} for configuration share.auto.offset.reset: Invalid value \`${reset}\` for configuration share.auto.offset.reset. The value must be either 'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'.`,
    );
  for (const [name, lowest, highest] of limits) {
    const value = properties.get(name);
    if (value === undefined) continue;
    if (lowest !== undefined && Number(value) < broker.number(lowest))
      throw refused(name, `must be greater than or equal to ${lowest}`);
    if (Number(value) > broker.number(highest))
      throw refused(name, `must be less than or equal to ${highest}`);
  }
  for (const kind of ["consumer", "share", "streams"]) {
    const [session, heartbeat] = [`${kind}.session.timeout.ms`, `${kind}.heartbeat.interval.ms`];
    const valueOf = (name: string) =>
      Number(properties.get(name) ?? broker.number(`group.${name}`));
    if (valueOf(session) <= valueOf(heartbeat))
      throw refused(session, `must be greater than ${heartbeat}`);
  }
}

function refused(name: string, rule: string): ConfigError {
  return new ConfigError("INVALID_PROPERTY", name, `${name} ${rule}`);
}

/** Where a value for the group's property is found, nearest first; the first one counts. */
export function groupConfigEntries(
  definition: ConfigDefinition,
  properties: ReadonlyMap<string, string>,
  broker: BrokerConfig,
): readonly ConfigEntry[] {
  const { name, defaultValue, brokerProperties } = definition;
  const own = properties.get(name);
  const entries: ConfigEntry[] =
    own === undefined ? [] : [{ name, value: own, source: configSources.GROUP }];
  entries.push(...brokerConfigEntries(brokerProperties, broker));
  if (brokerProperties.length === 0)
    entries.push({ name, value: defaultValue, source: configSources.DEFAULT });
  return entries;
}
