import {
  deleteRecordsApi,
  describeTopicPartitionsApi,
  fetchApi,
  listOffsetsApi,
  metadataApi,
  offsetForLeaderEpochApi,
} from "@millrace/protocol/definitions";

import { batchOf, type Asking, type Scenario } from "./asking.ts";

const unknownId = "AAAAAAAAAAAAAAAAAAAAEQ";
const zeroId = "AAAAAAAAAAAAAAAAAAAAAA";

async function fetchLimits(asking: Asking): Promise<void> {
  const { id } = await asking.topic("fetched", { partitions: 2 });
  for (let count = 0; count < 3; count++) await asking.fill("fetched", batchOf());
  const fetch = (label: string, limits: object, partitions: readonly object[]) =>
    asking.ask(label, fetchApi, 12, {
      maxWaitMs: 0,
      minBytes: 0,
      ...limits,
      topics: [{ topic: "fetched", partitions: partitions as never }],
    });
  const from = (fetchOffset: number, more: object = {}) => ({
    partition: 0,
    fetchOffset,
    partitionMaxBytes: 1 << 20,
    ...more,
  });
  await fetch("plain", {}, [from(0)]);
  await fetch("max bytes 0", { maxBytes: 0 }, [from(0)]);
  await fetch("max bytes -1", { maxBytes: -1 }, [from(0)]);
  await fetch("max bytes 1", { maxBytes: 1 }, [from(0)]);
  await fetch("min bytes -1", { minBytes: -1 }, [from(0)]);
  await fetch("min bytes above max bytes", { minBytes: 100, maxBytes: 10 }, [from(0)]);
  await fetch("max wait -1", { maxWaitMs: -1, minBytes: 1 }, [from(3)]);
  await fetch("partition bytes 0", {}, [from(0, { partitionMaxBytes: 0 })]);
  await fetch("partition bytes -1", {}, [from(0, { partitionMaxBytes: -1 })]);
  await fetch("offset -1", {}, [from(-1)]);
  await fetch("offset -2^63", {}, [from(-(2 ** 63))]);
  await fetch("offset 2^63-1", {}, [from(2 ** 63)]);
  await fetch("offset at the end", {}, [from(3)]);
  await fetch("offset behind the end", {}, [from(4)]);
  await fetch("leader epoch ahead", {}, [from(0, { currentLeaderEpoch: 99 })]);
  await fetch("leader epoch -2", {}, [from(0, { currentLeaderEpoch: -2 })]);
  await fetch("one partition twice", {}, [from(0), from(1)]);
  await fetch("unknown partition beside a known one", {}, [
    from(0),
    { ...from(0), partition: 9 },
    { ...from(0), partition: -1 },
  ]);
  await fetch("isolation 1", { isolationLevel: 1 }, [from(0)]);
  await fetch("isolation 2", { isolationLevel: 2 }, [from(0)]);
  await fetch("session epoch without a session", { sessionId: 77, sessionEpoch: 3 }, [from(0)]);
  const ids = (label: string, topics: readonly object[]) =>
    asking.ask(label, fetchApi, 17, {
      maxWaitMs: 0,
      minBytes: 0,
      topics: topics as never,
    });
  await ids("by id", [{ topicId: id, partitions: [from(2)] }]);
  await ids("by an unknown id", [{ topicId: unknownId, partitions: [from(0)] }]);
  await ids("by the zero id", [{ topicId: zeroId, partitions: [from(0)] }]);
  await ids("one id twice", [
    { topicId: id, partitions: [from(2)] },
    { topicId: id, partitions: [{ ...from(0), partition: 1 }] },
  ]);
}

async function offsets(asking: Asking): Promise<void> {
  await asking.topic("listed", { partitions: 2 });
  await asking.fill("listed", batchOf(2));
  const list = (label: string, partitions: readonly object[], more: object = {}) =>
    asking.ask(label, listOffsetsApi, 9, {
      replicaId: -1,
      topics: [{ name: "listed", partitions: partitions as never }],
      ...more,
    });
  const at = (timestamp: number, partitionIndex = 0) => ({ partitionIndex, timestamp });
  await list("latest", [at(-1)]);
  await list("earliest", [at(-2)]);
  await list("max timestamp", [at(-3)]);
  await list("earliest local", [at(-4)]);
  await list("latest tiered", [at(-5)]);
  await list("-6 in version 9", [at(-6)]);
  await list("-100", [at(-100)]);
  await list("-2^63", [at(-(2 ** 63))]);
  await list("2^63-1", [at(2 ** 63)]);
  await list("0", [at(0)]);
  await list("the records' time", [at(1_700_000_000_000)]);
  await list("one partition twice", [at(-1), at(-2)]);
  await list("unknown partitions", [at(-1, 7), at(-1, -1)]);
  await list("isolation 7", [at(-1)], { isolationLevel: 7 });
  await list("replica 5", [at(-1)], { replicaId: 5 });
  await list("leader epoch ahead", [{ ...at(-1), currentLeaderEpoch: 50 }]);
  await asking.ask("empty and unknown names", listOffsetsApi, 9, {
    replicaId: -1,
    topics: [
      { name: "", partitions: [at(-1)] },
      { name: "nowhere", partitions: [at(-1)] },
      { name: "a b", partitions: [at(-1)] },
    ],
  });
  await asking.ask("a topic twice", listOffsetsApi, 9, {
    replicaId: -1,
    topics: [
      { name: "listed", partitions: [at(-1)] },
      { name: "listed", partitions: [at(-1, 1)] },
    ],
  });
  await asking.ask("no topics", listOffsetsApi, 9, { replicaId: -1, topics: [] });
  const epochs = (label: string, partitions: readonly object[]) =>
    asking.ask(label, offsetForLeaderEpochApi, 4, {
      replicaId: -1,
      topics: [{ topic: "listed", partitions: partitions as never }],
    });
  const epoch = (leaderEpoch: number, partition = 0) => ({ partition, leaderEpoch });
  await epochs("epochs", [epoch(0), epoch(0, 1), epoch(0, 9)]);
  await epochs("epoch ahead", [epoch(99)]);
  await epochs("epoch -1", [epoch(-1)]);
  await epochs("current epoch ahead", [{ ...epoch(0), currentLeaderEpoch: 99 }]);
}

