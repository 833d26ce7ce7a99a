import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Broker } from "@millrace/broker";
import type { KafkaClient } from "@millrace/client";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";

import { millrace, type Ended } from "../../test-support/run-millrace.ts";
import { withClient } from "../cluster-flags.ts";

// What commands do to applications, of which the cluster knows a group, topics and offsets.
let folder: string;
let broker: Broker;
let address: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-applications-"));
  broker = await Broker.start(nodePlatform({ logLevel: "error" }), {
    dataDirectory: join(folder, "data"),
    port: 0,
    durability: "memory",
    properties: { "group.initial.rebalance.delay.ms": "0" },
    codecs: nodeCompression,
  });
  address = `127.0.0.1:${broker.address.port}`;
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  await broker.close();
  rmSync(folder, { recursive: true, force: true });
});

function run(words: string): Promise<Ended> {
  return millrace([...words.split(" "), "--bootstrap-server", address]);
}

async function done(words: string): Promise<string> {
  const ended = await run(words);
  expect(ended).toMatchObject({ code: 0, err: "" });
  return ended.out;
}

function withCluster<T>(work: (client: KafkaClient) => Promise<T>): Promise<T> {
  return withClient({ "bootstrap-server": address }, work);
}

/** An application that has counted three records of each of two partitions. */
async function application(id: string, input: string): Promise<void> {
  await withCluster(({ admin }) =>
    admin.createTopics([
      { name: input, partitionCount: 2 },
      { name: `${id}-counts-changelog`, partitionCount: 2 },
      { name: `${id}-KSTREAM-KEY-SELECT-0000000001-repartition`, partitionCount: 2 },
    ]),
  );
  await withCluster(async (client) => {
    await using producer = client.producer();
    for (let number = 0; number < 6; number++)
      await producer.send({ topic: input, partition: number % 2, value: `line ${number}` });
    await client.admin.alterGroupOffsets(
      id,
      [0, 1].map((partition) => ({ topic: input, partition, offset: 2 + partition, metadata: "" })),
    );
  });
}

const topics = (): Promise<readonly string[]> =>
  withCluster(async ({ admin }) => (await admin.listTopics()).map(({ name }) => name));
const offsetsOf = (id: string) =>
  withCluster(async ({ admin }) =>
    (await admin.groupOffsets(id)).map(({ topic, partition, offset }) => [
      topic,
      partition,
      offset,
    ]),
  );

test("an application's lag is told by topic and partition", async () => {
  await application("lagging", "lines");
  const lag = JSON.parse(await done("streams lag lagging --json")) as object;
  expect(lag).toMatchObject({ applicationId: "lagging", lag: 1, members: 0 });
  expect(await done("streams lag lagging")).toMatch(/^ +lines +input +0 +2 +3 +1 +-$/m);
  expect((await run("streams lag nobody")).err).toContain("there is no application nobody");
});

test("a reset says what it would do, and does it when told to", async () => {
  await application("counts", "words");
  await application("counts-v2", "words-v2");
  const plan = await done("streams reset counts");
  expect(plan).toMatch(/^words +1 +3 +0$/m);
  expect(plan).toContain("delete topic counts-counts-changelog\n");
  expect(plan).toContain("keep topic counts-v2-counts-changelog: it is one of counts-v2\n");
  expect(plan).toContain("nothing is changed yet");
  expect(await topics()).toContain("counts-counts-changelog");

  const state = join(folder, "state");
  mkdirSync(join(state, "counts", "0_1", "engine"), { recursive: true });
  writeFileSync(join(state, "counts", "0_1", "engine", "CURRENT"), "");
  const out = await done(`streams reset counts --state ${state} --execute`);
  expect(out).toContain(`removed ${join(state, "counts", "0_1")}\n`);
  expect(existsSync(join(state, "counts", "0_1"))).toBe(false);
  const left = (await topics()).filter((name) => name.startsWith("counts-"));
  expect(left.sort()).toEqual([
    "counts-v2-KSTREAM-KEY-SELECT-0000000001-repartition",
    "counts-v2-counts-changelog",
  ]);
  expect(await offsetsOf("counts")).toEqual([
    ["words", 0, 0],
    ["words", 1, 0],
  ]);
});

test("a reset goes where it is told to, for the inputs that are named", async () => {
  await application("partial", "clicks");
  const file = join(folder, "offsets.csv");
  writeFileSync(file, "clicks,1,2\n");
  await done(`streams reset partial --input-topics clicks --from-file ${file} --execute`);
  expect(await offsetsOf("partial")).toEqual([
    ["clicks", 0, 2],
    ["clicks", 1, 2],
  ]);
  await done("streams reset partial --by-duration PT1H --execute");
  expect(await offsetsOf("partial")).toEqual([
    ["clicks", 0, 0],
    ["clicks", 1, 0],
  ]);
  expect((await run("streams reset partial --by-duration P1Y")).err).toContain("PT2H");
  expect((await run("streams reset partial --internal-topics clicks")).err).toContain(
    "clicks is no internal topic of partial",
  );
  expect((await run("streams reset nobody")).err).toContain("there is nothing of nobody");
});

