import type { FileSystem, ServerTls, TlsVersion } from "@millrace/platform";
import type { BrokerConfig } from "../../config/broker-config.ts";
import { ConfigError } from "../../config/config-error.ts";
import { type PropertyText, readKeyStore, readTrustStore } from "./key-stores.ts";

const clientCertificates = {
  none: "none",
  requested: "requested",
  required: "required",
} as const;

/**
 * How a listener with TLS greets, as its properties say (`listener.name.NAME.ssl.*` before `ssl.*`).
 *
 * @throws ConfigError `INVALID_PROPERTY`
 */
export function listenerTls(
  config: BrokerConfig,
  files: FileSystem,
  listener: { readonly name: string; readonly protocol: string },
): ServerTls {
  const text: PropertyText = (name) => config.textFor(listener.name, name);
  const identity = readKeyStore(text, files);
  if (identity === undefined)
    throw new ConfigError(
      "INVALID_PROPERTY",
      "ssl.keystore.location",
      `the listener ${listener.name} needs a certificate: give ssl.keystore.type=PEM with ssl.keystore.location, or ssl.keystore.certificate.chain and ssl.keystore.key`,
    );
  const ca = readTrustStore(text, files);
  return {
    identity,
    clientCertificates: clientCertificatesOf(config, listener),
    ...tlsChoice(text),
    ...(ca === undefined ? {} : { ca }),
  };
}

/**
 * `ssl.client.auth`. Where clients show who they are by SASL it must be said for that listener, as in
 * Kafka (KIP-684).
 */
export function clientCertificatesOf(
  config: BrokerConfig,
  { name, protocol }: { readonly name: string; readonly protocol: string },
): "none" | "requested" | "required" {
  const property = "ssl.client.auth";
  const own = `listener.name.${name.toLowerCase()}.${property}`;
  if (protocol === "SASL_SSL" && !config.isSet(own)) return "none";
  return clientCertificates[(config.textFor(name, property) ?? "none") as "none"];
}

const spoken: ReadonlySet<string> = new Set(["TLS", "TLSv1.2", "TLSv1.3"]);

/** @throws ConfigError `INVALID_PROPERTY` for versions that are not safe any more, or that nobody knows */
export function tlsChoice(
  text: PropertyText,
): Pick<ServerTls, "minVersion" | "maxVersion" | "ciphers"> {
  const property = "ssl.enabled.protocols";
  const versions = listOf(text(property)).map((version): TlsVersion => {
    if (version === "TLSv1.2" || version === "TLSv1.3") return version;
    throw new ConfigError(
      "INVALID_PROPERTY",
      property,
      `${property}: ${version} is not spoken; take TLSv1.2 and TLSv1.3`,
    );
  });
  const given = text("ssl.protocol") ?? "";
  // Which versions are spoken is what the other property says, in Kafka too.
  if (given !== "" && !spoken.has(given))
    throw new ConfigError(
      "INVALID_PROPERTY",
      "ssl.protocol",
      `ssl.protocol: ${given} is not spoken; take it out, and say in ${property} what is`,
    );
  const sorted = versions.toSorted();
  const ciphers = listOf(text("ssl.cipher.suites"));
  return {
    ...(sorted.length === 0
      ? {}
      : { minVersion: sorted[0], maxVersion: sorted[sorted.length - 1] }),
    ...(ciphers.length === 0 ? {} : { ciphers }),
  };
}

function listOf(text: string | null): readonly string[] {
  return (text ?? "").split(/[\s,]+/).filter((one) => one !== "");
}
