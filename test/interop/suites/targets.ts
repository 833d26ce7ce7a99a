import { pbkdf2Sync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { BrokerProperties } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { alterUserScramCredentialsApi } from "@millrace/protocol/definitions";

import { TestClient } from "../../../packages/broker/test-support/test-client.ts";
import { facts, realCertificates } from "../../../packages/platform/test-support/certificates.ts";
import { freePorts, startApacheKafka } from "../apache-kafka.ts";
import { startBundledBroker } from "../bundled-broker.ts";
import type { Suite, Target } from "./suite.ts";

/** Who signs in by SCRAM, PLAIN, or with a token that nobody signed. */
export const user = { name: "admin", password: "admin-secret" };
const scramIterations = 4096;
const jaas = "org.apache.kafka.common.security";

const authority = realCertificates.authority(facts().issuer);
const own = realCertificates.identity(facts());
const oneLine = (pem: string) => pem.trim().replaceAll("\n", "\\n");

/** Whoever comes without a password is a super user; there are rules for others, once a suite makes some. */
const commonProperties: BrokerProperties = {
  "auto.create.topics.enable": "true",
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "super.users": `User:ANONYMOUS;User:${user.name}`,
  "connection.failed.authentication.delay.ms": 0,
  "group.initial.rebalance.delay.ms": 0,
  "ssl.keystore.type": "PEM",
  "ssl.keystore.certificate.chain": oneLine(own.certificate),
  "ssl.keystore.key": oneLine(own.key),
  "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
  ...jaasLines("sasl_plaintext"),
  ...jaasLines("sasl_ssl"),
};

function jaasLines(listener: string): BrokerProperties {
  const { name, password } = user;
  const lines = {
    plain: `plain.PlainLoginModule required user_${name}="${password}";`,
    "scram-sha-256": "scram.ScramLoginModule required;",
    "scram-sha-512": "scram.ScramLoginModule required;",
    oauthbearer: `oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="${name}";`,
  };
  return Object.fromEntries(
    Object.entries(lines).map(([mechanism, line]) => [
      `listener.name.${listener}.${mechanism}.sasl.jaas.config`,
      `${jaas}.${line}`,
    ]),
  );
}

/** Those that one node of Apache Kafka needs to serve share groups. */
const singleNode = {
  "share.coordinator.state.topic.replication.factor": 1,
  "share.coordinator.state.topic.min.isr": 1,
  "share.coordinator.state.topic.num.partitions": 4,
};

const protocols = ["PLAINTEXT", "SASL_PLAINTEXT", "SASL_SSL"] as const;

/** Addresses in the order of the protocols, from a port on; the one after it is a controller's. */
function addressesFrom(port: number): readonly string[] {
  return [port, port + 2, port + 3].map((at) => `127.0.0.1:${at}`);
}

function listenersAt(addresses: readonly string[]): string {
  return addresses.map((address, at) => `${protocols[at]}://${address}`).join();
}

export async function startOurs(suite: Suite): Promise<Target> {
  const port = await freePorts(1);
  const listeners = listenersAt(addressesFrom(port));
  const broker = await startBundledBroker(
    {
      ...commonProperties,
      ...suite.properties,
      "node.id": 0,
      listeners,
      "advertised.listeners": listeners,
    },
    port,
  );
  return targetOf(suite, broker, broker.addresses);
}

export async function startTheirs(suite: Suite): Promise<Target> {
  let addresses: readonly string[] = [];
  const kafka = await startApacheKafka({
    properties: (port) => {
      addresses = addressesFrom(port);
      const listeners = listenersAt(addresses);
      const protocolMap = [...protocols.map((name) => `${name}:${name}`), "CONTROLLER:PLAINTEXT"];
      return {
        ...singleNode,
        ...commonProperties,
        ...suite.properties,
        listeners: `${listeners},CONTROLLER://127.0.0.1:${port + 1}`,
        "advertised.listeners": listeners,
        "listener.security.protocol.map": protocolMap.join(),
      };
    },
  });
  return targetOf(suite, kafka, addresses);
}

async function targetOf(
  { signIn }: Suite,
  broker: AsyncDisposable,
  addresses: readonly string[],
): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-suite-"));
  // As the fixtures of one of the suites call it.
  const authorityFile = join(folder, "ca-cert");
  writeFileSync(authorityFile, authority);
  const dispose = async () => {
    await broker[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  };
  const [plainAddress, saslAddress] = addresses;
  try {
    await addUser(plainAddress);
  } catch (error) {
    await dispose();
    throw error;
  }
  const address = addresses[protocols.indexOf(signIn?.protocol ?? "PLAINTEXT")];
  return { address, plainAddress, saslAddress, authorityFile, [Symbol.asyncDispose]: dispose };
}

async function addUser(address: string): Promise<void> {
  const [host, port] = address.split(":");
  const client = await TestClient.connect(nodePlatform(), { host, port: Number(port) });
  try {
    for (const mechanism of [1, 2]) {
      const request = { deletions: [], upsertions: [credentialsOf(mechanism)] };
      const answer = await client.ask(alterUserScramCredentialsApi, 0, request);
      if (answer?.results[0].errorCode !== 0)
        throw new Error(`the user was not taken: ${JSON.stringify(answer)}`);
    }
  } finally {
    client.connection.destroy();
  }
}

function credentialsOf(mechanism: number) {
  const salt = Buffer.from("millrace-suites");
  const [digest, bytes] = mechanism === 1 ? (["sha256", 32] as const) : (["sha512", 64] as const);
  return {
    name: user.name,
    mechanism,
    iterations: scramIterations,
    salt,
    saltedPassword: pbkdf2Sync(user.password, salt, scramIterations, bytes, digest),
  };
}
