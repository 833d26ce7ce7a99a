import { invariant } from "@millrace/model";
import type { Logger } from "@millrace/platform";
import { brokerConfigRows } from "./broker-config-rows.ts";
import {
  checkConfigValue,
  type ConfigDefinition,
  configList,
  parseConfigRows,
} from "./config-definition.ts";
import { ConfigError } from "./config-error.ts";

export const brokerConfigDefinitions = parseConfigRows(brokerConfigRows);

/** What was set while a broker ran (Kafka: dynamic configs). */
export interface DynamicProperties {
  /** For one broker, or with the empty name for all of them. */
  of(broker: string): ReadonlyMap<string, string>;
}

/** Where a property of the broker is set, nearest first. */
export type BrokerConfigSource = "DYNAMIC_BROKER" | "DYNAMIC_DEFAULT_BROKER" | "STATIC_BROKER";
export const brokerConfigSources: readonly BrokerConfigSource[] = [
  "DYNAMIC_BROKER",
  "DYNAMIC_DEFAULT_BROKER",
  "STATIC_BROKER",
];

/** Values by Kafka's names. */
export type BrokerProperties = Readonly<Record<string, string | number | boolean>>;

/**
 * A broker's properties under Kafka's names. One that has no meaning here is taken with a warning (event
 * `broker.config-ignored`), one that Kafka does not know is an error.
 */
export class BrokerConfig {
  readonly #given: ReadonlyMap<string, string>;
  #sources: readonly ReadonlyMap<string, string>[];
  #dynamic: (() => readonly ReadonlyMap<string, string>[]) | undefined;
  readonly #whenChanged: (() => void)[] = [];
  /** In small letters, as they stand in the names of properties. */
  readonly listenerNames: readonly string[];

  private constructor(given: ReadonlyMap<string, string>, listeners: readonly string[]) {
    this.#given = given;
    this.listenerNames = listeners;
    this.#sources = [empty, empty, given];
  }

  /** From now on what is set while the broker runs goes before what it was started with. */
  followDynamic(properties: DynamicProperties, nodeId: number): void {
    this.#dynamic = () => [properties.of(String(nodeId)), properties.of(""), this.#given];
    this.#sources = this.#dynamic();
  }

  /** Calls back after each change, for what does not ask for a value when it needs one. */
  onChanged(listener: () => void): void {
    this.#whenChanged.push(listener);
  }

  /** What is set while the broker runs is another now. */
  changed(): void {
    this.#sources = this.#dynamic?.() ?? this.#sources;
    for (const listener of this.#whenChanged) listener();
  }

  /** @throws ConfigError */
  static parse(properties: BrokerProperties, logger: Logger): BrokerConfig {
    const given = new Map<string, string>();
    const listeners = listenerNames(String(properties["listeners"] ?? defaultListeners));
    for (const [name, value] of Object.entries(properties)) {
      const definition =
        brokerConfigDefinitions.get(bareName(name, listeners)) ?? authorizerConfigs.get(name);
      if (definition === undefined) throw unknown(name);
      const text = String(value).trim();
      checkConfigValue(definition, text);
      const isIgnored = !definition.hasMeaning && text !== definition.defaultValue;
      const reason = whyNotAskedFor(name, listeners);
      if (isIgnored || reason !== undefined)
        logger.log("warn", "broker.config-ignored", {
          property: name,
          ...(reason === undefined ? {} : { reason }),
        });
      given.set(name, text);
    }
    return new BrokerConfig(given, listeners);
  }

  /** The value set, or the default; null where Kafka has none. */
  text(name: string): string | null {
    return this.#find(name) ?? definitionOf(name).defaultValue;
  }

  /** What one source has; undefined: nothing. */
  textIn(source: BrokerConfigSource, name: string): string | undefined {
    return this.#sources[brokerConfigSources.indexOf(source)].get(name)?.trim();
  }

  #find(name: string): string | undefined {
    for (const source of this.#sources) {
      const value = source.get(name);
      if (value !== undefined) return value.trim();
    }
    return undefined;
  }

