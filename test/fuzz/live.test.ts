import { type NetworkAddress, SeededRandom } from "@millrace/platform";
import { nodeCompression } from "@millrace/protocol/compression";
import { saslAuthenticateApi, saslHandshakeApi } from "@millrace/protocol/definitions";
import { expect, test } from "vitest";

import { brokerWorld, type BrokerWorld } from "../../packages/broker/test-support/broker-world.ts";
import { TestClient } from "../../packages/broker/test-support/test-client.ts";
import { apis } from "./apis.ts";
import { frameCount, seed } from "./fuzz-size.ts";
import { makeRequest, pick } from "./make-message.ts";
import { mutate } from "./mutate.ts";

/*
 * A broker on a disk in memory, in virtual time: frames come, one connection after the other, and in the end it serves
 * an ordinary client. What it says of itself is looked at: a handler that fails by what it was sent says so.
 */
const frames = frameCount(400_000, 1000);
const mutationsEach = 10;
/** On one connection, if it lasts so long. */
const framesPerConnection = 10;
const answeredMs = 5;
const topic = "orders";

function sized(frame: Uint8Array): Uint8Array {
  const whole = Buffer.alloc(frame.length + 4);
  whole.writeInt32BE(frame.length, 0);
  whole.set(frame, 4);
  return whole;
}

async function trouble(
  { platform }: BrokerWorld,
  address: NetworkAddress,
  make: (random: SeededRandom) => Uint8Array,
): Promise<number> {
  const random = new SeededRandom(seed);
  let closed = 0;
  let client: TestClient | undefined;
  let sent = 0;
  for (let count = 0; count < frames; count += mutationsEach) {
    const request = make(random);
    for (let index = 0; index < mutationsEach; index++) {
      if (client === undefined || client.isClosed || sent++ % framesPerConnection === 0) {
        if (client?.isClosed === true) closed++;
        client?.connection.destroy();
        client = await TestClient.connect(platform, address);
      }
      client.connection.write([sized(mutate(random, request))]);
      await wait(platform, answeredMs);
    }
  }
  client?.connection.destroy();
  return closed;
}

function wait({ timers }: BrokerWorld["platform"], ms: number): Promise<void> {
  return new Promise((resolve) => void timers.after(ms, resolve));
}

function expectNoFailure({ told }: BrokerWorld): void {
  const failures = told.filter(({ level }) => level === "error");
  expect(failures.slice(0, 3), `seed ${seed}`).toEqual([]);
}

test(
  `${frames} mutated requests harm nobody but those who send them (seed ${seed})`,
  { timeout: 2_400_000 },
  async () => {
    const world = brokerWorld({ codecs: nodeCompression });
    const story = async (): Promise<void> => {
      const { broker, client } = await world.start();
      await client.createTopic(topic);
      const closed = await trouble(world, broker.address, (random) => {
        const api = pick(random, apis);
        const { min, max } = api.versions;
        return makeRequest(random, api, min + random.below(max - min + 1));
      });
      expect(closed).toBeGreaterThan(0);
      const other = await TestClient.connect(world.platform, broker.address);
      await other.createTopic("afterwards");
      expect(await other.produce("afterwards", ["a"])).toMatchObject({ errorCode: 0 });
      expect(await other.fetch("afterwards", 0)).toMatchObject({ errorCode: 0, highWatermark: 1 });
      expectNoFailure(world);
      await broker.close();
    };
    await world.platform.until(story());
  },
);

test(
  `${frames} mutated messages of those who sign in let nobody in, and harm nobody (seed ${seed})`,
  { timeout: 2_400_000 },
  async () => {
    const module = "org.apache.kafka.common.security";
    const world = brokerWorld({
      codecs: nodeCompression,
      properties: {
        listeners: "PLAINTEXT://127.0.0.1:9092,SASL_PLAINTEXT://127.0.0.1:9093",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256",
        "connection.failed.authentication.delay.ms": 0,
        "listener.name.sasl_plaintext.plain.sasl.jaas.config": `${module}.plain.PlainLoginModule required user_ann="quite another word";`,
        "listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config": `${module}.scram.ScramLoginModule required;`,
      },
    });
    const story = async (): Promise<void> => {
      const { broker } = await world.start();
      const closed = await trouble(world, broker.addresses[1], (random) =>
        random.chance(0.3)
          ? makeRequest(random, saslHandshakeApi, random.below(2))
          : makeRequest(random, saslAuthenticateApi, random.below(3)),
      );
      expect(closed).toBeGreaterThan(0);
      // One that was there from the start would have been idle for too long.
      const other = await TestClient.connect(world.platform, broker.address);
      expect(await other.createTopic(topic)).toBeDefined();
      expect(await other.produce(topic, ["a"])).toMatchObject({ errorCode: 0 });
      expectNoFailure(world);
      await broker.close();
    };
    await world.platform.until(story());
  },
);
