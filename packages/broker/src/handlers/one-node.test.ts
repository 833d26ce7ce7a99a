import { errorCodeOf, type ErrorName } from "@millrace/protocol";
import {
  addRaftVoterApi,
  alterPartitionReassignmentsApi,
  alterReplicaLogDirsApi,
  apiVersionsApi,
  consumerGroupDescribeApi,
  consumerGroupHeartbeatApi,
  describeLogDirsApi,
  describeQuorumApi,
  electLeadersApi,
  listConfigResourcesApi,
  listPartitionReassignmentsApi,
  removeRaftVoterApi,
  streamsGroupDescribeApi,
  unregisterBrokerApi,
  updateFeaturesApi,
} from "@millrace/protocol/definitions";
import { afterAll, beforeAll, expect, test } from "vitest";
import { brokerWorld } from "../../test-support/broker-world.ts";
import type { TestClient } from "../../test-support/test-client.ts";
import type { Broker } from "../broker.ts";

/* What brokers ask of each other, and tools of a cluster, as the only node of one answers it. */

const world = brokerWorld();
let broker: Broker;
let client: TestClient;

beforeAll(() =>
  world.platform.until(
    (async () => {
      ({ broker, client } = await world.start());
      await client.createTopic("a", 2);
      await client.produce("a", ["one"]);
    })(),
  ),
);
afterAll(() => world.platform.until(broker.close()));

function story(name: string, run: () => Promise<void>): void {
  test(name, () => world.platform.until(run()));
}

const coded = (name: ErrorName) => ({ errorCode: errorCodeOf(name) });

story("every leader is elected already; of all partitions none is told", async () => {
  const elect = (
    electionType: number,
    topicPartitions: { topic: string; partitions: number[] }[] | null,
  ) => client.ask(electLeadersApi, 2, { electionType, topicPartitions });
  for (const type of [0, 1]) {
    const answer = await elect(type, [
      { topic: "a", partitions: [1, 7] },
      { topic: "b", partitions: [0] },
    ]);
    expect(answer?.replicaElectionResults).toMatchObject([
      {
        topic: "a",
        partitionResult: [coded("ELECTION_NOT_NEEDED"), coded("UNKNOWN_TOPIC_OR_PARTITION")],
      },
      { topic: "b", partitionResult: [coded("UNKNOWN_TOPIC_OR_PARTITION")] },
    ]);
  }
  const all = await elect(0, null);
  expect(all?.replicaElectionResults).toContainEqual({ topic: "a", partitionResult: [] });
  expect(await elect(2, null)).toMatchObject({
    ...coded("INVALID_REQUEST"),
    replicaElectionResults: [],
  });
});

story("a partition is reassigned to where it is, and nowhere else", async () => {
  const reassign = async (replicas: number[] | null, name = "a", partitionIndex = 0) => {
    const topics = [{ name, partitions: [{ partitionIndex, replicas }] }];
    const answer = await client.ask(alterPartitionReassignmentsApi, 1, { topics });
    return answer?.responses[0].partitions[0];
  };
  expect(await reassign([1])).toMatchObject(coded("NONE"));
  for (const replicas of [[], [2], [1, 1], [1, 2]])
    expect(await reassign(replicas)).toMatchObject(coded("INVALID_REPLICA_ASSIGNMENT"));
  expect(await reassign(null)).toMatchObject(coded("NO_REASSIGNMENT_IN_PROGRESS"));
  expect(await reassign([1], "a", 2)).toMatchObject(coded("UNKNOWN_TOPIC_OR_PARTITION"));
  expect(await reassign([1], "b")).toMatchObject(coded("UNKNOWN_TOPIC_OR_PARTITION"));
  const listed = await client.ask(listPartitionReassignmentsApi, 0, { topics: null });
  expect(listed).toMatchObject({ ...coded("NONE"), topics: [] });
});

story("the metadata's quorum is this node, as far as the metadata go", async () => {
  const describe = async (topicName: string, indexes: readonly number[]) => {
    const partitions = indexes.map((partitionIndex) => ({ partitionIndex }));
    const answer = await client.ask(describeQuorumApi, 2, { topics: [{ topicName, partitions }] });
    return { nodes: answer?.nodes, partition: answer?.topics[0].partitions[0] };
  };
  const before = await describe("__cluster_metadata", [0]);
  expect(before).toMatchObject({
    nodes: [{ nodeId: 1, listeners: [{ name: "PLAINTEXT", host: "127.0.0.1", port: 9092 }] }],
    partition: { ...coded("NONE"), leaderId: 1, currentVoters: [{ replicaId: 1 }], observers: [] },
  });
  await client.createTopic("later");
  const { partition } = await describe("__cluster_metadata", [0]);
  expect(partition?.highWatermark).toBe((before.partition?.highWatermark ?? 0) + 2);
  expect(partition?.currentVoters[0].logEndOffset).toBe(partition?.highWatermark);
  for (const [topic, indexes] of [
    ["a", [0]],
    ["__cluster_metadata", [1]],
    ["__cluster_metadata", [0, 1]],
  ] as const)
    expect((await describe(topic, indexes)).partition).toMatchObject(
      coded("UNKNOWN_TOPIC_OR_PARTITION"),
    );
});