  number(name: string): number {
    const text = this.text(name);
    invariant(text !== null, "BROKER-1", name);
    return Number(text);
  }

  boolean(name: string): boolean {
    return this.text(name)?.toLowerCase() === "true";
  }

  list(name: string): readonly string[] {
    return configList(this.text(name) ?? "");
  }

  /** A value for one listener, or for a mechanism on it: the nearest that is set (`listener.name.NAME.MECHANISM.`). */
  textFor(listener: string, name: string, mechanism?: string): string | null {
    const prefix = `${listenerPrefix}${listener.toLowerCase()}.`;
    const nearest =
      mechanism === undefined
        ? undefined
        : this.#find(`${prefix}${mechanism.toLowerCase()}.${name}`);
    return nearest ?? this.#find(prefix + name) ?? this.text(name);
  }

  isSet(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  /** `log.retention.ms`, or what `log.retention.minutes` or `log.retention.hours` say; so for `log.roll.ms`. */
  milliseconds(stem: "log.retention" | "log.roll" | "log.roll.jitter"): number {
    if (this.text(`${stem}.ms`) !== null) return this.number(`${stem}.ms`);
    if (stem === "log.retention" && this.text(`${stem}.minutes`) !== null)
      return unlimited(this.number(`${stem}.minutes`), 60_000);
    return unlimited(this.number(`${stem}.hours`), 3_600_000);
  }
}

function unlimited(amount: number, unitMs: number): number {
  return amount < 0 ? -1 : amount * unitMs;
}

const empty: ReadonlyMap<string, string> = new Map();
const listenerPrefix = "listener.name.";
const mechanismPrefix = /^(plain|scram-sha-256|scram-sha-512|oauthbearer|gssapi)\./;

/** What Kafka's authorizer reads, and its broker does not. */
const authorizerConfigs = parseConfigRows(
  "super.users STRING - m \nallow.everyone.if.no.acl.found BOOLEAN - m false",
);

const defaultListeners = brokerConfigDefinitions.get("listeners")?.defaultValue ?? "";

/** Of `listeners`, in small letters. */
function listenerNames(text: string): readonly string[] {
  return configList(text).map((one) =>
    (/^([^:]+):\/\//.exec(one)?.[1] ?? "plaintext").toLowerCase(),
  );
}

/** Without the listener and the mechanism that it is for. Names of listeners may have dots. */
export function bareName(name: string, listeners: readonly string[] = []): string {
  if (!name.startsWith(listenerPrefix)) return name;
  const rest = name.slice(listenerPrefix.length);
  const own = listenerOf(name, listeners);
  const behind = rest.slice(1 + (own === undefined ? rest.indexOf(".") : own.length));
  return behind.replace(mechanismPrefix, "");
}

/** The longest of the names that it begins with. */
function listenerOf(name: string, listeners: readonly string[]): string | undefined {
  const rest = name.slice(listenerPrefix.length).toLowerCase();
  const found = listeners.filter((one) => rest.startsWith(`${one}.`));
  return found.toSorted((left, right) => right.length - left.length)[0];
}

/** Kafka writes the names of listeners in small letters here, and leaves aside whatever else there is. */
function whyNotAskedFor(name: string, listeners: readonly string[]): string | undefined {
  if (!name.startsWith(listenerPrefix)) return undefined;
  const own = listenerOf(name, listeners);
  if (own === undefined) return `there is no such listener; there are ${listeners.join(", ")}`;
  const prefix = name.slice(0, name.length - bareName(name, listeners).length);
  return prefix === prefix.toLowerCase() ? undefined : "listeners stand here in small letters";
}

function definitionOf(name: string): ConfigDefinition {
  const definition = brokerConfigDefinitions.get(name) ?? authorizerConfigs.get(name);
  invariant(definition !== undefined, "BROKER-1", name);
  return definition;
}

function unknown(name: string): ConfigError {
  return new ConfigError(
    "UNKNOWN_PROPERTY",
    name,
    `${name} is no property of a Kafka broker; look for a typing error, or take it out`,
  );
}