async function deletions(asking: Asking): Promise<void> {
  await asking.topic("cut", { partitions: 2 });
  await asking.fill("cut", batchOf(4));
  await asking.topic("kept", { configs: { "cleanup.policy": "compact" } });
  const cut = (label: string, name: string, partitions: readonly (readonly [number, number])[]) =>
    asking.ask(label, deleteRecordsApi, 2, {
      topics: [
        {
          name,
          partitions: partitions.map(([partitionIndex, offset]) => ({ partitionIndex, offset })),
        },
      ],
      timeoutMs: 5000,
    });
  await cut("to 2", "cut", [[0, 2]]);
  await cut("to 1, which is below", "cut", [[0, 1]]);
  await cut("behind the end", "cut", [[0, 9]]);
  await cut("-2", "cut", [[0, -2]]);
  await cut("-2^63", "cut", [[0, -(2 ** 63)]]);
  await cut("to the end", "cut", [[0, -1]]);
  await cut("an empty partition", "cut", [[1, -1]]);
  await cut("unknown partition", "cut", [[7, 0]]);
  await cut("unknown topic", "nowhere", [[0, 0]]);
  await cut("a compacted topic", "kept", [[0, 0]]);
  await cut("an internal topic", "__consumer_offsets", [[0, 0]]);
  await cut("one partition twice", "cut", [
    [1, 0],
    [1, -1],
  ]);
  await asking.ask("an offset below the start", fetchApi, 12, {
    maxWaitMs: 0,
    minBytes: 0,
    topics: [
      {
        topic: "cut",
        partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }],
      },
    ],
  });
}

async function metadata(asking: Asking): Promise<void> {
  const { id } = await asking.topic("known", { partitions: 2 });
  const ask = (label: string, version: number, topics: readonly object[] | null) =>
    asking.ask(label, metadataApi, version, {
      topics: topics as never,
      ...(version < 4 ? {} : { allowAutoTopicCreation: false }),
    });
  await ask("by name", 12, [{ name: "known" }]);
  await ask("by name twice", 12, [{ name: "known" }, { name: "known" }]);
  await ask("by id", 12, [{ topicId: id, name: null }]);
  await ask("by name and id", 12, [{ topicId: id, name: "known" }]);
  await ask("by another name and id", 12, [{ topicId: id, name: "nowhere" }]);
  await ask("by name, and by id", 12, [{ name: "known" }, { topicId: id, name: null }]);
  await ask("unknown id", 12, [{ topicId: unknownId, name: null }]);
  await ask("zero id without a name", 12, [{ topicId: zeroId, name: null }]);
  await ask("names that are not allowed", 12, [{ name: "" }, { name: "a b" }, { name: ".." }]);
  await ask("unknown name", 12, [{ name: "nowhere" }]);
  await ask("no topics", 12, []);
  await ask("version 0", 0, [{ name: "known" }]);
  await asking.ask("would be created", metadataApi, 12, {
    topics: [{ name: "a/b" }],
    allowAutoTopicCreation: true,
  });
  const describe = (label: string, names: readonly string[], more: object = {}) =>
    asking.ask(label, describeTopicPartitionsApi, 0, {
      topics: names.map((name) => ({ name })),
      ...more,
    });
  await describe("described", ["known"]);
  await describe("described twice", ["known", "known"]);
  await describe("described: unknown, empty, not allowed", ["nowhere", "", "a b"]);
  await describe("limit 1", ["known"], { responsePartitionLimit: 1 });
  await describe("limit 0", ["known"], { responsePartitionLimit: 0 });
  await describe("limit -1", ["known"], { responsePartitionLimit: -1 });
  await describe("cursor", ["known"], { cursor: { topicName: "known", partitionIndex: 1 } });
  await describe("cursor behind", ["known"], { cursor: { topicName: "zzz", partitionIndex: 0 } });
  await describe("cursor partition -1", ["known"], {
    cursor: { topicName: "known", partitionIndex: -1 },
  });
}

export const readScenarios: readonly Scenario[] = [
  { name: "fetch: limits and places", run: fetchLimits },
  { name: "offsets: times, places and epochs", run: offsets },
  { name: "delete records", run: deletions },
  { name: "metadata: names and ids", run: metadata },
];
