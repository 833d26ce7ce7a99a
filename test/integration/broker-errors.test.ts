import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Broker } from "@millrace/broker";
import { decodeUtf8, encodeUtf8, noHeaders } from "@millrace/model";
import { nodePlatform } from "@millrace/platform/node";
import { connect, EmbeddedCluster, type KafkaClient } from "millrace";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { SmallDisk } from "./world/small-disk.ts";
import { TestWorld } from "./world/test-world.ts";
import {
  expectCopiedOnce,
  expectCounted,
  linesOf,
  wordCount,
  wordTopics,
} from "./world/word-count.ts";

/** Folders, ports and disks that a broker cannot use: what it says, and that it changes nothing. */
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-errors-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function startBroker(data = folder, port = 0): Promise<Broker> {
  const platform = nodePlatform({ logLevel: "silent" });
  return Broker.start(platform, { dataDirectory: data, port });
}

function clientOf({ address }: Broker): KafkaClient {
  return connect({ bootstrapServers: `${address.host}:${address.port}` });
}

async function produce(client: KafkaClient, topic: string, values: readonly string[]) {
  const writer = client.openWriter({ deliveryTimeoutMs: 800 });
  try {
    for (const value of values) {
      writer.partition(topic, 0).append(1, null, encodeUtf8(value), noHeaders);
      await writer.flush(); // a batch each
    }
  } finally {
    await writer.close(0);
  }
}

/** Reads until the values are there, or the reader tells an error. */
async function read(client: KafkaClient, topic: string, count: number, offset = 0) {
  const reader = client.openReader({ isolation: "read_uncommitted", fetchWaitMsMax: 50 });
  reader.assign([{ topic, partition: 0, offset }]);
  const values: string[] = [];
  try {
    for (let turn = 0; values.length < count && turn < 12; turn++) {
      for (const batch of await reader.poll({ waitMsMax: 100 })) {
        while (batch.next()) values.push(decodeUtf8(batch.value ?? new Uint8Array()));
        batch.release();
      }
    }
    return { values, error: undefined };
  } catch (error) {
    return { values, error };
  } finally {
    await reader.close();
  }
}

describe("a port in use", () => {
  test("is named, and the data stays for another port", async () => {
    const first = await startBroker();
    await using client = clientOf(first);
    await client.admin.createTopics([{ name: "kept", partitionCount: 1 }]);
    await first.close();
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as AddressInfo;
    await expect(startBroker(folder, port)).rejects.toMatchObject({
      code: "ADDRESS_IN_USE",
      message: expect.stringContaining(String(port)),
    });
    await expect(EmbeddedCluster.start({ data: folder, port })).rejects.toMatchObject({
      code: "BROKER_NOT_STARTED",
      reason: "ADDRESS_IN_USE",
    });
    other.close();
    await using second = await startBroker();
    await using again = clientOf(second);
    expect((await again.admin.listTopics()).map(({ name }) => name)).toContain("kept");
  });
});

