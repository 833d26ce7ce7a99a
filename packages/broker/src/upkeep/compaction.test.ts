import { decodeUtf8, encodeUtf8, noHeaders } from "@millrace/model";
import { deleteTopicsApi, produceApi } from "@millrace/protocol/definitions";
import { BatchCursor, RecordBatchBuilder, RecordBatchReader } from "@millrace/protocol/records";
import { expect, test } from "vitest";
import { type BrokerWorld, brokerWorld, runWorld } from "../../test-support/broker-world.ts";
import type { TestClient } from "../../test-support/test-client.ts";

const mebibyte = 1_048_576;
const changelog = {
  "cleanup.policy": "compact",
  "segment.bytes": String(mebibyte),
  "file.delete.delay.ms": "0",
};
const properties = { "offsets.topic.num.partitions": 1, "transaction.state.log.num.partitions": 1 };

type Entry = readonly [key: string, value: string];

async function put(client: TestClient, entries: readonly Entry[]): Promise<void> {
  const builder = new RecordBatchBuilder();
  for (const [key, value] of entries)
    builder.append(1_700_000_000_000, encodeUtf8(key), encodeUtf8(value), noHeaders);
  const partitionData = [{ index: 0, records: builder.build() }];
  const topicData = [{ name: "table", partitionData }];
  const response = await client.ask(produceApi, 9, { acks: -1, timeoutMs: 1000, topicData });
  expect(response?.responses[0].partitionResponses[0].errorCode).toBe(0);
}

/** The table that the topic is, read from its begin on. */
async function tableOf(client: TestClient): Promise<Map<string, string>> {
  const table = new Map<string, string>();
  const end = (await client.endOffset("table")) ?? 0;
  for (let offset = 0; offset < end;) {
    const { records } = (await client.fetch("table", offset)) ?? {};
    const bytes = records ?? new Uint8Array();
    const cursor = new BatchCursor(bytes);
    while (cursor.next()) {
      const batch = new RecordBatchReader({ bytes, position: cursor.position });
      while (batch.next())
        table.set(decodeUtf8(batch.key ?? bytes), decodeUtf8(batch.value ?? bytes));
      offset = batch.nextOffset;
    }
    if (bytes.length === 0) break;
  }
  return table;
}

const logBytes = ({ files }: BrokerWorld, folder: string) =>
  files
    .names(folder)
    .filter((name) => name.endsWith(".log"))
    .reduce((sum, name) => sum + files.read(`${folder}/${name}`).length, 0);

test("a changelog under sustained overwrite stays the size of its live keys", () =>
  runWorld({ properties }, async (world) => {
    const { broker, client } = await world.start();
    await client.createTopic("table", 1, changelog);
    const filler = "x".repeat(8000);
    const expected = new Map<string, string>();
    for (let round = 0; round < 12; round++) {
      for (let count = 0; count < 4; count++) {
        const entries = Array.from({ length: 40 }, (_, index): Entry => [
          `key ${index}`,
          `${round} ${count} ${filler}`,
        ]);
        for (const [key, value] of entries) expected.set(key, value);
        await put(client, entries);
      }
      await world.platform.timers.sleep(16_000);
      // What lives, the active segment, and as much again that is not due yet.
      expect(logBytes(world, "/data/table-0")).toBeLessThan(3.5 * mebibyte);
    }
    expect(await client.endOffset("table")).toBe(12 * 4 * 40);
    expect(await tableOf(client)).toEqual(expected);
    expect(world.told).toContainEqual(
      expect.objectContaining({ event: "broker.log-compacted", topic: "table", partition: 0 }),
    );
    const metrics = new Map((await broker.metrics()).map(({ name, value }) => [name, value]));
    expect(metrics.get("kafka_log_logcleaner_cleaner_recopy_percent")).toBeLessThan(60);
    await broker.close();
  }));

test("committed offsets take no more room than there are groups and partitions", () =>
  runWorld(
    { properties: { ...properties, "offsets.topic.segment.bytes": 4000 } },
    async (world) => {
      const { broker, client } = await world.start();
      await client.createTopic("table");
      for (let offset = 0; offset < 300; offset++)
        await client.commitOffset(`group ${offset % 3}`, "table", offset);
      await world.platform.timers.sleep(16_000);
      expect(logBytes(world, "/data/__consumer_offsets-0")).toBeLessThan(10_000);
      await broker.close();
      const again = await world.start();
      const metrics = await again.broker.metrics();
      const committed = metrics.filter(({ name }) => name === "kafka_consumergroup_current_offset");
      expect(committed.map(({ value }) => value).toSorted()).toEqual([297, 298, 299]);
      await again.broker.close();
    },
  ));

