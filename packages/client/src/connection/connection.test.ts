import { ClusterError } from "@millrace/cluster";
import { concatBytes } from "@millrace/model";
import { memoryPlatform, type VirtualMemoryPlatform } from "@millrace/platform/memory";
import { encodeResponse, errorCodeOf } from "@millrace/protocol";
import {
  apiVersionsApi,
  createPartitionsApi,
  createTopicsApi,
  deleteTopicsApi,
  listGroupsApi,
  metadataApi,
} from "@millrace/protocol/definitions";
import { describe, expect, test } from "vitest";
import { ScriptedBroker, scriptedCluster } from "../../test-support/scripted-broker.ts";
import { connect, type KafkaClient } from "../kafka-client.ts";
import { addressName, parseBootstrapServers } from "./bootstrap-servers.ts";
import { ReconnectingLink } from "./reconnecting-link.ts";

const orders = { name: "orders", partitionCount: 2 };

interface Scene {
  readonly platform: VirtualMemoryPlatform;
  readonly broker: ScriptedBroker;
  readonly client: KafkaClient;
}

async function play(story: (scene: Scene) => Promise<void>): Promise<void> {
  const platform = memoryPlatform();
  const cluster = scriptedCluster();
  const broker = await ScriptedBroker.start(platform, 1, cluster);
  const client = connect(platform, { bootstrapServers: addressName(broker.address) });
  await platform.until(story({ platform, broker, client }));
  await platform.until(client.close());
}

describe("addresses", () => {
  test("are host and port, Kafka's port by default, IPv6 in brackets", () => {
    expect(parseBootstrapServers(" a:1, b ,[::1]:9093,PLAINTEXT://c:2")).toEqual([
      { host: "a", port: 1 },
      { host: "b", port: 9092 },
      { host: "::1", port: 9093 },
      { host: "c", port: 2 },
    ]);
  });

  test.each(["", "a:b", "a:0", "a:70000", "a b:1"])("%j is none", (text) => {
    expect(() => parseBootstrapServers(text)).toThrow(ClusterError);
  });
});

