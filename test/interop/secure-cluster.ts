import { connect } from "@millrace/client";
import { nodePlatform } from "@millrace/platform/node";

import { facts, realCertificates } from "../../packages/platform/test-support/certificates.ts";
import { startApacheKafka } from "./apache-kafka.ts";
import { startBundledBroker } from "./bundled-broker.ts";

/** Addresses of the same listeners, of either broker. */
export interface SecureCluster extends AsyncDisposable {
  /** Without TLS: nobody is asked who it is. */
  readonly master: string;
  /** TLS with PLAIN and SCRAM. */
  readonly saslSsl: string;
  /** TLS with certificates of clients. */
  readonly ssl: string;
  /** Tokens without signature. */
  readonly tokens: string;
}

export const ca = realCertificates.authority(facts().issuer);
const own = realCertificates.identity(facts());
const modules = "org.apache.kafka.common.security";
/** Sessions end this soon. */
export const sessionMs = 3000;

/** Kafka's own properties, for either broker. */
function propertiesFor(listeners: string): Record<string, string | number> {
  const oneLine = (pem: string) => pem.trim().replaceAll("\n", "\\n");
  return {
    listeners,
    "listener.security.protocol.map":
      "MASTER:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL,TOKENS:SASL_PLAINTEXT",
    "ssl.keystore.type": "PEM",
    "ssl.keystore.certificate.chain": oneLine(own.certificate),
    "ssl.keystore.key": oneLine(own.key),
    "ssl.truststore.type": "PEM",
    "ssl.truststore.certificates": oneLine(ca),
    "listener.name.ssl.ssl.client.auth": "required",
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    "listener.name.tokens.sasl.enabled.mechanisms": "OAUTHBEARER",
    "listener.name.sasl_ssl.plain.sasl.jaas.config": `${modules}.plain.PlainLoginModule required user_ann="secret";`,
    "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config": `${modules}.scram.ScramLoginModule required;`,
    "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": `${modules}.scram.ScramLoginModule required;`,
    "listener.name.tokens.oauthbearer.sasl.jaas.config": `${modules}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="x";`,
    "listener.name.sasl_ssl.plain.connections.max.reauth.ms": sessionMs,
    "group.initial.rebalance.delay.ms": 0,
  };
}

export async function startSecureBundled(): Promise<SecureCluster> {
  const listeners = ["MASTER", "SASL_SSL", "SSL", "TOKENS"].map((name) => `${name}://127.0.0.1:0`);
  const broker = await startBundledBroker(propertiesFor(listeners.join()));
  const [master, saslSsl, ssl, tokens] = broker.addresses;
  const dispose = () => broker[Symbol.asyncDispose]();
  return withUser({ master, saslSsl, ssl, tokens, [Symbol.asyncDispose]: dispose });
}

export async function startSecureKafka(): Promise<SecureCluster> {
  let places: Omit<SecureCluster, keyof AsyncDisposable> | undefined;
  const kafka = await startApacheKafka({
    properties: (port) => {
      const [master, saslSsl, ssl, tokens] = [0, 2, 3, 4].map((step) => `127.0.0.1:${port + step}`);
      places = { master, saslSsl, ssl, tokens };
      const told = `MASTER://${master},SASL_SSL://${saslSsl},SSL://${ssl},TOKENS://${tokens}`;
      return {
        ...propertiesFor(`${told},CONTROLLER://127.0.0.1:${port + 1}`),
        "advertised.listeners": told,
        "inter.broker.listener.name": "MASTER",
      };
    },
  });
  if (places === undefined) throw new Error("the broker's port is not known");
  return withUser({ ...places, [Symbol.asyncDispose]: () => kafka[Symbol.asyncDispose]() });
}

/** Of SCRAM; the one of PLAIN stands in the properties. */
async function withUser(cluster: SecureCluster): Promise<SecureCluster> {
  const platform = nodePlatform({ logLevel: "error" });
  await using client = connect(platform, { bootstrapServers: cluster.master });
  for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-512"] as const) {
    const upsertions = [{ user: "ann", mechanism, password: "secret" }];
    await client.admin.alterUserScramCredentials({ upsertions, deletions: [] });
  }
  return cluster;
}
