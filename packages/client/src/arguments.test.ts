import { inspect } from "node:util";

import { ClusterError } from "@millrace/cluster";
import { memoryPlatform } from "@millrace/platform/memory";
import { describe, expect, test } from "vitest";

import { connect } from "./kafka-client.ts";

/** A method as a program without types calls it. */
type Loose = Readonly<Record<string, (...given: readonly unknown[]) => unknown>>;

const client = connect(memoryPlatform(), { bootstrapServers: "127.0.0.1:9092" });
const objects = {
  client,
  admin: client.admin,
  producer: client.producer({ transactionalId: "id" }),
  consumer: client.consumer({ topics: ["orders"], groupId: "billing" }),
  reader: client.openReader({ isolation: "read_committed" }),
};

const partition = { topic: "orders", partition: 0 };
const position = { ...partition, offset: 0 };
const signal = new AbortController().signal;
const group = { groupId: "g", generationId: 1, memberId: "m", groupInstanceId: null };

/** What is none of anything. */
const nothing = [undefined, null, 5.5, true, Promise.resolve()];
const noTopics = [...nothing, "orders", ["orders", 5], [undefined], [""], [{ name: "orders" }]];
const noPartitions = [
  ...nothing,
  "orders",
  [],
  {},
  { topic: "orders" },
  { ...partition, topic: 5 },
  { ...partition, topic: "" },
  ...[-1, "0", 0.5, NaN, 2 ** 31, null].map((wrong) => ({ ...partition, partition: wrong })),
];
const noOffsets = [undefined, null, -2, 0.5, NaN, Infinity, "5", 5n, 2 ** 53];
const noPositions = [
  ...nothing,
  position,
  ...noPartitions.map((wrong) => [wrong]),
  ...noOffsets.map((offset) => [{ ...partition, offset }]),
];
const negative = [{ ...partition, offset: -1 }];
const noCommits = [
  ...noPositions.slice(1), // undefined: what is processed
  [position, { ...position, metadata: 5 }],
  [{ ...position, leaderEpoch: "1" }],
];
const noNewTopics = [
  ...noTopics.filter((wrong) => wrong !== undefined),
  undefined,
  [{ name: "a" }],
  [{ name: "a", partitions: 4 }],
  [{ name: "a", partitionCount: 4, config: {} }],
  [{ name: "a", partitionCount: "4" }],
  [{ name: "a", partitionCount: 4, configs: { "retention.ms": 5 } }],
  [{ name: "a", partitionCount: 4, replicationFactor: "3" }],
];
const noSignals = [null, 5, "signal", {}, { signal }, new AbortController()];
const noGroups = [...nothing, "", {}, ["g"]];
const topicConfigs = { kind: "topic", name: "a" };
const acl = {
  resource: "topic",
  name: "a",
  pattern: "literal",
  principal: "User:a",
  host: "*",
  operation: "read",
  permission: "allow",
};
const credential = { user: "a", mechanism: "SCRAM-SHA-256" };
const only = (wrong: readonly unknown[]) => wrong.map((given) => [given]);
const after = (first: readonly unknown[], wrong: readonly unknown[]) =>
  wrong.map((given) => [...first, given]);

/** Of each public method, calls that it must refuse. None: it takes nothing. */
const misuses: Readonly<
  Record<keyof typeof objects, Readonly<Record<string, readonly unknown[][]>>>