story("the only voter stays the only one", async () => {
  const zero = "AAAAAAAAAAAAAAAAAAAAAA";
  const directory = "BAAAAAAAAAAAAAAAAAAAAA";
  const add = (voterId: number, voterDirectoryId = directory, clusterId: string | null = null) =>
    client.ask(addRaftVoterApi, 1, {
      clusterId,
      timeoutMs: 100,
      voterId,
      voterDirectoryId,
      listeners: [],
    });
  const remove = (voterId: number, voterDirectoryId = directory) =>
    client.ask(removeRaftVoterApi, 0, { clusterId: null, voterId, voterDirectoryId });
  expect(await add(9)).toMatchObject(coded("UNSUPPORTED_VERSION"));
  expect(await remove(1)).toMatchObject(coded("UNSUPPORTED_VERSION"));
  expect(await add(9, directory, "another")).toMatchObject(coded("INCONSISTENT_CLUSTER_ID"));
  for (const answer of [await add(9, zero), await add(-1), await remove(1, zero)])
    expect(answer).toMatchObject(coded("INVALID_REQUEST"));
  const updated = await client.ask(updateFeaturesApi, 2, {
    featureUpdates: [{ feature: "kraft.version", maxVersionLevel: 1, upgradeType: 1 }],
  });
  expect(updated).toMatchObject(coded("NONE"));
  expect(await add(9)).toMatchObject(coded("REQUEST_TIMED_OUT"));
  expect(await add(1)).toMatchObject(coded("DUPLICATE_VOTER"));
  expect(await remove(1)).toMatchObject(coded("VOTER_NOT_FOUND"));
});

story("no other broker is registered, and the only one stays", async () => {
  const unregister = (brokerId: number) => client.ask(unregisterBrokerApi, 0, { brokerId });
  expect(await unregister(2)).toMatchObject(coded("BROKER_ID_NOT_REGISTERED"));
  expect(await unregister(1)).toMatchObject(coded("INVALID_REQUEST"));
});

story("levels of features go up and down as it is said, and are told", async () => {
  const update = (
    feature: string,
    maxVersionLevel: number,
    upgradeType = 1,
    validateOnly = false,
  ) =>
    client.ask(updateFeaturesApi, 2, {
      featureUpdates: [{ feature, maxVersionLevel, upgradeType }],
      validateOnly,
    });
  const level = async (feature: string) => {
    const answer = await client.ask(apiVersionsApi, 4, {
      clientSoftwareName: "t",
      clientSoftwareVersion: "1",
    });
    return answer?.finalizedFeatures?.find(({ name }) => name === feature)?.maxVersionLevel;
  };
  const refused = coded("INVALID_UPDATE_VERSION");
  expect(await level("transaction.version")).toBe(2);
  expect(await update("transaction.version", 1)).toMatchObject(refused);
  expect(await update("transaction.version", 3)).toMatchObject(refused);
  expect(await update("transaction.version", -1, 2)).toMatchObject(refused);
  expect(await update("transaction.version", 1, 0)).toMatchObject(refused);
  expect(await update("transaction.version", 1, 2, true)).toMatchObject(coded("NONE"));
  expect(await level("transaction.version")).toBe(2);
  expect(await update("transaction.version", 0, 2)).toMatchObject(coded("NONE"));
  expect(await level("transaction.version")).toBeUndefined();
  expect(await update("transaction.version", 2, 2)).toMatchObject(refused);
  expect(await update("transaction.version", 2)).toMatchObject(coded("NONE"));
  expect(await level("transaction.version")).toBe(2);
  for (const [feature, next] of [
    ["metadata.version", 29],
    ["no.such", 1],
  ] as const)
    for (const type of [1, 2, 3]) expect(await update(feature, next, type)).toMatchObject(refused);
});

