import { clientTls, ConfigError, parseJaas, parsePropertiesFile } from "@millrace/broker";
import type { ConnectOptions, SaslOptions, SslOptions } from "@millrace/client";
import { nodePlatform } from "@millrace/platform/node";

import { CommandError } from "./command-error.ts";
import { fileText } from "./file-text.ts";
import { type ClientProperty, tokenProvider } from "./token-provider.ts";

/** What a client's properties say of how the cluster is reached. */
export type CommandConfig = Pick<ConnectOptions, "ssl" | "sasl" | "clientId">;

const loginHandler = "sasl.login.callback.handler.class";
const known: ReadonlySet<string> = new Set([
  loginHandler,
  "security.protocol",
  "sasl.mechanism",
  "sasl.jaas.config",
  "sasl.oauthbearer.token.endpoint.url",
  "sasl.oauthbearer.scope",
  "ssl.keystore.type",
  "ssl.keystore.location",
  "ssl.keystore.password",
  "ssl.keystore.certificate.chain",
  "ssl.keystore.key",
  "ssl.key.password",
  "ssl.truststore.type",
  "ssl.truststore.location",
  "ssl.truststore.certificates",
  "ssl.truststore.password",
  "ssl.enabled.protocols",
  "ssl.protocol",
  "ssl.cipher.suites",
  "ssl.endpoint.identification.algorithm",
]);

/** What Kafka's clients need to be told for tokens of a provider, under its name before Kafka 4 and since. */
const loginHandlers: ReadonlySet<string> = new Set(
  ["OAuthBearerLoginCallbackHandler", "secured.OAuthBearerLoginCallbackHandler"].map(
    (name) => `org.apache.kafka.common.security.oauthbearer.${name}`,
  ),
);

/**
 * Reads what Kafka's own tools take as `--command-config`: the properties of a client. What says nothing
 * of security is left aside, as they do.
 *
 * @throws CommandError
 */
export function readCommandConfig(file: string): CommandConfig {
  try {
    return securityOf(parsePropertiesFile(fileText("--command-config", file)));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandError(`--command-config ${file}: ${error.message}`);
  }
}

function securityOf(properties: Readonly<Record<string, string>>): CommandConfig {
  for (const name of Object.keys(properties))
    if (/^(ssl|sasl|security)\./.test(name) && !known.has(name))
      throw invalid(name, "is not taken here; look for a typing error, or take it out");
  const text: ClientProperty = (name) => properties[name] ?? null;
  const handler = text(loginHandler);
  if (handler !== null && !loginHandlers.has(handler))
    throw invalid(loginHandler, `is Kafka's own, or left out: ${handler} cannot be run here`);
  const protocol = (text("security.protocol") ?? "PLAINTEXT").toUpperCase();
  if (!["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"].includes(protocol))
    throw invalid(
      "security.protocol",
      `cannot be ${protocol}: take PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL`,
    );
  const clientId = text("client.id");
  return {
    ...(clientId === null ? {} : { clientId }),
    ...(protocol.endsWith("SSL") ? { ssl: sslOf(text) } : {}),
    ...(protocol.startsWith("SASL_") ? { sasl: saslOf(text) } : {}),
  };
}

function sslOf(text: ClientProperty): SslOptions {
  const { identity, ...rest } = clientTls(text, nodePlatform({ logLevel: "error" }).fileSystem);
  if (identity === undefined) return rest;
  const { passphrase } = identity;
  const lock = passphrase === undefined ? {} : { passphrase };
  if ("pkcs12" in identity)
    return { ...rest, ...lock, pkcs12File: text("ssl.keystore.location") ?? "" };
  return { ...rest, ...lock, certificate: identity.certificate, key: identity.key };
}

function saslOf(text: ClientProperty): SaslOptions {
  const mechanism = text("sasl.mechanism") ?? "GSSAPI";
  const line = text("sasl.jaas.config");
  if (line === null) throw invalid("sasl.jaas.config", "is missing: it holds user and password");
  const { options } = parseJaas("sasl.jaas.config", line);
  const option = (name: string): string => {
    const value = options.get(name) ?? "";
    if (value === "") throw invalid("sasl.jaas.config", `lacks ${name}`);
    return value;
  };
  switch (mechanism) {
    case "PLAIN":
      return { mechanism, username: option("username"), password: option("password") };
    case "SCRAM-SHA-256":
    case "SCRAM-SHA-512": {
      const credentials = { username: option("username"), password: option("password") };
      const isDelegationToken = options.get("tokenauth")?.toLowerCase() === "true";
      return isDelegationToken
        ? { mechanism, ...credentials, isDelegationToken }
        : { mechanism, ...credentials };
    }
    case "OAUTHBEARER":
      return { mechanism, token: tokenProvider(text, options) };
    default:
      throw invalid(
        "sasl.mechanism",
        `is PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER; ${mechanism} is not here`,
      );
  }
}

function invalid(name: string, reason: string): ConfigError {
  return new ConfigError("INVALID_PROPERTY", name, `${name} ${reason}`);
}