> = {
  client: {
    openReader: only([
      ...nothing,
      {},
      { isolation: "none" },
      { isolation: "read_committed", max: 5 },
    ]),
    openWriter: only([...nothing, { linger: 5 }, { lingerMs: -1 }, { compression: "snappy" }]),
    openMembership: only([
      ...nothing,
      { groupId: "g" },
      { groupId: "g", assignors: [{}], topics: () => [] },
      { groupId: "g", assignors: [], topics: ["orders"] },
    ]),
    openGroupSeat: only([
      ...nothing,
      { groupId: "g", protocolType: "sr" },
      { groupId: "g", protocolType: "sr", protocolName: "v0", metadata: () => null, assign: 1 },
    ]),
    openStreamsMembership: only([...nothing, {}, { groupId: "g" }]),
    producer: only([null, "x", { linger: "x" }, { lingerMs: 5 }]),
    consumer: only([...nothing, {}, { topics: "orders" }]),
    close: [],
  },
  admin: {
    describeCluster: only(noSignals),
    describeTopics: [...only(noTopics), ...after([["orders"]], noSignals)],
    listTopics: only(noSignals),
    createTopics: [...only(noNewTopics), ...after([[{ name: "a", partitionCount: 1 }]], noSignals)],
    createPartitions: [
      ...only(noNewTopics),
      ...only([[{ name: "a", partitionCount: 0 }]]),
      ...after([[{ name: "a", partitionCount: 1 }]], noSignals),
    ],
    deleteTopics: [...only(noTopics), ...after([["orders"]], noSignals)],
    listOffsets: [
      ...only([...nothing, partition, ...noPartitions.map((wrong) => [wrong])]),
      ...only([
        [partition],
        [{ ...partition, at: "end" }],
        [{ ...partition, at: -1 }],
        [{ ...partition, at: { timestamp: "now" } }],
      ]),
      ...after([[{ ...partition, at: "latest" }]], [null, signal, { isolation: "x" }]),
      ...after([[{ ...partition, at: "latest" }]], [{ isolationLevel: "x" }, { signal: 5 }]),
    ],
    deleteRecords: [
      ...only(noPositions),
      ...after([[{ ...partition, offset: -2 }]], [undefined]),
      ...after([[position]], noSignals),
    ],
    listGroups: only(noSignals),
    describeGroup: [...only(noGroups), ...after(["g"], noSignals)],
    deleteGroup: [...only(noGroups), ...after(["g"], noSignals)],
    removeMembers: [
      ...noGroups.map((wrong) => [wrong, []]),
      ...after(["g"], [undefined, "m", ["m"], [{ memberId: "m" }], [{ groupInstanceId: null }]]),
      ...after(["g", []], noSignals),
    ],
    groupOffsets: [...only(noGroups), ...after(["g"], noSignals)],
    alterGroupOffsets: [
      ...noGroups.map((wrong) => [wrong, [position]]),
      ...after(["g"], [undefined, ...noCommits]),
      ...after(["g", [position]], noSignals),
    ],
    describeConfigs: [
      ...only([...nothing, topicConfigs, ["a"], [{ ...topicConfigs, kind: "TOPIC" }]]),
      ...after([[topicConfigs]], noSignals),
    ],
    alterConfigs: [
      ...only([
        ...nothing,
        [{ ...topicConfigs, set: { a: 5 } }],
        [{ ...topicConfigs, remove: "a" }],
      ]),
      ...after(
        [[topicConfigs]],
        [null, signal, { validateOnly: 1 }, { signal: 5 }, { dryRun: true }],
      ),
    ],
    describeAcls: [
      ...only([...nothing, { resource: "TOPIC" }, { operation: 3 }, { principals: "User:a" }]),
      ...after([{}], noSignals),
    ],
    createAcls: [
      ...only([...nothing, acl, [{ ...acl, host: "" }], [{ ...acl, pattern: "match" }]]),
      ...after([[acl]], noSignals),
    ],
    deleteAcls: [...only([...nothing, acl, [5]]), ...after([[acl]], noSignals)],
    describeUserScramCredentials: [
      ...only([undefined, "a", [""], [5]]),
      ...after([null], noSignals),
    ],
    alterUserScramCredentials: only([
      ...nothing,
      { upsertions: [] },
      { upsertions: [], deletions: [{ ...credential, mechanism: "PLAIN" }] },
      { upsertions: [{ ...credential, password: 5 }], deletions: [] },
      { upsertions: [{ ...credential, password: "x", salt: "x" }], deletions: [] },
    ]),
    describeClientQuotas: [
      ...only([...nothing, { users: "a" }, { user: "" }]),
      ...after([{}], noSignals),
    ],
    alterClientQuotas: only([
      ...nothing,
      [{ entity: {}, set: { producer_byte_rate: "1" } }],
      [{ entity: { user: 5 } }],
    ]),
    createDelegationToken: [
      ...only([null, 5, "User:a", { owners: "User:a" }, { renewers: "User:a" }]),
      ...after([{}], noSignals),
    ],
    describeDelegationTokens: [...only([undefined, 5, "User:a", [5]]), ...after([null], noSignals)],
    renewDelegationToken: only([...nothing, {}, "hmac", { hmac: 5 }]),
    expireDelegationToken: only([...nothing, {}, "hmac", { hmac: 5 }]),
    describeLogDirectories: only(noSignals),
    listTransactions: only(noSignals),
    describeTransaction: [...only(noGroups), ...after(["t"], noSignals)],
    describeProducers: [...only(noPartitions), ...after([partition], noSignals)],
    abortTransaction: only([...noPartitions, { ...partition, producerId: -1 }]),
    close: [],
  },
  producer: {
    send: only([
      ...nothing,
      "text",
      [],
      [{ topic: "orders", value: "v" }],
      {},
      { topic: "orders" },
      { topic: "orders", messages: [{ value: "v" }] },
      { topic: "orders", value: 5 },
      { topic: "orders", value: "v", timestamp: "now" },
      { topic: "orders", value: "v", headers: "h" },
    ]),
    flush: only(noSignals),
    transaction: [...only([...nothing, "work"]), ...after([async () => {}], noSignals)],
    sendOffsets: [
      ...[undefined, ...noCommits].map((wrong) => [wrong, group]),
      ...after([[position]], [...nothing, "g", { groupId: "g" }, { ...group, memberId: 5 }]),
      ...after([[position], group], noSignals),
    ],
    close: only([null, "5s", -1, NaN]),
  },
  consumer: {
    offsets: [],
    commit: [...only([...noCommits, negative]), ...after([[position]], noSignals)],
    seek: [...noPartitions.map((wrong) => [wrong, 0]), ...after([partition], [-1, ...noOffsets])],
    pause: only(noPartitions),
    resume: only(noPartitions),
    close: only([null, 5, { keepSeats: true }, { keepSeat: "yes" }, signal]),
  },
  reader: {
    assign: only([...noPositions, negative]),
    unassign: [...only(nothing), ...noPartitions.map((wrong) => [[wrong]])],
    pause: only(noPartitions),
    resume: only(noPartitions),
    poll: only([...nothing, {}, { waitMs: 5 }, { waitMsMax: "5" }, { waitMsMax: 5, signal: 5 }]),
    position: only(noPartitions.slice(0, 8)),
    endOffset: only(noPartitions.slice(0, 8)),
    close: [],
  },
};

