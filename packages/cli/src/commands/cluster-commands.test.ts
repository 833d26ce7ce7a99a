import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Broker } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { streamsGroupHeartbeatApi } from "@millrace/protocol/definitions";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ShareMember } from "../../../broker/test-support/share-member-script.ts";
import { joinBeat, subtopology } from "../../../broker/test-support/streams-member-script.ts";
import { TestClient } from "../../../broker/test-support/test-client.ts";
import { millrace, type Ended, type InProcess } from "../../test-support/run-millrace.ts";
import { withClient } from "../cluster-flags.ts";

// Commands for what a cluster has beside topics and groups, on a broker with an authorizer.
let folder: string;
let broker: Broker;
let address: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-cli-"));
  broker = await Broker.start(nodePlatform({ logLevel: "error" }), {
    dataDirectory: folder,
    port: 0,
    durability: "memory",
    properties: {
      "group.initial.rebalance.delay.ms": "0",
      "group.share.assignment.interval.ms": "0",
      "group.streams.initial.rebalance.delay.ms": "0",
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      "super.users": "User:ANONYMOUS",
    },
    codecs: nodeCompression,
  });
  address = `127.0.0.1:${broker.address.port}`;
  await done("topics create orders --partitions 1");
});
afterAll(async () => {
  await broker.close();
  rmSync(folder, { recursive: true, force: true });
});

function run(words: string, more: InProcess = {}): Promise<Ended> {
  return millrace([...words.split(" "), "--bootstrap-server", address], more);
}

async function done(words: string, more: InProcess = {}): Promise<string> {
  const ended = await run(words, more);
  expect(ended.err).toBe("");
  expect(ended.code).toBe(0);
  return ended.out;
}

async function failed(words: string, code: 1 | 2, more: InProcess = {}): Promise<string> {
  const ended = await run(words, more);
  expect(ended).toMatchObject({ code, out: "" });
  expect(ended.err.trimEnd().split("\n")).toHaveLength(1);
  return ended.err;
}

const rows = (text: string): unknown[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);

test("topics get more partitions, and never fewer", async () => {
  await done("topics create grows --partitions 1");
  expect(await done("topics alter grows --partitions 3")).toBe("grows has 3 partitions now\n");
  expect(await done("topics describe grows")).toMatch(/^ +2 +0 +0$/m);
  expect(await failed("topics alter grows --partitions 2", 1)).toMatch(/grows|partitions/);
  expect(await failed("topics alter nowhere --partitions 2", 1)).toContain("no topic nowhere");
  expect(await failed("topics alter grows", 2)).toContain("--partitions is missing");
});

test("configs are altered, described with their source, and go back to their defaults", async () => {
  expect(await done("configs alter --topic orders --add-config retention.ms=86400000")).toBe(
    "topic orders altered\n",
  );
  expect(await done("configs describe --topic orders")).toMatch(
    /^topic orders\n {2}config +value +from\n {2}retention.ms +86400000 +topic\n$/,
  );
  const all = await done("configs describe --topic orders --all");
  expect(all).toMatch(/^ {2}segment.bytes +1073741824 +default$/m);
  expect(rows(await done("configs describe --topic orders --json"))).toMatchObject([
    { kind: "topic", name: "orders", configs: [{ name: "retention.ms", type: "long" }] },
  ]);
  await done("configs alter --topic orders --delete-config retention.ms");
  expect(await done("configs describe --topic orders")).not.toContain("retention.ms");
  expect(await done("configs describe --broker 1 --all")).toMatch(/^ +log.dirs? /m);
  expect(await failed("configs describe --broker 77", 1)).toContain("there is no broker 77");
  expect(await failed("configs describe --topic nowhere", 1)).toContain("millrace configs");
  expect(await failed("configs alter --topic orders --add-config no.such=1", 1)).toContain(
    "no.such",
  );
  expect(await failed("configs alter --topic orders --add-config retention.ms=x", 1)).toContain(
    "topic orders: Invalid value x",
  );
  expect(await failed("configs describe --topic orders --topic nowhere", 1)).toContain(
    "topic nowhere: ",
  );
  expect(await failed("configs describe", 2)).toContain("give --topic");
});

test("Kafka's spellings are taken: several configs behind commas, entities, verbs as flags", async () => {
  const many = "retention.ms=5,cleanup.policy=compact,delete,segment.bytes=[2097152]";
  await done(`configs --alter --entity-type topics --entity-name orders --add-config ${many}`);
  expect(await done("configs describe --topic orders")).toMatch(
    /cleanup.policy +compact,delete .*\n +retention.ms +5 .*\n +segment.bytes +2097152 /,
  );
  const names = "retention.ms,cleanup.policy,segment.bytes";
  await done(`configs alter --topic orders --delete-config ${names}`);
  expect(await done("topics --list")).toContain("orders");
  expect(await done("topics --describe --topic orders")).toContain("orders  id ");
  expect(await failed("configs --describe --entity-name orders", 2)).toContain("--entity-type");
  const wide = "configs --describe --entity-type groups --entity-default";
  expect(await failed(wide, 2)).toContain("--entity-default is for");
});