describe("a connection", () => {
  test("goes down to the version that an older broker names", () =>
    play(async ({ broker, client }) => {
      const apiKeys = [
        { apiKey: 18, minVersion: 0, maxVersion: 2 },
        { apiKey: 3, minVersion: 0, maxVersion: 5 },
      ];
      broker.on(apiVersionsApi, (_, { version, correlationId }) => {
        const errorCode = version > 2 ? 35 : 0;
        const answered = { version: version > 2 ? 0 : version, correlationId };
        return {
          raw: [concatBytes(...encodeResponse(apiVersionsApi, answered, { errorCode, apiKeys }))],
        };
      });
      await client.admin.listTopics();
      expect(broker.of("ApiVersions").map(({ version }) => version)).toEqual([4, 2]);
      expect(broker.of("Metadata").map(({ version }) => version)).toEqual([5]);
    }));

  test("what a broker told is known while its connection is lost", async () => {
    const platform = memoryPlatform();
    const broker = await ScriptedBroker.start(platform, 1, scriptedCluster());
    const link = new ReconnectingLink(broker.address, {
      platform,
      clientId: "test",
      requestTimeoutMs: 1000,
      connectTimeoutMs: 1000,
      reconnectBackoffMs: 50,
      reconnectBackoffMsMax: 50,
      responseBytesMax: 1024,
      security: { tls: undefined, sasl: undefined },
    });
    expect(link.versions).toBeUndefined();
    await platform.until(link.call({ api: metadataApi, body: () => ({ topics: [] }) }));
    broker.dropAll();
    await platform.until(platform.timers.sleep(10));
    expect(link.isReady).toBe(false);
    expect(link.versions?.featuresEpoch).toBe(1);
    link.close();
  });

  test("tells what a broker does not serve", () =>
    play(async ({ broker, client }) => {
      const apiKeys = [
        { apiKey: 18, minVersion: 0, maxVersion: 4 },
        { apiKey: 3, minVersion: 0, maxVersion: 5 },
      ];
      broker.on(apiVersionsApi, () => ({ errorCode: 0, apiKeys }));
      await expect(client.admin.listGroups()).rejects.toMatchObject({
        code: "UNSUPPORTED_BY_CLUSTER",
        message: expect.stringContaining("ListGroups not at all"),
      });
    }));

  test("CLIENT-1: an answer to another question closes it, and the question is asked again", () =>
    play(async ({ broker, client }) => {
      let count = 0;
      broker.on(listGroupsApi, (_, { version, correlationId }) => {
        if (++count > 1) return { errorCode: 0, groups: [] };
        const wrong = { version, correlationId: correlationId + 7 };
        return {
          raw: [concatBytes(...encodeResponse(listGroupsApi, wrong, { errorCode: 0, groups: [] }))],
        };
      });
      expect(await client.admin.listGroups()).toEqual([]);
      expect(count).toBe(2);
    }));

  test.each([
    ["a frame that claims two gigabytes", Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 0, 0)],
    ["a frame of negative length", Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0)],
    ["a frame too short for its id", Uint8Array.of(0, 0, 0, 1, 9)],
    ["a body that ends early", Uint8Array.of(0, 0, 0, 6, 0, 0, 0, 0, 0, 9)],
    ["another protocol", new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n")],
  ])("%s ends it with an error that names the address", (_, raw) =>
    play(async ({ broker, client }) => {
      broker.on(apiVersionsApi, () => ({ raw: [raw] }));
      await expect(client.admin.listTopics()).rejects.toMatchObject({
        code: "BROKER_UNREACHABLE",
        message: expect.stringContaining(addressName(broker.address)),
      });
    }),
  );

  test.each([
    ["without sasl", {}, "does that listener want sasl, or ssl?"],
    [
      "with sasl",
      { sasl: { mechanism: "SCRAM-SHA-512", username: "ann", password: "s" } as const },
      "does that listener want ssl?",
    ],
  ])("a broker that closes at the first request of a client %s may want more", (_, given, hint) =>
    play(async ({ platform, broker }) => {
      broker.on(apiVersionsApi, () => "close");
      const client = connect(platform, {
        bootstrapServers: addressName(broker.address),
        ...given,
      });
      await expect(client.admin.listTopics()).rejects.toMatchObject({
        code: "BROKER_UNREACHABLE",
        message: expect.stringContaining(hint),
      });
      await client.close();
    }),
  );

  test("a silent broker is given up after the request timeout, and asked again", () =>
    play(async ({ platform, broker, client }) => {
      let count = 0;
      broker.on(listGroupsApi, () => (++count === 1 ? "silence" : { errorCode: 0, groups: [] }));
      expect(await client.admin.listGroups()).toEqual([]);
      expect(platform.clock.monotonicMs()).toBeGreaterThanOrEqual(30_000);
      expect(platform.clock.monotonicMs()).toBeLessThan(31_000);
    }));
});

test.each<readonly [name: string, ask: (client: KafkaClient) => Promise<unknown>]>([
  ["createTopics", (client) => client.admin.createTopics([orders])],
  ["createPartitions", (client) => client.admin.createPartitions([orders])],
  ["deleteTopics", (client) => client.admin.deleteTopics(["orders"])],
])("%s gives a silent broker up within apiTimeout", async (_name, ask) => {
  const platform = memoryPlatform();
  const broker = await ScriptedBroker.start(platform, 1, scriptedCluster());
  broker.on(createTopicsApi, () => "silence");
  broker.on(createPartitionsApi, () => "silence");
  broker.on(deleteTopicsApi, () => "silence");
  const client = connect(platform, {
    bootstrapServers: addressName(broker.address),
    apiTimeout: "6s",
  });
  await expect(platform.until(ask(client))).rejects.toBeInstanceOf(Error);
  expect(platform.clock.monotonicMs()).toBeLessThan(7_000);
  await platform.until(client.close());
});