story("a protocol whose feature is off is not served", async () => {
  const set = (maxVersionLevel: number, upgradeType: number) =>
    client.ask(updateFeaturesApi, 2, {
      featureUpdates: ["group.version", "streams.version"].map((feature) => ({
        feature,
        maxVersionLevel,
        upgradeType,
      })),
    });
  const codes = async () => {
    const asked = { groupIds: ["g"], includeAuthorizedOperations: false };
    const consumers = await client.ask(consumerGroupDescribeApi, 0, asked);
    const streams = await client.ask(streamsGroupDescribeApi, 0, asked);
    return [consumers, streams].map((answer) => answer?.groups[0].errorCode);
  };
  const absent = errorCodeOf("GROUP_ID_NOT_FOUND");
  const unsupported = errorCodeOf("UNSUPPORTED_VERSION");
  expect(await codes()).toEqual([absent, absent]);
  expect(await set(0, 2)).toMatchObject(coded("NONE"));
  expect(await codes()).toEqual([unsupported, unsupported]);
  const member = { groupId: "g", memberId: "", memberEpoch: 0, rebalanceTimeoutMs: 1000 };
  const consumer = await client.ask(consumerGroupHeartbeatApi, 0, {
    ...member,
    subscribedTopicNames: ["a"],
    topicPartitions: [],
  } as never);
  expect(consumer).toMatchObject(coded("UNSUPPORTED_VERSION"));
  expect(await set(1, 1)).toMatchObject(coded("NONE"));
  expect(await codes()).toEqual([absent, absent]);
});

story("all updates of features hold, or none", async () => {
  const answer = await client.ask(updateFeaturesApi, 1, {
    featureUpdates: [
      { feature: "transaction.version", maxVersionLevel: 1, upgradeType: 2 },
      { feature: "no.such", maxVersionLevel: 1, upgradeType: 1 },
    ],
  });
  expect(answer).toMatchObject({ ...coded("INVALID_UPDATE_VERSION"), results: [] });
  const one = await client.ask(updateFeaturesApi, 1, {
    featureUpdates: [{ feature: "transaction.version", maxVersionLevel: 2, upgradeType: 1 }],
  });
  expect(one).toMatchObject({
    ...coded("NONE"),
    results: [{ feature: "transaction.version", errorCode: 0 }],
  });
});

story("the one folder is described, and partitions move to it alone", async () => {
  const describe = async (topics: { topic: string; partitions: number[] }[] | null) => {
    const answer = await client.ask(describeLogDirsApi, 4, { topics });
    return answer?.results[0];
  };
  const found = await describe([
    { topic: "a", partitions: [0, 1, 9] },
    { topic: "b", partitions: [0] },
  ]);
  expect(found).toMatchObject({
    ...coded("NONE"),
    logDir: "/data",
    topics: [
      { name: "a", partitions: [{ partitionIndex: 0 }, { partitionIndex: 1, partitionSize: 0 }] },
    ],
  });
  expect(found?.topics[0].partitions[0].partitionSize).toBeGreaterThan(60);
  expect(found?.totalBytes).toBeGreaterThan(0);
  expect((await describe(null))?.topics.map(({ name }) => name)).toContain("__consumer_offsets");
  const move = async (path: string, name: string) => {
    const dirs = [{ path, topics: [{ name, partitions: [0] }] }];
    const answer = await client.ask(alterReplicaLogDirsApi, 2, { dirs });
    return answer?.results[0].partitions[0];
  };
  expect(await move("/data", "a")).toMatchObject(coded("NONE"));
  expect(await move("/elsewhere", "a")).toMatchObject(coded("LOG_DIR_NOT_FOUND"));
  expect(await move("/data", "b")).toMatchObject(coded("UNKNOWN_TOPIC_OR_PARTITION"));
  expect(await move("/data", "a".repeat(249))).toMatchObject(coded("INVALID_TOPIC_EXCEPTION"));
});

story("what has configs is listed by its kind; the first version knows one kind", async () => {
  const list = (resourceTypes: number[]) =>
    client.ask(listConfigResourcesApi, 1, { resourceTypes });
  const topics = await list([2]);
  expect(topics?.configResources).toContainEqual({ resourceName: "a", resourceType: 2 });
  expect((await list([4, 8]))?.configResources).toEqual([
    { resourceName: "1", resourceType: 8 },
    { resourceName: "1", resourceType: 4 },
  ]);
  expect((await list([]))?.configResources.length).toBeGreaterThan(3);
  expect(await list([1])).toMatchObject(coded("UNSUPPORTED_VERSION"));
  const old = await client.ask(listConfigResourcesApi, 0, {});
  expect(old).toMatchObject({ ...coded("NONE"), configResources: [] });
});