test("a log that cannot be compacted is told, left as it is, and tried again after a while", () =>
  runWorld({ properties }, async (world) => {
    const { broker, client } = await world.start();
    await client.createTopic("table", 1, changelog);
    const fill = async () => {
      for (let count = 0; count < 5; count++) await put(client, [["key", "x".repeat(600_000)]]);
    };
    await fill();
    world.gate.resisting = /\.cleaned$/;
    await world.platform.timers.sleep(100_000);
    const failures = () => world.told.filter(({ event }) => event === "broker.compaction-failed");
    expect(failures().map(({ againAfterMs }) => againAfterMs)).toEqual([15_000, 30_000, 60_000]);
    const uncleanable = async () =>
      (await broker.metrics())
        .filter(({ name }) => name.includes("uncleanable"))
        .map(({ value }) => value > 0);
    expect(await uncleanable()).toEqual([true, true]);
    expect((await tableOf(client)).size).toBe(1);
    expect(logBytes(world, "/data/table-0")).toBeGreaterThan(2_900_000);
    world.gate.resisting = undefined;
    await world.platform.timers.sleep(60_000);
    expect(failures()).toHaveLength(3);
    expect(await uncleanable()).toEqual([false, false]);
    expect(logBytes(world, "/data/table-0")).toBeLessThan(1_900_000);
    await broker.close();
  }));

test("a log that is damaged is told to be uncleanable, once", () =>
  runWorld({ properties }, async (world) => {
    const { broker, client } = await world.start();
    await client.createTopic("table", 1, changelog);
    for (let count = 0; count < 5; count++) await put(client, [["key", "x".repeat(600_000)]]);
    const [first] = world.files.names("/data/table-0").filter((name) => name.endsWith(".log"));
    world.files.flip(`/data/table-0/${first}`, 16);
    await world.platform.timers.sleep(1_000_000);
    const failures = world.told.filter(({ event }) => event === "broker.compaction-failed");
    expect(failures).toMatchObject([{ level: "warn", topic: "table", isUncleanable: true }]);
    await broker.close();
  }));

test("a device that fails while a log is compacted ends the broker, as any other failed sync", () =>
  runWorld({ properties }, async (world) => {
    const { broker, client } = await world.start();
    await client.createTopic("table", 1, changelog);
    for (let count = 0; count < 5; count++) await put(client, [["key", "x".repeat(600_000)]]);
    // All is noted that has to be, and only what compaction writes is new.
    await world.platform.timers.sleep(2000);
    world.gate.breakSyncs();
    await world.platform.timers.sleep(20_000);
    expect(world.told.map(({ event }) => event)).toContain("broker.storage-failed");
    expect(broker.isHealthy).toBe(false);
    await broker.close().catch(() => {});
  }));

test("nothing is compacted where log.cleaner.enable is false", () =>
  runWorld({ properties: { ...properties, "log.cleaner.enable": false } }, async (world) => {
    const { broker, client } = await world.start();
    await client.createTopic("table", 1, changelog);
    for (let count = 0; count < 5; count++) await put(client, [["key", "x".repeat(600_000)]]);
    await world.platform.timers.sleep(60_000);
    expect(logBytes(world, "/data/table-0")).toBeGreaterThan(2_900_000);
    await broker.close();
  }));

test("a broker that is closed while it compacts closes at once, and goes on after the next start", () => {
  const slow = { ...properties, "log.cleaner.io.max.bytes.per.second": 100_000 };
  const world = brokerWorld({ properties: slow });
  return world.platform.until(
    (async () => {
      const { broker, client } = await world.start();
      await client.createTopic("table", 1, changelog);
      for (let count = 0; count < 5; count++)
        await put(client, [["key", `${count}${"x".repeat(600_000)}`]]);
      await world.platform.timers.sleep(20_000);
      const startedMs = world.platform.clock.monotonicMs();
      await broker.close();
      expect(world.platform.clock.monotonicMs() - startedMs).toBeLessThan(1000);
      expect(world.told.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
      const again = await world.start();
      await world.platform.timers.sleep(120_000);
      expect(logBytes(world, "/data/table-0")).toBeLessThan(1_900_000);
      expect((await tableOf(again.client)).get("key")?.startsWith("4x")).toBe(true);
      await again.broker.close();
    })(),
  );
});

test("a topic that is deleted while it is compacted is gone, and nothing else is touched", () => {
  const slow = { ...properties, "log.cleaner.io.max.bytes.per.second": 100_000 };
  return runWorld({ properties: slow }, async (world) => {
    const { broker, client } = await world.start();
    await client.createTopic("table", 1, changelog);
    for (let count = 0; count < 5; count++) await put(client, [["key", "x".repeat(600_000)]]);
    await world.platform.timers.sleep(47_000);
    expect(world.files.names("/data/table-0").join()).toContain(".cleaned");
    await client.ask(deleteTopicsApi, 5, { topicNames: ["table"], timeoutMs: 1000 });
    await world.platform.timers.sleep(120_000);
    expect(world.files.names("/data").filter((name) => name.startsWith("table"))).toEqual([]);
    expect(world.told.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
    expect(broker.isHealthy).toBe(true);
    await broker.close();
  });
});