test("what nobody answering means is said once", async () => {
  const platform = memoryPlatform();
  const client = connect(platform, { bootstrapServers: "kafka-1:9092" });
  const failure = await platform.until(
    client.admin.describeCluster().then(
      () => "",
      (error: Error) => error.message,
    ),
  );
  expect(failure).toMatch(/^no broker answers at kafka-1:9092 \([^()]+\); is it started, /);
  expect(failure.match(/no broker answers|is it started/g)).toHaveLength(2);
  await platform.until(client.close());
});

test("nobody at the addresses: an error names them all, within bootstrapTimeout", async () => {
  const platform = memoryPlatform();
  const client = connect(platform, { bootstrapServers: ["kafka-1:9092", "kafka-2:9092"] });
  const failure = platform.until(client.admin.describeCluster());
  await expect(failure).rejects.toMatchObject({
    code: "BROKER_UNREACHABLE",
    message: expect.stringMatching(/kafka-1:9092.*kafka-2:9092/),
  });
  expect(platform.clock.monotonicMs()).toBeLessThanOrEqual(15_000);
  await platform.until(client.close());
  await expect(client.admin.describeCluster()).rejects.toMatchObject({ code: "CLUSTER_CLOSED" });
});

test("when all known brokers are away, the bootstrap servers are asked again", async () => {
  const platform = memoryPlatform();
  const cluster = scriptedCluster();
  const broker = await ScriptedBroker.start(platform, 1, cluster);
  const client = connect(platform, { bootstrapServers: addressName(broker.address) });
  await platform.until(client.admin.listTopics());
  broker.on(metadataApi, () => ({
    clusterId: "scripted",
    brokers: [{ nodeId: 9, host: "gone", port: 1 }],
    topics: [],
  }));
  expect((await platform.until(client.admin.describeCluster())).brokers).toHaveLength(1);
  broker.dropAll();
  const { brokers } = await platform.until(client.admin.describeCluster());
  expect(brokers).toEqual([{ nodeId: 9, host: "gone", port: 1 }]);
  await platform.until(client.close());
});

test("whoever waits for a first broker is told so, once", async () => {
  const told: unknown[] = [];
  const logger = {
    isEnabled: () => true,
    log: (_level: string, event: string, fields?: object) => {
      if (event === "client.no-broker-yet") told.push(fields);
    },
  };
  const platform = memoryPlatform({ logger });
  const client = connect(platform, { bootstrapServers: "kafka-1:9092" });
  const failure = platform.until(client.admin.describeCluster());
  await expect(failure).rejects.toMatchObject({ code: "BROKER_UNREACHABLE" });
  expect(told).toEqual([
    { cause: expect.stringContaining("kafka-1:9092"), advice: "it is tried again for 15 s" },
  ]);
  await platform.until(client.close());
});

test("brokers that are away are told once, and once more when they are away again", async () => {
  let told = 0;
  const logger = {
    isEnabled: () => true,
    log: (_level: string, event: string) => {
      if (event === "client.metadata-refresh-failed") told++;
    },
  };
  const platform = memoryPlatform({ logger });
  const broker = await ScriptedBroker.start(platform, 1, scriptedCluster());
  let isAway = false;
  const node = { nodeId: 1, ...broker.address };
  const errorCode = errorCodeOf("UNKNOWN_TOPIC_OR_PARTITION");
  const topics = [{ errorCode, name: "t", partitions: [] }];
  broker.on(metadataApi, () => (isAway ? "close" : { brokers: [node], topics }));
  const client = connect(platform, { bootstrapServers: addressName(broker.address) });
  const reader = client.openReader({ isolation: "read_committed" });
  reader.assign([{ topic: "t", partition: 0, offset: 0 }]); // asks again and again for its topic
  const tellsAfterOutage = async (): Promise<number> => {
    isAway = true;
    await platform.until(platform.timers.sleep(30_000));
    isAway = false;
    await platform.until(platform.timers.sleep(30_000));
    return told;
  };
  expect(await tellsAfterOutage()).toBe(1);
  expect(await tellsAfterOutage()).toBe(2);
  await platform.until(client.close());
});
