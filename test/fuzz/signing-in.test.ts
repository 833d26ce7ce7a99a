import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import { SeededRandom } from "@millrace/platform";
import { encodeRequest } from "@millrace/protocol";
import {
  alterUserScramCredentialsApi,
  apiVersionsApi,
  listGroupsApi,
  saslAuthenticateApi,
  saslHandshakeApi,
} from "@millrace/protocol/definitions";
import { expect, test } from "vitest";

import { brokerWorld } from "../../packages/broker/test-support/broker-world.ts";
import { TestClient } from "../../packages/broker/test-support/test-client.ts";
import { frameCount, seed } from "./fuzz-size.ts";
import { expectNoFailure, sendFrame } from "./live-world.ts";
import { makeRequest, pick } from "./make-message.ts";
import { mutate } from "./mutate.ts";

/*
 * Each connection goes some steps of signing in as it should, as far as that goes without the password, and then sends
 * something else. The broker is in virtual time.
 */
const connections = frameCount(400_000, 1000);
const header = { correlationId: 7, clientId: "stranger" };
const salt = encodeUtf8("salt");
const module = "org.apache.kafka.common.security";
const properties = {
  listeners: "PLAINTEXT://127.0.0.1:9092,SASL_PLAINTEXT://127.0.0.1:9093",
  "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256",
  "connection.failed.authentication.delay.ms": 0,
  "listener.name.sasl_plaintext.plain.sasl.jaas.config": `${module}.plain.PlainLoginModule required user_ann="quite another word";`,
  "listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config": `${module}.scram.ScramLoginModule required;`,
};

function authenticate(message: string, version: number): Uint8Array {
  const request = { authBytes: encodeUtf8(message) };
  return frameOf(encodeRequest(saslAuthenticateApi, { ...header, version }, request));
}

function handshake(mechanism: string, version: number): Uint8Array {
  return frameOf(encodeRequest(saslHandshakeApi, { ...header, version }, { mechanism }));
}

function frameOf(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts).subarray(4);
}

/** Goes some steps; gives the next one, as it should be. */
const steps = {
  versions: async (random: SeededRandom) =>
    makeRequest(random, apiVersionsApi, random.below(apiVersionsApi.versions.max + 1)),
  handshake: async (random: SeededRandom) =>
    handshake(pick(random, ["PLAIN", "SCRAM-SHA-256", "GSSAPI"]), random.below(2)),
  "handshake after versions": async (random: SeededRandom, client: TestClient) => {
    await client.ask(apiVersionsApi, 3, { clientSoftwareName: "x", clientSoftwareVersion: "1" });
    return handshake("PLAIN", random.below(2));
  },
  plain: async (random: SeededRandom, client: TestClient) => {
    await client.ask(saslHandshakeApi, 1, { mechanism: "PLAIN" });
    const words = ["\0ann\0a word", "ann\0ann\0a word", "\0nobody\0x"];
    return authenticate(pick(random, words), random.below(3));
  },
  "plain without headers": async (_: SeededRandom, client: TestClient) => {
    await client.ask(saslHandshakeApi, 0, { mechanism: "PLAIN" });
    return encodeUtf8("\0ann\0a word");
  },
  "first of SCRAM": async (random: SeededRandom, client: TestClient) => {
    await client.ask(saslHandshakeApi, 1, { mechanism: "SCRAM-SHA-256" });
    const words = ["n,,n=ann,r=abc", "n,a=ann,n=ann,r=abc,x=1", "n,,n=ann,r=abc,tokenauth=true"];
    return authenticate(pick(random, words), random.below(3));
  },
  "last of SCRAM": async (random: SeededRandom, client: TestClient) => {
    await client.ask(saslHandshakeApi, 1, { mechanism: "SCRAM-SHA-256" });
    const authBytes = encodeUtf8("n,,n=ann,r=abc");
    const challenge = await client.ask(saslAuthenticateApi, 2, { authBytes });
    expect(challenge?.errorCode).toBe(0);
    const nonce = /r=([^,]+)/.exec(decodeUtf8(challenge?.authBytes ?? salt))?.[1];
    const proof = Buffer.alloc(32, random.below(256)).toString("base64");
    return authenticate(`c=biws,r=${nonce},p=${proof}`, random.below(3));
  },
};
const names = Object.keys(steps) as (keyof typeof steps)[]; // keys of a literal

test(
  `${connections} who sign in with mutated messages are not let in, and harm nobody (seed ${seed})`,
  { timeout: 2_400_000 },
  async () => {
    const world = brokerWorld({ properties });
    const { platform } = world;
    const random = new SeededRandom(seed);
    const story = async (): Promise<void> => {
      const { broker, client: master } = await world.start();
      const user = { name: "ann", mechanism: 1, iterations: 4096, salt };
      const upsertions = [{ ...user, saltedPassword: new Uint8Array(32).fill(9) }];
      await master.ask(alterUserScramCredentialsApi, 0, { deletions: [], upsertions });
      let left = 0;
      for (let count = 0; count < connections; count++) {
        const client = await TestClient.connect(platform, broker.addresses[1]);
        const step = pick(random, names);
        const frame = await steps[step](random, client);
        await sendFrame(world, client, mutate(random, frame));
        if (client.isClosed) left++;
        // Whoever was let in would be answered without an error.
        else expect((await client.ask(listGroupsApi, 4, {}))?.errorCode, step).not.toBe(0);
        client.connection.destroy();
        expectNoFailure(world);
      }
      expect(left).toBeGreaterThan(connections / 4);
      expect(left).toBeLessThan(connections);
      const other = await TestClient.connect(platform, broker.address);
      await other.createTopic("afterwards");
      expect(await other.produce("afterwards", ["a"])).toMatchObject({ errorCode: 0 });
      await broker.close();
      expectNoFailure(world);
    };
    await platform.until(story());
  },
);