test("what is not set, or not known, cannot be taken away from the configs", async () => {
  await done("configs alter --topic orders --add-config retention.ms=5");
  for (const name of ["no.such", "segment.bytes"]) {
    const words = `configs alter --topic orders --delete-config ${name},retention.ms`;
    expect(await failed(words, 1)).toContain(
      `Invalid config(s): ${name}: not set for topic orders`,
    );
  }
  expect(await done("configs describe --topic orders")).toContain("retention.ms");
  await done("configs alter --topic orders --delete-config retention.ms");
  const brokers = "configs alter --broker-defaults --delete-config log.cleaner.threads";
  expect(await failed(brokers, 1)).toContain("not set for the defaults of brokers");
});

test("rules are about users and delegation tokens, too", async () => {
  const rule = "acls add --allow-principal User:ann --operation create-tokens";
  expect(await done(`${rule} --user-principal User:bob`)).toMatch(
    /user +User:bob +literal +User:ann +\* +create-tokens +allow$/m,
  );
  await done("acls add --deny-principal User:ann --operation describe --delegation-token t1");
  expect(await done("acls list --user-principal User:bob")).toContain("create-tokens");
  const denied = rows(await done("acls list --deny-principal User:ann --json"));
  expect(denied).toMatchObject([{ resource: "delegation-token", name: "t1", permission: "deny" }]);
  await done("acls --remove --allow-principal User:ann --user-principal User:bob");
  expect(await done("acls list --user-principal User:bob")).not.toContain("User:ann");
  await done("acls remove --delegation-token t1");
  expect(await failed("acls list --principal User:a --allow-principal User:b", 2)).toContain(
    "give one of",
  );
});

test("rules are added, found, and taken away", async () => {
  const rule = "acls add --allow-principal User:ann --operation read --topic shop-";
  expect(await done(`${rule} --resource-pattern-type prefixed`)).toMatch(
    /topic +shop-\* +prefixed +User:ann +\* +read +allow$/m,
  );
  await done("acls add --allow-principal User:bob --producer --topic orders --transactional-id b");
  expect(rows(await done("acls list --principal User:bob --json"))).toHaveLength(5);
  expect(await done("acls list --topic shop-1 --resource-pattern-type match")).toContain(
    "User:ann",
  );
  expect(await done("acls list --topic shop-1")).not.toContain("User:ann");
  // As Kafka's own tool does: a name is that name, unless a prefix is asked for.
  expect(await done("acls remove --topic shop-")).toMatch(/^no rule fits/);
  expect(await done("acls remove --topic shop- --json")).toBe("");
  expect(await done("acls list --topic shop-")).toContain("User:ann");
  expect(await done("acls remove --principal User:ann")).toContain("shop-*");
  expect(await done("acls list")).not.toContain("User:ann");
  expect(await failed("acls remove", 2)).toContain("too much at once");
  expect(await failed("acls add --topic orders", 2)).toContain("--allow-principal");
});

test("a share group is listed, described and deleted, and the rest is left to the tool that knows its kind", async () => {
  const client = await TestClient.connect(nodePlatform({ logLevel: "error" }), broker.address);
  const member = await ShareMember.join(client, "m", "orders");
  expect(await done("groups list")).toMatch(/^g +Stable +share +share$/m);
  const described = await done("groups describe g");
  expect(described).toMatch(/^g +share +Stable +members 1$/m);
  expect(described).toMatch(/orders +0 +- +\d+ +- +m$/m);
  for (const words of [
    "groups reset-offsets g --topic orders --to-earliest",
    "groups reset-offsets g --topic orders --to-earliest --execute",
  ])
    expect(await failed(words, 1), words).toContain(
      "g is a share group: Apache Kafka's kafka-share",
    );
  await member.leave();
  client.connection.destroy();
  expect(await done("groups delete g")).toBe("g deleted\n");
});

test("a streams group is described with the inputs of its members' tasks", async () => {
  const client = await TestClient.connect(nodePlatform({ logLevel: "error" }), broker.address);
  const told = [subtopology("0", { sources: ["orders"] })];
  await client.ask(streamsGroupHeartbeatApi, 0, joinBeat("one", told));
  expect(await done("groups describe app")).toMatch(
    /^app +streams +\w+ +members 1 +lag 0\n.*\n +orders +0 +- +\d+ +- +one$/m,
  );
  client.connection.destroy();
});

test("users get a password by a line of input, which the command line never shows", async () => {
  const lines = ["her secret"];
  expect(await done("users add ann", { lines })).toBe(
    "ann has SCRAM-SHA-256\nann has SCRAM-SHA-512\n",
  );
  expect(await done("users list")).toMatch(/^ann +SCRAM-SHA-256 +8192\nann +SCRAM-SHA-512 +8192$/m);
  expect(await done("users delete ann --mechanism SCRAM-SHA-256")).toBe(
    "ann has no SCRAM-SHA-256 any more\n",
  );
  await done("users delete ann");
  expect(await done("users list")).not.toContain("ann");
  expect(await failed("users delete ann", 1)).toContain("there is no user ann");
  expect(await failed("users add ann", 1)).toContain("there is no password");
  expect(await failed("users add ann --password x", 2, { lines })).not.toContain("secret");
});

