import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Broker } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { afterAll, beforeAll, expect, test } from "vitest";

import { millrace } from "../../test-support/run-millrace.ts";
import { withClient } from "../cluster-flags.ts";
import type { BatchEntry, DumpEntry } from "../dump/dump-entry.ts";

let folder: string;
const timestamp = Date.now();

/** Three batches of a transaction that was aborted and one that was committed, with offsets of a group. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-dump-"));
  await using broker = await Broker.start(nodePlatform({ logLevel: "error" }), {
    dataDirectory: folder,
    port: 0,
    properties: { "group.initial.rebalance.delay.ms": "0", "offsets.topic.num.partitions": 1 },
    codecs: nodeCompression,
  });
  const address = `127.0.0.1:${broker.address.port}`;
  await withClient({ "bootstrap-server": address }, async (client) => {
    const configs = { "index.interval.bytes": "1" };
    await client.admin.createTopics([{ name: "orders", partitionCount: 1, configs }]);
    const writer = client.openWriter({ transactionalId: "billing", compression: "zstd" });
    await writer.prepare(["orders"]);
    await writer.initialize();
    for (const end of ["abort", "commit"] as const) {
      writer.begin();
      const appender = writer.partition("orders", 0);
      for (const value of ["a", "b"])
        appender.append(timestamp, Buffer.from(end), Buffer.from(value), [["h", Buffer.from("x")]]);
      await writer.flush();
      await writer[end]();
    }
    await writer.close();
    await client.admin.alterGroupOffsets("readers", [{ topic: "orders", partition: 0, offset: 2 }]);
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function dump(words: string): Promise<readonly DumpEntry[]> {
  const { code, out, err } = await millrace(["dump-log", ...words.split(" "), "--json"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const lines = out.trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as DumpEntry);
}

const inTopic = (name: string): string => join(folder, "orders-0", name);
const segment = (): string => inTopic("00000000000000000000.log");

test("batches, records and markers of a segment", async () => {
  const entries = await dump(`${segment()} --records`);
  const batches = entries.filter((one): one is BatchEntry => one.kind === "batch");
  expect(batches).toMatchObject([
    { baseOffset: 0, lastOffset: 1, position: 0, compression: "zstd", isTransactional: true },
    { baseOffset: 2, lastOffset: 2, isControl: true, compression: "none" },
    { baseOffset: 3, lastOffset: 4, baseSequence: 0, recordCount: 2, timestampType: "create" },
    { baseOffset: 5, lastOffset: 5, isControl: true },
  ]);
  expect(entries.filter(({ kind }) => kind === "record")).toMatchObject([
    { offset: 0, timestamp, key: "abort", value: "a", headers: [["h", "x"]] },
    { offset: 1, key: "abort", value: "b" },
    { offset: 2, control: "abort", value: { coordinatorEpoch: expect.any(Number) } },
    { offset: 3, key: "commit", value: "a" },
    { offset: 4, value: "b" },
    { offset: 5, control: "commit" },
  ]);
  const { out } = await millrace(["dump-log", segment()]);
  expect(out).toMatch(
    /^\S+\.log\n {2}offsets 0 to 1 {2}records 2 {2}at byte 0 {2}bytes \d+ {2}epoch \d+ {2}create time \S+Z {2}producer \d+ epoch \d+ sequence 0 {2}compression zstd {2}transactional {2}crc \d+\n/,
  );
  expect(await millrace(["dump-log", segment(), "--records", "--value", "int64"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("a value is no int64"),
  });
});

test("indexes and snapshots beside it", async () => {
  const entries = await dump(join(folder, "orders-0"));
  const of = (ending: string) =>
    entries.filter((one) => (one as unknown as { file: string }).file.endsWith(ending));
  expect(of(".timeindex").length + of(".index").length).toBeGreaterThan(1);
  expect(of(".txnindex")).toMatchObject([
    { kind: "entry", fields: { firstOffset: 0, lastOffset: 2 } },
  ]);
  expect(of(".snapshot")).toMatchObject([{ fields: { epoch: 2, currentTxnFirstOffset: -1 } }]);
  expect(entries.filter(({ kind }) => kind === "damage")).toEqual([]);
});

test("records of the cluster's own topics are decoded", async () => {
  const values = async (partition: string) =>
    (await dump(`${join(folder, partition, "00000000000000000000.log")} --records`)).filter(
      ({ kind }) => kind === "record",
    );
  expect(await values("__consumer_offsets-0")).toContainEqual(
    expect.objectContaining({
      key: { type: "OffsetCommit", group: "readers", topic: "orders", partition: 0 },
      value: expect.objectContaining({ offset: 2 }),
    }),
  );
  const [transactions] = readdirSync(folder).filter((name) => {
    const own = join(folder, name, "00000000000000000000.log");
    return name.startsWith("__transaction_state") && readFileSync(own, "latin1") !== "";
  });
  expect(await values(transactions)).toContainEqual(
    expect.objectContaining({ key: { type: "TransactionLog", transactionalId: "billing" } }),
  );
  expect(await values("__cluster_metadata-0")).toContainEqual(
    expect.objectContaining({
      value: expect.objectContaining({ type: "TopicRecord", name: "orders" }),
    }),
  );
});

test("a flipped bit is told with file, position and offset; the other batches are read", async () => {
  const sound = readFileSync(segment());
  const bytes = Buffer.from(sound);
  const [, , third] = (await dump(segment())).filter(
    (one): one is BatchEntry => one.kind === "batch",
  );
  bytes[third.position + 70] ^= 4;
  writeFileSync(segment(), bytes);
  const told = await millrace(["dump-log", segment(), "--records"]);
  writeFileSync(segment(), sound);
  expect(told.code).toBe(1);
  expect(told.err).toContain("1 place is damaged");
  expect(told.out).toContain(
    `damage: ${segment()} at byte ${third.position}, offset 3: the checksum does not match\n`,
  );
  expect(told.out).toMatch(/offset 5 .* commit/);
});

test("a size that makes no sense, a cut file, and an index that leads elsewhere are damage", async () => {
  const sound = readFileSync(segment());
  const cut = await damageOf(segment(), sound.subarray(0, -3));
  expect(cut).toMatch(/at byte \d+, offset 5: a batch claims \d+ bytes where \d+ are left/);
  const odd = Buffer.from(sound);
  odd[8] = 0x7f;
  expect(await damageOf(segment(), odd)).toContain("at byte 0: a batch claims");
  const path = inTopic("00000000000000000000.index");
  const index = readFileSync(path);
  index[index.length - 1] ^= 8; // to zeros where a batch has its magic: by less, they would be of its checksum
  expect(await damageOf(path, index)).toMatch(/\.index at byte \d+, offset \d: no batch begins/);
});

async function damageOf(path: string, bytes: Uint8Array): Promise<string> {
  const sound = readFileSync(path);
  writeFileSync(path, bytes);
  const { code, out } = await millrace(["dump-log", path]);
  writeFileSync(path, sound);
  expect(code).toBe(1);
  return out.slice(out.indexOf("damage: "));
}

test("what is not there, or is no file of a log, is told in a line", async () => {
  for (const [words, code, message] of [
    [[], 2, "give a FILE"],
    [[join(folder, "none")], 1, "there is no "],
    [[join(folder, "meta.properties")], 1, "has not the name of a segment"],
    [[folder], 1, "is not the folder of a partition"],
  ] as const) {
    const ended = await millrace(["dump-log", ...words]);
    expect(ended).toMatchObject({ code, out: expect.not.stringContaining("damage") });
    expect(ended.err).toContain(message);
    expect(ended.err.trimEnd().split("\n")).toHaveLength(1);
  }
});

test("what is no index is told once, at its first entry that cannot be", async () => {
  const noise = Uint8Array.from({ length: 80_000 }, (_, index) => (index * 2_654_435_761) >>> 13);
  for (const ending of ["index", "timeindex"]) {
    const path = join(folder, `00000000000000000005.${ending}`);
    writeFileSync(path, noise);
    const { code, out, err } = await millrace(["dump-log", path]);
    expect(code).toBe(1);
    expect(err).toContain("1 place is damaged");
    expect(out.split("\n").length).toBeLessThan(20);
    expect(out).toContain("these only grow; it is no index, or damaged");
    rmSync(path);
  }
});
