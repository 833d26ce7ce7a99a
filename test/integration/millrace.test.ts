import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { encodeUtf8, noHeaders } from "@millrace/model";
import {
  connect,
  EmbeddedCluster,
  string,
  StreamsApp,
  StreamsBuilder,
  type StreamsOptions,
} from "millrace";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { readTopic } from "./world/read-topic.ts";
import { expectCounted, linesOf, plainCounts, wordCount, wordTopics } from "./world/word-count.ts";

/** The package that users install, on the real world: an embedded broker, RocksDB, files. */
let folder: string;
let cluster: EmbeddedCluster;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-umbrella-"));
  cluster = await EmbeddedCluster.start({
    data: join(folder, "broker"),
    topics: wordTopics,
    durability: "os",
  });
});

afterAll(async () => {
  await cluster.close();
  rmSync(folder, { recursive: true, force: true });
});

function options(applicationId: string, more: Partial<StreamsOptions> = {}): StreamsOptions {
  const stateDirectory = join(folder, "state");
  return { applicationId, cluster, stateDirectory, commitInterval: 20, logLevel: "error", ...more };
}

async function produce(lines: readonly string[]): Promise<void> {
  await using client = connect({ bootstrapServers: cluster.bootstrapServers });
  const writer = client.openWriter({});
  for (const [index, line] of lines.entries())
    writer.partition("lines", index % 4).append(1, null, encodeUtf8(line), noHeaders);
  await writer.flush();
}

function metric(app: StreamsApp, name: string): number {
  const found = app.metrics().filter((one) => one.name === name);
  return found.reduce((sum, { value }) => sum + Number(value), 0);
}

/** Waits until the committed output says so: the lines are counted, and the changelogs hold the counts. */
async function expectAllCounted(lines: readonly string[]): Promise<void> {
  await using client = connect({ bootstrapServers: cluster.bootstrapServers });
  await expectCounted({ read: (topic) => readTopic(client, topic) }, lines);
}

describe("an application on RocksDB", () => {
  const lines = linesOf(500);

  test("that is closed and started again restores nothing, and keeps its seat", async () => {
    const first = await StreamsApp.start(wordCount(), options("kept"));
    await produce(lines);
    await expectAllCounted(lines);
    await Promise.all([first.close(), first.close()]);
    expect(first.state).toBe("closed");
    const startMs = performance.now();
    const asked: string[] = [];
    const rocksdb = {
      rocksdbMemoryMax: 128 * 2 ** 20,
      rocksdbConfig: (task: string) => {
        asked.push(task);
        return task === "1_0" ? { blockCacheBytes: 3_000_000 } : {};
      },
    };
    const second = await StreamsApp.start(wordCount(), options("kept", rocksdb));
    expect(performance.now() - startMs).toBeLessThan(2000);
    expect(second.tasks).toHaveLength(8);
    expect(metric(second, "restore-records-total")).toBe(0);
    // One budget over all databases, each of which is set up by its task, and tells what it does.
    expect(asked.toSorted()).toEqual(["1_0", "1_1", "1_2", "1_3"]);
    const capacities = second.metrics().filter(({ name }) => name === "block-cache-capacity");
    expect(capacities.find(({ tags }) => tags["task"] === "1_0")?.value).toBe(3_000_000);
    expect(metric(second, "block-cache-capacity")).toBeLessThan(rocksdb.rocksdbMemoryMax);
    expect(metric(second, "estimate-num-keys")).toBeGreaterThan(0);
    await second.close();
  });

  test("that catches up takes its partitions side by side", async () => {
    await using client = connect({ bootstrapServers: cluster.bootstrapServers });
    await client.admin.createTopics([{ name: "behind", partitionCount: 2 }]);
    const writer = client.openWriter({});
    for (const partition of [0, 1])
      for (let index = 0; index < 150; index++)
        writer.partition("behind", partition).append(index, null, encodeUtf8("line"), noHeaders);
    await writer.flush();
    const builder = new StreamsBuilder();
    const taken: number[] = [];
    const stream = builder.stream("behind", { value: string() });
    stream.foreach((_value, _key, { metadata }) => void taken.push(metadata?.partition ?? -1));
    const app = await StreamsApp.start(builder.build(), options("behind"));
    await expect.poll(() => taken.length, { timeout: 20_000 }).toBe(300);
    await app.close();
    const runs = taken.reduce((all: number[], partition, index) => {
      if (partition === taken[index - 1]) all[all.length - 1] += 1;
      else all.push(1);
      return all;
    }, []);
    // Of the first ones: those that are left over at the end have nobody beside them.
    expect(Math.max(...runs.slice(0, 10))).toBeLessThanOrEqual(16);
  });

  test("without its state directory restores all from the changelogs", async () => {
    const elsewhere = join(folder, "elsewhere");
    const app = await StreamsApp.start(wordCount(), options("kept", { stateDirectory: elsewhere }));
    const restored = metric(app, "restore-records-total");
    expect(restored).toBeGreaterThanOrEqual(plainCounts(lines).size);
    expect(metric(app, "restore-remaining-records-total")).toBe(0);
    await produce(lines);
    await expectAllCounted([...lines, ...lines]); // each word goes on from its count
    await app.close();
  });

  test("two in one process share the tasks, each with a directory of its own", async () => {
    const start = (name: string) =>
      StreamsApp.start(
        wordCount(),
        options("shared", { stateDirectory: join(folder, name), heartbeatInterval: 100 }),
      );
    await using first = await start("first");
    await using second = await start("second");
    await expect.poll(() => first.tasks.length + second.tasks.length, { timeout: 5000 }).toBe(8);
    expect(second.tasks).toHaveLength(4);
  });
});

test("embedded clusters that start together on one folder share one broker and its topics", async () => {
  const data = join(folder, "together");
  const all = await Promise.all(
    [1, 2, 3].map(() => EmbeddedCluster.start({ data, topics: { orders: 2 } })),
  );
  expect(new Set(all.map(({ bootstrapServers }) => bootstrapServers)).size).toBe(1);
  await Promise.all(all.map((one) => one.close()));
});

describe("an application that brings its broker along", () => {
  const embedded = () => options("own", { cluster: `embedded:${join(folder, "own")}` });

  test("gives everything free when it cannot start, and names what is wrong", async () => {
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(StreamsApp.start(wordCount(), embedded())).rejects.toMatchObject({
        code: "MISSING_SOURCE_TOPIC",
        message: expect.stringContaining("lines"),
      });
    }
    const own = await EmbeddedCluster.start({ data: join(folder, "own"), topics: wordTopics });
    await own.close();
    await using app = await StreamsApp.start(wordCount(), embedded());
    expect(app.state).toBe("running");
  });

  test("a wrong name of an option is told before anything is started", async () => {
    const wrong = {
      ...options("own"),
      cluster: `embedded:${join(folder, "never")}`,
      cachBytesMax: 5,
    };
    await expect(StreamsApp.start(wordCount(), wrong)).rejects.toMatchObject({
      code: "UNKNOWN_OPTION",
      message: expect.stringContaining('"cachBytesMax"'),
    });
    expect(existsSync(join(folder, "never"))).toBe(false);
  });
});
