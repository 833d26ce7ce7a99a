import { Admin, rangeAssignor } from "@millrace/client";
import { encodeUtf8, noHeaders } from "@millrace/model";
import { string } from "@millrace/serde";
import { describe, expect, test } from "vitest";

import { OutageWorld } from "./outage-world.ts";

/** `apiTimeout` of the client, and one more request. */
const endMsMax = 6_000 + 1_500;
const partition = { topic: "words", partition: 0 };
const position = { ...partition, offset: 1 };
const group = { groupId: "g", memberId: "", generationId: -1, groupInstanceId: null };
const membership = { groupId: "g", assignors: [rangeAssignor], topics: () => ["words"] };
const acl = {
  resource: "topic",
  name: "a",
  pattern: "literal",
  principal: "User:a",
  host: "*",
  operation: "read",
  permission: "allow",
} as const;

type Client = OutageWorld["client"];
type Call = (client: Client) => Promise<unknown>;

/** Each method that waits for an answer, but `close`, which has a time of its own. */
const adminCalls: Readonly<Record<string, Call>> = {
  describeCluster: ({ admin }) => admin.describeCluster(),
  describeTopics: ({ admin }) => admin.describeTopics(["words"]),
  listTopics: ({ admin }) => admin.listTopics(),
  createTopics: ({ admin }) => admin.createTopics([{ name: "t", partitionCount: 1 }]),
  createPartitions: ({ admin }) => admin.createPartitions([{ name: "words", partitionCount: 9 }]),
  deleteTopics: ({ admin }) => admin.deleteTopics(["other"]),
  listOffsets: ({ admin }) => admin.listOffsets([{ ...partition, at: "latest" }]),
  deleteRecords: ({ admin }) => admin.deleteRecords([position]),
  listGroups: ({ admin }) => admin.listGroups(),
  describeGroup: ({ admin }) => admin.describeGroup("g"),
  deleteGroup: ({ admin }) => admin.deleteGroup("g"),
  removeMembers: ({ admin }) =>
    admin.removeMembers("g", [{ memberId: "m", groupInstanceId: null }]),
  groupOffsets: ({ admin }) => admin.groupOffsets("g"),
  alterGroupOffsets: ({ admin }) => admin.alterGroupOffsets("g", [position]),
  describeConfigs: ({ admin }) => admin.describeConfigs([{ kind: "topic", name: "words" }]),
  alterConfigs: ({ admin }) =>
    admin.alterConfigs([{ kind: "topic", name: "words", set: { "retention.ms": "5" } }]),
  describeAcls: ({ admin }) => admin.describeAcls({}),
  createAcls: ({ admin }) => admin.createAcls([acl]),
  deleteAcls: ({ admin }) => admin.deleteAcls([{}]),
  describeUserScramCredentials: ({ admin }) => admin.describeUserScramCredentials(null),
  alterUserScramCredentials: ({ admin }) =>
    admin.alterUserScramCredentials({
      upsertions: [],
      deletions: [{ user: "a", mechanism: "SCRAM-SHA-256" }],
    }),
  describeClientQuotas: ({ admin }) => admin.describeClientQuotas({}),
  alterClientQuotas: ({ admin }) =>
    admin.alterClientQuotas([{ entity: { user: "a" }, set: { producer_byte_rate: 5 } }]),
  createDelegationToken: ({ admin }) => admin.createDelegationToken({}),
  describeDelegationTokens: ({ admin }) => admin.describeDelegationTokens(null),
  renewDelegationToken: ({ admin }) => admin.renewDelegationToken({ hmac: "AAAA" }),
  expireDelegationToken: ({ admin }) => admin.expireDelegationToken({ hmac: "AAAA" }),
  describeLogDirectories: ({ admin }) => admin.describeLogDirectories(),
  listTransactions: ({ admin }) => admin.listTransactions(),
  describeTransaction: ({ admin }) => admin.describeTransaction("t"),
  describeProducers: ({ admin }) => admin.describeProducers(partition),
  abortTransaction: ({ admin }) =>
    admin.abortTransaction({ ...partition, producerId: 1, producerEpoch: 0, coordinatorEpoch: 0 }),
};

const otherCalls: Readonly<Record<string, Call>> = {
  "producer.send": (client) =>
    client
      .producer({ value: string(), deliveryTimeout: "6s" })
      .send({ topic: "words", value: "v" }),
  "producer.transaction": (client) =>
    client.producer({ transactionalId: "t" }).transaction(async () => {}),
  "producer.sendOffsets": (client) => {
    const producer = client.producer({ transactionalId: "u" });
    return producer.transaction(() => producer.sendOffsets([position], group));
  },
  "writer.prepare": (client) => client.openWriter({}).prepare(["words"]),
  "writer.initialize": (client) => client.openWriter({ transactionalId: "w" }).initialize(),
  "writer.flush": async (client) => {
    const writer = client.openWriter({ deliveryTimeoutMs: 6_000 });
    writer.partition("words", 0).append(0, null, encodeUtf8("v"), noHeaders);
    await writer.flush();
  },
  "membership.committed": (client) => client.openMembership(membership).committed([partition]),
};

/** How the broker is away. */
const ways: Readonly<Record<string, (world: OutageWorld) => void>> = {
  "is gone": ({ broker }) => broker.kill(),
  "stands still": ({ broker }) => broker.pause(),
  "does not hear us": ({ simulator }) => simulator.partition("loader", "broker"),
};

test("no method of the administrator is missing here", () => {
  const methods = Object.getOwnPropertyNames(Admin.prototype).filter(
    (name) => !["constructor", "close"].includes(name),
  );
  expect(Object.keys(adminCalls).toSorted()).toEqual(methods.toSorted());
});

describe.each(Object.entries(ways))("a broker that %s", (_, goAway) => {
  test("is told by each call within its time", async () => {
    const world = await OutageWorld.begin(1);
    const { client, simulator } = world;
    goAway(world);
    const beginMs = simulator.nowMs;
    const calls = Object.entries({ ...adminCalls, ...otherCalls });
    const ends = new Map<string, string>();
    for (const [name, call] of calls)
      void call(client).then(
        () => ends.set(name, "was answered"),
        (error: unknown) => {
          const { code } = error as { readonly code?: string };
          const isLate = simulator.nowMs - beginMs > endMsMax;
          const isTold = code === "REQUEST_TIMED_OUT" || code === "BROKER_UNREACHABLE";
          if (isLate || !isTold)
            ends.set(name, `${String(error)} after ${simulator.nowMs - beginMs} ms`);
          else ends.set(name, "told in time");
        },
      );
    await simulator.advance(60_000);
    const wrong = calls.flatMap(([name]) => {
      const end = ends.get(name) ?? "does not end";
      return end === "told in time" ? [] : [`${name}: ${end}`];
    });
    expect(wrong).toEqual([]);
  });
});
