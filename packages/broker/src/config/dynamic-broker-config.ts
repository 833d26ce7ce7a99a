import { bareName, type BrokerConfig, brokerConfigDefinitions } from "./broker-config.ts";
import { checkConfigValue, type ConfigDefinition, parseConfigRows } from "./config-definition.ts";
import { ConfigError } from "./config-error.ts";

/** Rates between brokers: they are set while brokers run, or not at all. There is nobody to copy from or to here. */
const dynamicOnly = parseConfigRows(
  ["leader.replication", "follower.replication"]
    .map((side) => `${side}.throttled.rate LONG 0.. d 9223372036854775807`)
    .concat("replica.alter.log.dirs.io.max.bytes.per.second LONG 0.. d 9223372036854775807")
    .join("\n"),
);

/** Kafka takes these for a listener alone. */
const securityNames =
  /^ssl\.(keystore\.(type|location|password|certificate\.chain|key)|truststore\.(type|location|password|certificates)|key\.password)$/;
/** What is set for one broker, and not for all: it has to do with the place where that broker is. */
const perBrokerNames =
  /^(listeners|listener\.security\.protocol\.map|principal\.builder\.class|cordoned\.log\.dirs|(ssl|sasl)\..*)$/;
/** Of them: what Kerberos and a broker's own logins would read, which there are none of. */
const unreadNames = /^sasl\.(kerberos|login\.refresh)\./;
/** Threads are doubled, or halved, in one step at most. There is one thread here whatever is said. */
const threadCounts = [
  "background.threads",
  "log.cleaner.threads",
  "num.io.threads",
  "num.network.threads",
  "num.recovery.threads.per.data.dir",
  "num.replica.fetchers",
] as const;

function definitionOf(name: string): ConfigDefinition | undefined {
  return brokerConfigDefinitions.get(name) ?? dynamicOnly.get(name);
}

/**
 * What may be set while the broker runs: for it alone, or for all brokers of the cluster. A name that Kafka does not
 * know is taken, as plugins may read it.
 *
 * @throws ConfigError
 */
export function checkDynamicProperties(
  properties: ReadonlyMap<string, string>,
  scope: "broker" | "cluster",
  config: BrokerConfig,
): void {
  const names = [...properties.keys()];
  refuse(
    names.filter((name) => definitionOf(name)?.isDynamic === false),
    "Cannot update these configs dynamically",
  );
  refuse(
    names.filter((name) => securityNames.test(name)),
    "These security configs can be dynamically updated only per-listener using the listener prefix",
  );
  for (const [name, value] of properties) {
    const definition = definitionOf(bareName(name, config.listenerNames));
    if (definition?.isDynamic === true) checkConfigValue(definition, value);
  }
  if (scope === "cluster")
    refuse(
      names.filter(
        (name) => name !== bareName(name, config.listenerNames) || perBrokerNames.test(name),
      ),
      "Cannot update these configs at default cluster level, broker id must be specified",
    );
  checkEffect(properties, config);
}

/** What would have to take effect, and cannot (docs/decisions/073). */
function checkEffect(properties: ReadonlyMap<string, string>, config: BrokerConfig): void {
  for (const name of threadCounts) {
    const next = Number(properties.get(name) ?? config.text(name));
    const now = config.number(name);
    const fault = threadFault(next, now);
    if (fault !== undefined)
      throw new ConfigError(
        "INVALID_PROPERTY",
        name,
        `Dynamic thread count update validation failed for ${name}=${next}, ${fault}`,
      );
  }
  const readAtStart = [...properties].filter(
    ([name, value]) =>
      perBrokerNames.test(bareName(name, config.listenerNames)) &&
      !unreadNames.test(bareName(name, config.listenerNames)) &&
      value.trim() !== (config.textIn("STATIC_BROKER", name) ?? ""),
  );
  refuse(
    readAtStart.map(([name]) => name),
    "This broker reads these configs at its start: change them in its file and start it again",
  );
}

function threadFault(next: number, now: number): string | undefined {
  if (next < 1) return "value should be at least 1";
  if (next < Math.floor(now / 2)) return `value should be at least half the current value ${now}`;
  return next > now * 2
    ? `value should not be greater than double the current value ${now}`
    : undefined;
}

function refuse(names: readonly string[], text: string): void {
  if (names.length > 0)
    throw new ConfigError("INVALID_PROPERTY", names[0], `${text}: [${names.join(", ")}]`);
}