async function refusal(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return "it was taken";
}

describe.each(Object.keys(objects) as (keyof typeof objects)[])("%s", (name) => {
  const object = objects[name] as unknown as Loose;
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(object)).filter(
    (method) =>
      method !== "constructor" &&
      Object.getOwnPropertyDescriptor(Object.getPrototypeOf(object), method)?.get === undefined,
  );

  test("has no method that is not listed here", () => {
    expect(methods.sort()).toEqual(Object.keys(misuses[name]).sort());
  });

  test.each(methods)("CLIENT-8: %s refuses by name what it does not take", async (method) => {
    for (const given of misuses[name][method]) {
      const error = await refusal(() => object[method](...given));
      const shown = `${name}.${method} ${inspect(given, { depth: 4 })}: ${String(error)}`;
      const { code, message } = error as { code?: string; message?: string };
      expect(
        ["INVALID_ARGUMENT", "RECORD_INVALID", "INVALID_OPTION", "UNKNOWN_OPTION"],
        shown,
      ).toContain(code);
      if (code === "RECORD_INVALID") expect(message).toMatch(/; (?:give|send) /);
      else
        expect(message, shown).toMatch(
          /^client\.[\w.]+.*(; (?:give|it has|did you)|has no option|takes an object)/,
        );
    }
  });
});

test("what is wrong within a list is told by its place", async () => {
  const topics = [
    { name: "a", partitionCount: 1 },
    { name: "b", partitions: 4 },
  ];
  await expect(client.admin.createTopics(topics as never)).rejects.toEqual(
    new ClusterError(
      "INVALID_ARGUMENT",
      'client.admin.createTopics: topics[1] has no member "partitions"; it has name, partitionCount, replicationFactor, configs',
    ),
  );
  expect(() => objects.consumer.seek(partition, -1)).toThrow(
    "client.consumer.seek: offset is -1; give an offset: a whole number of at least 0",
  );
  expect(() => objects.consumer.pause({ topic: "orders", partition: 2 ** 31 })).toThrow(
    "partition.partition is 2147483648; give a partition's number: a whole number from 0 to 2147483647",
  );
});

test("a record is a partition too", () => {
  const record = { ...position, timestamp: 0, key: null, value: null, headers: [] };
  objects.consumer.pause(record);
  objects.consumer.seek(record, record.offset);
});
