import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { connect } from "@millrace/client";
import { nodePlatform } from "@millrace/platform/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { facts, realCertificates } from "../../packages/platform/test-support/certificates.ts";
import { apacheKafkaFolder, missingFor } from "./apache-kafka.ts";
import { cacheFolder, prepare, runSuite } from "./run-suite.ts";
import { type SecureCluster, sessionMs, startSecureBundled } from "./secure-cluster.ts";

const withoutJava = missingFor("java");
const withoutPython = missingFor("python3", { needsApacheKafka: false });
const timeoutMs = 300_000;
const modules = "org.apache.kafka.common.security";

let cluster: SecureCluster;
let folder: string;

const { key, certificate } = realCertificates.identity(
  facts({ subject: "CN=ann,O=Acme", serial: 2 }),
);
const pkcs12 = realCertificates.pkcs12(facts({ subject: "CN=ann,O=Acme", serial: 2 }), "changeit");

/** A file in the folder; gives its path. */
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

type Listener = "saslSsl" | "ssl" | "tokens";
type Properties = Readonly<Record<string, string>>;

function trust(): Properties {
  const ca = file("ca.pem", realCertificates.authority(facts().issuer));
  return { "ssl.truststore.type": "PEM", "ssl.truststore.location": ca };
}

const login = 'required username="ann" password="secret";';

/** How Java's clients are told to come in. */
const javaWays: readonly (readonly [string, Listener, () => Properties])[] = [
  ...(["SCRAM-SHA-256", "SCRAM-SHA-512"] as const).map(
    (mechanism) => [mechanism, "saslSsl", () => bySasl(mechanism, `scram.Scram`)] as const,
  ),
  ["PLAIN", "saslSsl", () => bySasl("PLAIN", "plain.Plain")],
  [
    "OAUTHBEARER",
    "tokens",
    () => ({
      "security.protocol": "SASL_PLAINTEXT",
      "sasl.mechanism": "OAUTHBEARER",
      "sasl.login.callback.handler.class": `${modules}.oauthbearer.internals.unsecured.OAuthBearerUnsecuredLoginCallbackHandler`,
      "sasl.jaas.config": `${modules}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="ann";`,
    }),
  ],
  [
    "a certificate as PEM",
    "ssl",
    () => ({
      ...trust(),
      "security.protocol": "SSL",
      "ssl.keystore.type": "PEM",
      "ssl.keystore.location": file("ann.pem", key + certificate),
    }),
  ],
  [
    "a certificate as PKCS12",
    "ssl",
    () => ({
      ...trust(),
      "security.protocol": "SSL",
      "ssl.keystore.type": "PKCS12",
      "ssl.keystore.location": file("ann.p12", pkcs12),
      "ssl.keystore.password": "changeit",
    }),
  ],
];

function bySasl(mechanism: string, module: string): Properties {
  return {
    ...trust(),
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": mechanism,
    "sasl.jaas.config": `${modules}.${module}LoginModule ${login}`,
  };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-secure-"));
  if (withoutJava !== undefined && withoutPython !== undefined) return;
  cluster = await startSecureBundled();
});

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describe.skipIf(withoutJava !== undefined)(
  `Kafka's own Java clients on the bundled broker, secured${withoutJava === undefined ? "" : ` (skipped: ${withoutJava})`}`,
  () => {
    test.each(javaWays)(
      "come in by %s, and stay",
      { timeout: timeoutMs },
      async (name, listener, way) => {
        const program = fileURLToPath(new URL("java/SecureClients.java", import.meta.url));
        const library = execFileSync(join(apacheKafkaFolder, "get"), { encoding: "utf8" }).trim();
        const lines = Object.entries(way()).map(([property, value]) => `${property}=${value}`);
        const properties = file("client.properties", lines.join("\n"));
        // Sessions by password end meanwhile.
        const seconds = name === "PLAIN" ? (3 * sessionMs) / 1000 : 0;
        const topic = `java-${name.replaceAll(" ", "-")}`;
        const place = [cluster[listener], topic, `${seconds}`, properties];
        const parameters = ["-XX:TieredStopAtLevel=1", "-cp", `${library}/*`, program, ...place];
        const { output } = await runSuite("java", parameters, { timeoutMs });
        expect(output).toMatch(/^done true$/m);
      },
    );
  },
);

const pythonWays: readonly (readonly [string, string, Listener, () => object])[] = [
  ...(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const).flatMap(
    (mechanism) =>
      [
        [
          "kafka-python",
          mechanism,
          "saslSsl",
          () => ({
            security_protocol: "SASL_SSL",
            sasl_mechanism: mechanism,
            sasl_plain_username: "ann",
            sasl_plain_password: "secret",
            ssl_cafile: trust()["ssl.truststore.location"],
          }),
        ],
        [
          "librdkafka",
          mechanism,
          "saslSsl",
          () => ({
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": mechanism,
            "sasl.username": "ann",
            "sasl.password": "secret",
            "ssl.ca.location": trust()["ssl.truststore.location"],
          }),
        ],
      ] as const,
  ),
  [
    "librdkafka",
    "OAUTHBEARER",
    "tokens",
    () => ({
      "security.protocol": "SASL_PLAINTEXT",
      "sasl.mechanism": "OAUTHBEARER",
      "enable.sasl.oauthbearer.unsecure.jwt": true,
      "sasl.oauthbearer.config": "principal=ann",
    }),
  ],
  [
    "librdkafka",
    "a certificate",
    "ssl",
    () => ({
      "security.protocol": "SSL",
      "ssl.ca.location": trust()["ssl.truststore.location"],
      "ssl.certificate.pem": certificate,
      "ssl.key.pem": key,
    }),
  ],
];

describe.skipIf(withoutPython !== undefined)(
  `Python's clients on the bundled broker, secured${withoutPython === undefined ? "" : ` (skipped: ${withoutPython})`}`,
  () => {
    test.each(pythonWays)(
      "%s comes in by %s",
      { timeout: timeoutMs },
      async (library, name, listener, way) => {
        const python = await environment();
        const program = fileURLToPath(new URL("python/secure_clients.py", import.meta.url));
        const topic = `${library}-${name.replaceAll(" ", "-")}`;
        await using owner = connect(nodePlatform({ logLevel: "error" }), {
          bootstrapServers: cluster.master,
        });
        await owner.admin.createTopics([{ name: topic, partitionCount: 1 }]);
        const parameters = [program, library, cluster[listener], topic, JSON.stringify(way())];
        const { output } = await runSuite(python, parameters, { timeoutMs: 60_000 });
        expect(output).toMatch(/^done hello$/m);
      },
    );
  },
);

/** An interpreter with both libraries. */
async function environment(): Promise<string> {
  const home = cacheFolder("secure-clients-1");
  const python = join(home, "bin", "python");
  const done = join(home, "installed");
  if (existsSync(done)) return python;
  await prepare("python3", ["-m", "venv", home], { timeoutMs });
  const packages = ["kafka-python==3.0.12", "confluent-kafka==2.15.0"];
  await prepare(python, ["-m", "pip", "install", "--quiet", ...packages], { timeoutMs });
  writeFileSync(done, "");
  return python;
}