test("a reset refuses while members are there, and puts them out by force", async () => {
  await application("running", "events");
  await withCluster(async (client) => {
    const consumer = client.consumer({ groupId: "running", topics: ["events"] });
    await consumer[Symbol.asyncIterator]().next();
    expect((await run("streams reset running")).err).toContain("running has members");
    const out = await done("streams reset running --force");
    expect(out).toContain("put 1 members out of the group");
    const { members } = await client.admin.describeGroup("running");
    await client.admin.removeMembers("running", members);
    await client.admin.removeMembers("running", members); // gone already
    const left = (await client.admin.describeGroup("running")).members;
    expect(left.map(({ memberId }) => memberId)).not.toContain(members[0].memberId);
    await consumer.close();
  });
});

const error = (name: string, value: string) =>
  [`__streams.errors.${name}`, new TextEncoder().encode(value)] as const;
const letterHeaders = (topic: string, partition: number, offset: number) => [
  ["trace", new TextEncoder().encode("a1")] as const,
  error("exception", "RangeError"),
  error("message", "too\nlarge"),
  error("topic", topic),
  error("partition", String(partition)),
  error("offset", String(offset)),
];

test("letters whose topic is gone are left out, and hold up no other", async () => {
  await withCluster(async (client) => {
    await client.admin.createTopics([
      { name: "sales", partitionCount: 1 },
      { name: "rejected-sales", partitionCount: 1 },
    ]);
    await using producer = client.producer();
    for (const topic of ["gone", "sales", "gone"]) {
      const headers = letterHeaders(topic, 0, 0);
      await producer.send({ topic: "rejected-sales", key: "k", value: topic, headers });
    }
    await producer.send({ topic: "rejected-sales", key: null, value: null }); // such as a timer's
  });
  expect(await done("dead-letters replay rejected-sales --execute")).toBe(
    "1 replayed\n1 left out: their headers do not say where they came from; --letter with --to does\n" +
      "2 left out: the topic that they came from is gone, or the cluster's own; --letter with --to does\n",
  );
  const replay = (words: string) => done(`dead-letters replay rejected-sales ${words}--to sales`);
  expect(await replay("")).toMatch(/^0 to replay\n/);
  expect(await replay("--letter 0:0 ")).toMatch(/^1 to replay\n/);
  expect(await done("dead-letters replay rejected-sales --letter 0:3 --to sales --execute")).toBe(
    "0 replayed\n1 left out: they hold no record, and where they came from it is gone, or nobody knows where that is\n",
  );
  expect(await done("consume sales --from-beginning --to-end")).toBe("sales\n");
});

test("dead letters are shown, and written back once to where they came from", async () => {
  await withCluster(async (client) => {
    await client.admin.createTopics([
      { name: "orders", partitionCount: 2 },
      { name: "rejected", partitionCount: 1 },
    ]);
    await using producer = client.producer();
    await producer.send({ topic: "orders", partition: 1, key: "ada", value: "7" });
    for (const [key, value] of [
      ["bob", "8"],
      [null, null],
    ] as const)
      await producer.send({
        topic: "rejected",
        key,
        value,
        headers: letterHeaders("orders", 1, 0),
      });
    await producer.send({ topic: "rejected", key: "eve", value: "9" });
  });
  const shown = await done("dead-letters list rejected");
  expect(shown).toMatch(/^0:0 +\S+ +orders-1@0 +RangeError +no +too large$/m);
  expect(await done("dead-letters list rejected --exception TypeError")).not.toContain("orders");

  expect(await done("dead-letters replay rejected")).toContain("2 to replay\n1 left out");
  expect(await done("dead-letters replay rejected --execute")).toContain("2 replayed\n");
  expect(await done("dead-letters replay rejected --execute")).toContain("0 replayed\n");
  expect(await done("dead-letters list rejected")).toMatch(/^0:1 .* yes/m);
  expect(await done("dead-letters replay rejected --letter 0:0 --to orders --execute")).toBe(
    "1 replayed\n",
  );
  expect((await run("dead-letters replay rejected --letter 0:99")).err).toContain(
    "rejected has no letter 0:99",
  );
  // Where the transaction that replayed two ends.
  expect((await run("dead-letters replay orders --letter 1:3")).err).toContain(
    "orders has no letter 1:3",
  );
  const records = (
    await done("consume orders --from-beginning --to-end --keys --headers --offsets")
  )
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t").slice(1));
  expect(records).toHaveLength(4);
  expect(records.filter(([headers]) => headers === "trace=a1")).toHaveLength(2);
  expect(records.filter(([, key]) => key === "ada")).toHaveLength(2);
});

