import type { Platform } from "@millrace/platform";
import { isLoopback } from "../../config/loopback.ts";
import type { BrokerConfig } from "../../config/broker-config.ts";
import { ConfigError } from "../../config/config-error.ts";
import type { ScramCredentials } from "../../metadata/scram-credentials.ts";
import { type JaasEntry, parseJaas } from "./jaas.ts";
import { oauthBearerMechanism } from "./oauth-bearer.ts";
import { plainMechanism } from "./plain.ts";
import type { SaslMechanism } from "./sasl-mechanism.ts";
import { scramMechanism } from "./scram.ts";
import { signedTokens } from "./signed-tokens.ts";
import type { TokenCredentials } from "./token-credentials.ts";
import { unsecuredTokens } from "./unsecured-tokens.ts";

export interface SaslWorld {
  readonly config: BrokerConfig;
  readonly platform: Platform;
  readonly credentials: ScramCredentials;
  readonly tokens: TokenCredentials;
  /** From outside. */
  readonly saslMechanisms: readonly SaslMechanism[];
}

/**
 * What `sasl.enabled.mechanisms` and the JAAS lines of a listener say.
 *
 * @throws ConfigError a mechanism that is not here, or whose JAAS line is missing or does not fit
 */
export function saslMechanisms(
  world: SaslWorld,
  { name: listener, host }: { readonly name: string; readonly host: string },
): ReadonlyMap<string, SaslMechanism> {
  const property = "sasl.enabled.mechanisms";
  const names = (world.config.textFor(listener, property) ?? "").split(",");
  const enabled = names.map((name) => name.trim()).filter((name) => name !== "");
  if (enabled.length === 0)
    throw new ConfigError("INVALID_PROPERTY", property, `${property} names no mechanism`);
  return new Map(
    enabled.toSorted().map((name) => [name, mechanismOf(world, { listener, host }, name)]),
  );
}

interface ListenerPlace {
  readonly listener: string;
  readonly host: string;
}

function mechanismOf(world: SaslWorld, place: ListenerPlace, name: string): SaslMechanism {
  const { listener } = place;
  const given = world.saslMechanisms.find((mechanism) => mechanism.name === name);
  if (given !== undefined) return given;
  const { config, platform, credentials, tokens } = world;
  const { random } = platform;
  switch (name) {
    case "PLAIN":
      return plainMechanism(jaasOf(config, listener, name));
    case "SCRAM-SHA-256":
    case "SCRAM-SHA-512":
      return scramMechanism(name, { credentials, tokens, random });
    case "OAUTHBEARER":
      return bearerOf(world, place);
    default:
      throw new ConfigError(
        "INVALID_PROPERTY",
        "sasl.enabled.mechanisms",
        `the mechanism ${name} of the listener ${listener} is not here: take PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER`,
      );
  }
}

/** Tokens without signature are taken where the options of the JAAS line ask for them, as Kafka's do. */
function bearerOf(
  { config, platform }: SaslWorld,
  { listener, host }: ListenerPlace,
): SaslMechanism {
  const jaas = jaasOf(config, listener, "OAUTHBEARER");
  if (![...jaas.options.keys()].some((option) => option.startsWith("unsecured")))
    return oauthBearerMechanism(signedTokens(config, platform, listener));
  if (!isLoopback(host))
    throw new ConfigError(
      "INVALID_PROPERTY",
      "sasl.jaas.config",
      `tokens without signature let everybody in as anybody, and others can reach the listener ${listener}: bind 127.0.0.1, or check signed tokens (sasl.oauthbearer.jwks.endpoint.url)`,
    );
  platform.logger.log("warn", "broker.unsecured-tokens", { listener });
  return oauthBearerMechanism(unsecuredTokens(jaas, platform.clock));
}

function jaasOf(config: BrokerConfig, listener: string, mechanism: string): JaasEntry {
  const property = `listener.name.${listener.toLowerCase()}.${mechanism.toLowerCase()}.sasl.jaas.config`;
  const line = config.textFor(listener, "sasl.jaas.config", mechanism);
  if (line === null)
    throw new ConfigError(
      "INVALID_PROPERTY",
      property,
      `${property} is missing; ${mechanism} takes its users or options from it`,
    );
  return parseJaas(property, line);
}
