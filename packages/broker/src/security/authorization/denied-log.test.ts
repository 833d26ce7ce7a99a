import { encodeUtf8 } from "@millrace/model";
import {
  consumerGroupHeartbeatApi,
  createAclsApi,
  createTopicsApi,
  deleteTopicsApi,
  initProducerIdApi,
  listGroupsApi,
  metadataApi,
  offsetForLeaderEpochApi,
  saslAuthenticateApi,
  saslHandshakeApi,
} from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";
import { expect, test } from "vitest";
import { type brokerWorld, runWorld } from "../../../test-support/broker-world.ts";
import { TestClient } from "../../../test-support/test-client.ts";
import type { Operation, Resource } from "../../server/request-context.ts";
import { operationNumbers, permissions, resourceNumbers } from "./access-control-numbers.ts";

const properties = {
  "offsets.topic.num.partitions": 1,
  listeners: "MASTER://127.0.0.1:9092,TENANTS://127.0.0.1:9094",
  "listener.security.protocol.map": "MASTER:PLAINTEXT,TENANTS:SASL_PLAINTEXT",
  "sasl.enabled.mechanisms": "PLAIN",
  "listener.name.tenants.plain.sasl.jaas.config":
    'org.apache.kafka.common.security.plain.PlainLoginModule required user_ann="s";',
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "super.users": "User:ANONYMOUS",
};

function allow(operation: Operation, kind: Resource["kind"]) {
  return {
    resourceType: resourceNumbers[kind],
    resourceName: "ann-",
    resourcePatternType: 4,
    principal: "User:ann",
    host: "*",
    operation: operationNumbers[operation],
    permissionType: permissions.ALLOW,
  };
}

/** A topic of ann's and one that is not, and ann, who may do most with what begins by her name. */
async function twoTenants({ platform, start }: ReturnType<typeof brokerWorld>) {
  const { broker, client: master } = await start();
  await master.createTopic("ann-orders");
  await master.createTopic("bob-orders");
  const operations = ["READ", "WRITE", "CREATE", "DELETE"] as const;
  const creations = [
    ...operations.map((operation) => allow(operation, "TOPIC")),
    allow("READ", "GROUP"),
  ];
  await master.ask(createAclsApi, 3, { creations });
  const ann = await TestClient.connect(platform, broker.addresses[1]);
  await ann.ask(saslHandshakeApi, 1, { mechanism: "PLAIN" });
  await ann.ask(saslAuthenticateApi, 2, { authBytes: encodeUtf8("\0ann\0s") });
  return { broker, ann };
}

const named = (name: string) => ({
  name,
  numPartitions: 1,
  replicationFactor: 1,
  assignments: [],
  configs: [],
});

test("what is refused is told in the log, and not what was only looked at on the way to an answer", () =>
  runWorld({ properties, port: undefined }, async (world) => {
    const { broker, ann } = await twoTenants(world);
    const seen = await ann.ask(metadataApi, 10, {
      topics: null,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: true,
    });
    expect(seen?.topics.map(({ name }) => name)).toEqual(["ann-orders"]);
    const topics = [{ name: "ann-made" }];
    await ann.ask(metadataApi, 12, { topics, allowAutoTopicCreation: true });
    const created = await ann.ask(createTopicsApi, 7, { topics: [named("ann-bills")] });
    expect(created?.topics).toMatchObject([{ errorCode: 0, topicConfigErrorCode: 29 }]);
    const deleted = await ann.ask(deleteTopicsApi, 6, {
      topics: [{ name: "ann-bills", topicId: zeroUuid }],
      timeoutMs: 1000,
    });
    expect(deleted?.responses).toMatchObject([{ errorCode: 0 }]);
    const writer = await ann.ask(initProducerIdApi, 4, {
      transactionalId: null,
      transactionTimeoutMs: 0,
    });
    expect(writer).toMatchObject({ errorCode: 0 });
    expect(await ann.ask(listGroupsApi, 4, {})).toMatchObject({ errorCode: 0 });
    await ann.ask(offsetForLeaderEpochApi, 4, {
      topics: [{ topic: "ann-orders", partitions: [{ partition: 0, leaderEpoch: 0 }] }],
    });
    await ann.ask(consumerGroupHeartbeatApi, 1, {
      groupId: "ann-readers",
      memberId: "m",
      memberEpoch: 0,
      rebalanceTimeoutMs: 1000,
      subscribedTopicRegex: ".*-orders",
      topicPartitions: [],
    });
    await world.platform.timers.sleep(100);
    const denied = () =>
      world.told
        .filter(({ event }) => event === "broker.denied")
        .map(({ operation, resource }) => `${String(operation)} ${String(resource)}`);
    expect(denied()).toEqual([]);

    await ann.ask(createTopicsApi, 7, { topics: [named("bob-bills")] });
    expect(denied()).toEqual(["CREATE TOPIC:bob-bills"]);
    const again = () => ann.ask(createTopicsApi, 7, { topics: [named("bob-bills")] });
    for (let count = 0; count < 5; count++) await again();
    await ann.ask(createTopicsApi, 7, { topics: [named("bob-more")] });
    expect(denied()).toEqual(["CREATE TOPIC:bob-bills", "CREATE TOPIC:bob-more"]);
    await world.platform.timers.sleep(60_000);
    await again();
    expect(denied()).toHaveLength(3);
    expect(world.told.findLast(({ event }) => event === "broker.denied")).toMatchObject({
      principal: "User:ann",
      operation: "CREATE",
      resource: "TOPIC:bob-bills",
      notTold: 5,
    });
    await broker.close();
  }));

test("who asks for ever other things fills no log: some are told, the rest counted", () =>
  runWorld({ properties, port: undefined }, async (world) => {
    const { broker, ann } = await twoTenants(world);
    const denied = () => world.told.filter(({ event }) => event === "broker.denied");
    const ask = (stem: string, count: number) =>
      ann.ask(metadataApi, 12, {
        topics: Array.from({ length: count }, (_, number) => ({ name: `${number}-${stem}` })),
        allowAutoTopicCreation: false,
      });
    await ask("bob".repeat(1000), 250);
    expect(denied()).toHaveLength(100);
    expect(String(denied()[0]["resource"]).length).toBeLessThan(300);
    await world.platform.timers.sleep(60_000);
    await ask("eve", 1);
    expect(denied().slice(100)).toMatchObject([{ resource: "TOPIC:0-eve", othersNotTold: 150 }]);
    await broker.close();
  }));
