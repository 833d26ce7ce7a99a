import { pbkdf2Sync } from "node:crypto";

import type { BrokerProperties } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { alterUserScramCredentialsApi } from "@millrace/protocol/definitions";

import { TestClient } from "../../../packages/broker/test-support/test-client.ts";
import { freePorts, startApacheKafka } from "../apache-kafka.ts";
import { startBundledBroker } from "../bundled-broker.ts";
import type { Suite, Target } from "./suite.ts";

/** Who signs in by SCRAM, PLAIN, or with a token that nobody signed. */
export const user = { name: "admin", password: "admin-secret" };
const scramIterations = 4096;
const jaas = "org.apache.kafka.common.security";

/** Whoever comes without a password is a super user; there are rules for others, once a suite makes some. */
const commonProperties: BrokerProperties = {
  "auto.create.topics.enable": "true",
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "super.users": `User:ANONYMOUS;User:${user.name}`,
  "connection.failed.authentication.delay.ms": 0,
  "group.initial.rebalance.delay.ms": 0,
  "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
  "listener.name.sasl_plaintext.plain.sasl.jaas.config": `${jaas}.plain.PlainLoginModule required user_${user.name}="${user.password}";`,
  "listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config": `${jaas}.scram.ScramLoginModule required;`,
  "listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config": `${jaas}.scram.ScramLoginModule required;`,
  "listener.name.sasl_plaintext.oauthbearer.sasl.jaas.config": `${jaas}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="${user.name}";`,
};

/** Those that one node of Apache Kafka needs to serve share groups. */
const singleNode = {
  "share.coordinator.state.topic.replication.factor": 1,
  "share.coordinator.state.topic.min.isr": 1,
  "share.coordinator.state.topic.num.partitions": 4,
};

export async function startOurs(suite: Suite): Promise<Target> {
  const port = await freePorts(1);
  const listeners = `PLAINTEXT://127.0.0.1:${port},SASL_PLAINTEXT://127.0.0.1:${port + 2}`;
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
  return targetOf(broker, broker.addresses);
}

export async function startTheirs(suite: Suite): Promise<Target> {
  let saslPort = 0;
  const kafka = await startApacheKafka({
    properties: (port) => {
      saslPort = port + 2;
      const listeners = `PLAINTEXT://127.0.0.1:${port},SASL_PLAINTEXT://127.0.0.1:${saslPort}`;
      return {
        ...singleNode,
        ...commonProperties,
        ...suite.properties,
        listeners: `${listeners},CONTROLLER://127.0.0.1:${port + 1}`,
        "advertised.listeners": listeners,
        "listener.security.protocol.map":
          "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT",
      };
    },
  });
  return targetOf(kafka, [kafka.address, `127.0.0.1:${saslPort}`]);
}

async function targetOf(
  broker: AsyncDisposable,
  [address, saslAddress]: readonly string[],
): Promise<Target> {
  try {
    await addUser(address);
  } catch (error) {
    await broker[Symbol.asyncDispose]();
    throw error;
  }
  return { address, saslAddress, [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose]() };
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