test("quotas are altered and listed", async () => {
  await done("quotas alter --user ann --add-config producer_byte_rate=1048576");
  await done("quotas alter --user-defaults --add-config consumer_byte_rate=5");
  expect(await done("quotas list")).toMatch(/^user ann +producer_byte_rate +1048576$/m);
  expect(rows(await done("quotas list --user-defaults --json"))).toEqual([
    { entity: { user: null }, values: { consumer_byte_rate: 5 } },
  ]);
  await done("quotas alter --user-defaults --delete-config consumer_byte_rate");
  await done("quotas alter --user ann --delete-config producer_byte_rate");
  await done("quotas alter --user-defaults --delete-config consumer_byte_rate"); // it holds
  expect(await done("quotas list --user ann")).not.toContain("ann");
  expect(await failed("quotas alter --user ann --add-config a=x", 2)).toContain("above 0");
  expect(await failed("quotas alter --add-config a=1", 2)).toContain("give --user");
});

describe("transactions", () => {
  test("are listed and described, also while they are under way", async () => {
    await withClient({ "bootstrap-server": address }, async (client) => {
      const writer = client.openWriter({ transactionalId: "billing" });
      await writer.prepare(["orders"]);
      await writer.initialize();
      writer.begin();
      writer.partition("orders", 0).append(0, null, new Uint8Array(3), []);
      await writer.flush();
      expect(await done("transactions list")).toMatch(/^billing +\d+ +Ongoing$/m);
      const described = await done("transactions describe billing");
      expect(described).toMatch(/^billing {2}Ongoing {2}producer \d+ epoch \d+ .* since 20/);
      expect(described).toMatch(/^ {2}orders +0$/m);
      const find = "transactions find-hanging --max-transaction-timeout 0";
      expect(await done(find)).not.toContain("orders");
      await writer.commit();
      await writer.close();
    });
    expect(rows(await done("transactions describe billing --json"))).toMatchObject([
      { transactionalId: "billing", state: expect.stringContaining("Complete"), partitions: [] },
    ]);
    expect(await failed("transactions describe nobody", 1)).toMatch(/transactional/i);
    expect(await failed("transactions abort --topic orders", 2)).toContain("--start-offset");
    const abort = "transactions abort --topic orders --partition 0 --start-offset 77";
    expect(await failed(abort, 1)).toContain("no open transaction that begins at offset 77");
  });
});

test("a transaction that hangs in a partition is ended there", async () => {
  await done("topics create hangs --partitions 1");
  await withClient({ "bootstrap-server": address }, async (client) => {
    const writer = client.openWriter({ transactionalId: "lost" });
    await writer.prepare(["hangs"]);
    await writer.initialize();
    writer.begin();
    writer.partition("hangs", 0).append(0, null, new Uint8Array(3), []);
    await writer.flush();
    const open = async () =>
      (await client.admin.describeProducers({ topic: "hangs", partition: 0 })).map(
        ({ transactionStartOffset }) => transactionStartOffset,
      );
    expect(await open()).toEqual([0]);
    expect(await done("transactions abort --topic hangs --partition 0 --start-offset 0")).toBe(
      "the transaction at offset 0 of hangs-0 is aborted\n",
    );
    expect(await open()).toEqual([undefined]);
    await writer.close();
  });
});

test("log directories are told with the sizes of partitions", async () => {
  await done("topics create sized --partitions 1");
  await done("produce sized", { lines: ["x"] });
  const told = await done("log-dirs describe --topic sized");
  expect(told).toMatch(
    /^broker 1 {2}\S+ {2}\d+ of \d+ bytes are free\n {2}topic +partition +bytes\n {2}sized +0 +6\d\n$/,
  );
  expect(rows(await done("log-dirs describe --topic sized --json"))).toMatchObject([
    { nodeId: 1, partitions: [{ topic: "sized", partition: 0, offsetLag: 0, isFuture: false }] },
  ]);
});

test("perf tells rates and latencies of writing and reading", async () => {
  await done("topics create fast --partitions 2");
  const [written] = rows(await done("perf produce fast --num-records 500 --record-size 50 --json"));
  expect(written).toMatchObject({ records: 500, latencyMs: { p99: expect.any(Number) } });
  expect(await done("perf consume fast")).toMatch(
    /^500 records in [\d.]+ s, \d+ records\/s, [\d.]+ MiB\/s; latency in ms: mean [\d.]+, p50 /,
  );
  expect(rows(await done("perf consume fast --count 20 --json"))).toMatchObject([{ records: 20 }]);
  const slow = await done("perf produce fast --num-records 11 --throughput 100 --json");
  expect((rows(slow)[0] as { seconds: number }).seconds).toBeGreaterThanOrEqual(0.1);
  expect(await failed("perf produce nowhere", 1)).toContain("there is no topic nowhere");
  expect(await failed("perf consume fast --from-end", 1)).toContain("wants --count");
});