test("a letter is written back with the time and headers of its record, as long as that is there", async () => {
  await withCluster(async (client) => {
    await client.admin.createTopics([
      { name: "visits", partitionCount: 1 },
      { name: "rejected-visits", partitionCount: 1 },
    ]);
    await using producer = client.producer();
    const sent = { key: "ada", value: "7", timestamp: 5, headers: { own: "yes" } } as const;
    await producer.send({ topic: "visits", ...sent });
    // What operators had made of them as they failed; of the second one nothing is there any more.
    for (const offset of [0, 9])
      await producer.send({
        topic: "rejected-visits",
        ...sent,
        timestamp: 70,
        headers: letterHeaders("visits", 0, offset),
      });
  });
  expect(await done("dead-letters replay rejected-visits --execute")).toBe("2 replayed\n");
  const records = await done("consume visits --from-beginning --to-end --json");
  expect(
    records
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    { timestamp: 5, headers: [["own", "yes"]] },
    { timestamp: 5, headers: [["own", "yes"]] },
    { timestamp: 70, headers: [["trace", "a1"]] },
  ]);
});

test("a replay that another one overtakes writes no letter twice, and is told", async () => {
  await withCluster(async (client) => {
    await client.admin.createTopics([
      { name: "overtaken", partitionCount: 1 },
      { name: "parcels", partitionCount: 1 },
    ]);
    await using producer = client.producer();
    const headers = letterHeaders("parcels", 0, 0);
    for (const value of ["1", "2", "3"])
      await producer.send({ topic: "overtaken", value, headers });
  });
  const admin = await withCluster(({ admin }) => Promise.resolve(Object.getPrototypeOf(admin)));
  const groupOffsets: KafkaClient["admin"]["groupOffsets"] = admin.groupOffsets;
  let askedCount = 0;
  vi.spyOn(admin, "groupOffsets").mockImplementation(async function (this: unknown, ...given) {
    const found = await groupOffsets.apply(this as never, given as never);
    if (askedCount++ === 0) await done("dead-letters replay overtaken --execute");
    return found;
  });
  expect((await run("dead-letters replay overtaken --execute")).code).not.toBe(0);
  expect(askedCount).toBe(2);
  const records = await done("consume parcels --from-beginning --to-end --keys");
  expect(records.trimEnd().split("\n")).toHaveLength(3);
});

test("a letter that was replayed singly is not written again by the replay of all, nor by one after it", async () => {
  await withCluster(async (client) => {
    await client.admin.createTopics([
      { name: "singled", partitionCount: 1 },
      { name: "crates", partitionCount: 1 },
    ]);
    await using producer = client.producer();
    const headers = letterHeaders("crates", 0, 0);
    for (const value of ["1", "2", "3", "4"])
      await producer.send({ topic: "singled", value, headers });
  });
  const replay = (words: string) => done(`dead-letters replay singled ${words}--execute`);
  expect(await replay("--letter 0:0 --letter 0:2 ")).toBe("2 replayed\n");
  const listed = await done("dead-letters list singled");
  expect(listed.match(/ (?:yes|no) /g)).toEqual([" yes ", " no ", " yes ", " no "]);
  expect(await done("dead-letters replay singled")).toContain("2 to replay\n");
  expect(await replay("")).toBe("2 replayed\n");
  expect(await replay("")).toBe("0 replayed\n");
  expect(await replay("--letter 0:1 ")).toBe("1 replayed\n"); // asked for by its name
  expect(await replay("")).toBe("0 replayed\n");
  const records = await done("consume crates --from-beginning --to-end");
  expect(records.trimEnd().split("\n").toSorted()).toEqual(["1", "2", "2", "3", "4"]);
});

test("letters whose headers nobody can go by are left out, and keep no others", async () => {
  await withCluster(async (client) => {
    await client.admin.createTopics([
      { name: "fares", partitionCount: 2 },
      { name: "rejected-fares", partitionCount: 1 },
    ]);
    await using producer = client.producer();
    const places = [
      ["fares", "0.5", "0"],
      ["fares", "", "0"],
      ["fares", "0", "1e400"],
      ["fares", "-0", "-0"],
      ["fares", "0x1", " 1 "],
      ["fares?", "0", "0"],
      ["__consumer_offsets", "0", "0"],
      ["f".repeat(300), "0", "0"],
      ["", "0", "0"],
      ["fares", "1", "0"],
    ] as const;
    for (const [topic, partition, offset] of places)
      await producer.send({
        topic: "rejected-fares",
        key: "ada",
        value: "7",
        headers: {
          "__streams.errors.topic": topic,
          "__streams.errors.partition": partition,
          "__streams.errors.offset": offset,
        },
      });
  });
  expect(await done("dead-letters list rejected-fares")).toMatch(/^0:9 .* fares-1@0 /m);
  expect(await done("dead-letters replay rejected-fares --execute")).toMatch(/^1 replayed\n/);
});