describe("a data folder", () => {
  test("that cannot be made is named", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "mine");
    const attempt = startBroker(join(file, "data"));
    await expect(attempt).rejects.toMatchObject({
      code: expect.stringMatching(/WRONG_KIND|ALREADY_EXISTS|NOT_FOUND/),
      message: expect.stringContaining(file),
    });
    await expect(EmbeddedCluster.start({ data: join(file, "data") })).rejects.toMatchObject({
      code: "BROKER_NOT_STARTED",
    });
    expect(readFileSync(file, "utf8")).toBe("mine");
  });

  test("that may not be written is named", async () => {
    chmodSync(folder, 0o555);
    const isRoot = process.geteuid?.() === 0; // who may write everywhere
    if (isRoot) process.seteuid?.(65_534);
    try {
      await expect(startBroker(join(folder, "data"))).rejects.toMatchObject({
        code: "PERMISSION_DENIED",
        message: expect.stringContaining(folder),
      });
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(folder, 0o755);
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  test("of somebody else is refused and left as it is", async () => {
    writeFileSync(join(folder, "thesis.txt"), "ten years of work");
    await expect(startBroker()).rejects.toMatchObject({
      code: "FOREIGN_FOLDER",
      message: expect.stringContaining("thesis.txt"),
    });
    await expect(EmbeddedCluster.start({ data: folder })).rejects.toMatchObject({
      reason: "FOREIGN_FOLDER",
    });
    expect(readdirSync(folder)).toEqual(["thesis.txt"]);
  });

  test("that is open already is attached to by an embedded cluster, and refused to a broker", async () => {
    const first = await EmbeddedCluster.start({ data: folder, topics: { shared: 1 } });
    const second = await EmbeddedCluster.start({ data: folder });
    expect(second.bootstrapServers).toBe(first.bootstrapServers);
    await expect(startBroker()).rejects.toMatchObject({
      code: "IN_USE",
      message: expect.stringContaining(first.bootstrapServers),
    });
    await second.close();
    await using client = connect({ bootstrapServers: first.bootstrapServers });
    await produce(client, "shared", ["still", "there"]);
    expect((await read(client, "shared", 2)).values).toEqual(["still", "there"]);
    await first.close();
    await (await startBroker()).close(); // and given free
  });

  test("of a newer version is refused and left as it is", async () => {
    await (await startBroker()).close();
    const file = join(folder, "meta.properties");
    const text = readFileSync(file, "utf8").replace("millrace.format=1", "millrace.format=99");
    writeFileSync(file, text);
    const before = readdirSync(folder);
    await expect(startBroker()).rejects.toMatchObject({ code: "VERSION_TOO_NEW" });
    expect(readFileSync(file, "utf8")).toBe(text);
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe("a segment that is damaged in the middle", () => {
  test("is read up to there, takes no appends, and is not cut", async () => {
    const values = Array.from({ length: 20 }, (_, index) => `value ${index}`);
    const first = await startBroker();
    const writing = clientOf(first);
    await writing.admin.createTopics([
      { name: "hurt", partitionCount: 1 },
      { name: "sound", partitionCount: 1 },
    ]);
    await produce(writing, "hurt", values);
    await writing.close();
    await first.close();
    const segment = join(folder, "hurt-0", "00000000000000000000.log");
    const bytes = readFileSync(segment);
    bytes[Math.floor(bytes.length / 2)] ^= 0xff;
    writeFileSync(segment, bytes);
    rmSync(join(folder, ".kafka_cleanshutdown")); // as after a crash: logs are looked through

    const second = await startBroker();
    await using client = clientOf(second);
    const below = await read(client, "hurt", 20);
    expect(below.values).toEqual(values.slice(0, below.values.length));
    expect(below.values.length).toBeGreaterThanOrEqual(9);
    expect(below.values.length).toBeLessThan(12);
    await expect(produce(client, "hurt", ["more"])).rejects.toMatchObject({
      message: expect.stringContaining("hurt-0"),
    });
    await produce(client, "sound", ["the others go on"]);
    expect((await read(client, "sound", 1)).values).toEqual(["the others go on"]);
    await second.close();
    expect(statSync(segment).size).toBe(bytes.length);
    expect(readFileSync(segment).equals(bytes)).toBe(true);
  });
});

describe("a disk that is full", () => {
  test("holds the application up; freed, it goes on by itself and nothing is lost or repeated", async () => {
    const disk = new SmallDisk();
    await using world = await TestWorld.start(wordTopics, disk.fileSystem);
    const app = await world.app(wordCount(), { sessionTimeout: 10_000 });
    await world.produce("lines", linesOf(200));
    await expectCounted(world, linesOf(200));
    disk.isFull = true;
    const late = world.produce("lines", linesOf(200, 200)); // asks on while there is no room
    await expect
      .poll(() => world.brokerEvents.some(({ name }) => name === "broker.disk-full"), {
        timeout: 3000,
      })
      .toBe(true);
    disk.isFull = false;
    await late;
    await expectCounted(world, linesOf(400));
    await expectCopiedOnce(world, linesOf(400));
    expect(app.state).toBe("running");
  });
});
