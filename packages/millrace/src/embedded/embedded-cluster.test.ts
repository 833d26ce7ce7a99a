import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { promisify } from "node:util";
import type { Worker } from "node:worker_threads";

import { nodePlatform } from "@millrace/platform/node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { connect } from "../connect.ts";
import { EmbeddedCluster, type EmbeddedClusterOptions } from "./embedded-cluster.ts";

/** Nothing else runs in it meanwhile. */
function holdThread(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-embedded-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  [{ dataDirectory: "x" }, "UNKNOWN_OPTION", /data/],
  [{ topic: { orders: 4 } }, "UNKNOWN_OPTION", /Did you mean topics\?/],
  [{ durability: "fsync" }, "INVALID_OPTION", /"group" or "strict"/],
  [{ port: 70_000 }, "INVALID_OPTION", /from 0 to 65535/],
  [{ port: "9092" }, "INVALID_OPTION", /port is "9092"/],
  [{ topics: { orders: 1.5 } }, "INVALID_OPTION", /partition counts/],
  [{ topics: ["orders"] }, "INVALID_OPTION", /partition counts/],
  [{ config: { "log.retention.ms": null } }, "INVALID_OPTION", /Kafka's names/],
  [{ data: "" }, "INVALID_OPTION", /data is ""/],
  [{ data: undefined }, "INVALID_OPTION", /data is missing/],
])("%j is refused before a broker is started", async (wrong, code, message) => {
  const data = join(folder, "never");
  // Refused by types too, which JavaScript does not have.
  const options = { data, ...wrong } as EmbeddedClusterOptions;
  await expect(EmbeddedCluster.start(options)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  });
  expect(existsSync(data)).toBe(false);
});

test("a setting that Kafka does not know is told by the broker, with its code as the reason", async () => {
  const options = { data: join(folder, "setting"), config: { "no.such.setting": 1 } };
  await expect(EmbeddedCluster.start(options)).rejects.toMatchObject({
    code: "BROKER_NOT_STARTED",
    message: expect.stringContaining("no.such.setting"),
  });
});

test("it listens where config.listeners says, unless a port is given beside", async () => {
  const blocked = createServer().listen(0, "127.0.0.1");
  await once(blocked, "listening");
  const { port } = blocked.address() as AddressInfo;
  await promisify(blocked.close.bind(blocked))();
  const given = {
    data: join(folder, "listeners"),
    config: { listeners: `PLAINTEXT://127.0.0.1:${port}` },
  };
  const cluster = await EmbeddedCluster.start(given);
  expect(cluster.bootstrapServers).toBe(`127.0.0.1:${port}`);
  await cluster.close();
  const other = await EmbeddedCluster.start({ ...given, port: 0 });
  expect(other.bootstrapServers).not.toBe(`127.0.0.1:${port}`);
  await other.close();
});

test("topics are made once, and closing twice is fine", async () => {
  const both: readonly Record<string, number>[] = [{ orders: 2 }, { orders: 5, invoices: 1 }];
  for (const topics of both) {
    const cluster = await EmbeddedCluster.start({ data: join(folder, "twice"), topics });
    const client = connect({ bootstrapServers: cluster.bootstrapServers });
    const described = await client.admin.describeTopics(Object.keys(topics));
    expect(described.get("orders")?.partitionCount).toBe(2);
    expect(described.size).toBe(Object.keys(topics).length);
    await client.close();
    await cluster.close();
    await cluster.close();
  }
});

test("a broker that has the folder already is told what it was asked for otherwise", async () => {
  const data = join(folder, "shared");
  const owner = await EmbeddedCluster.start({ data });
  const lines: string[] = [];
  const written = vi.spyOn(process.stderr, "write").mockImplementation((line) => {
    lines.push(String(line));
    return true;
  });
  try {
    const port = Number(owner.bootstrapServers.split(":")[1]);
    await (await EmbeddedCluster.start({ data, port })).close();
    expect(lines).toEqual([]);
    await (await EmbeddedCluster.start({ data, durability: "strict" })).close();
    await expect(EmbeddedCluster.start({ data, port: port - 1 })).rejects.toMatchObject({
      code: "BROKER_NOT_STARTED",
      reason: "IN_USE",
      message: expect.stringContaining(owner.bootstrapServers),
    });
  } finally {
    written.mockRestore();
    await owner.close();
  }
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: "warn", event: "millrace.broker-shared", ignored: ["durability"] },
  ]);
});

test("its thread has less room for young objects than Node gives by itself", async () => {
  const starting = once(process, "worker");
  await using _cluster = await EmbeddedCluster.start({ data: join(folder, "lean") });
  const [worker] = (await starting) as [Worker];
  expect(worker.resourceLimits?.maxYoungGenerationSizeMb).toBe(24);
});

test("a broker whose thread ends by itself is told of, and closing it ends", async () => {
  const starting = once(process, "worker");
  const cluster = await EmbeddedCluster.start({ data: join(folder, "ended") });
  const [worker] = (await starting) as [Worker];
  const lines: string[] = [];
  const written = vi.spyOn(process.stderr, "write").mockImplementation((line) => {
    lines.push(String(line));
    return true;
  });
  try {
    await worker.terminate();
    await cluster.close();
  } finally {
    written.mockRestore();
  }
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0])).toMatchObject({ level: "error", event: "millrace.broker-ended" });
});

test("a start is given up while the broker starts: its thread ends, and the folder is free", async () => {
  const data = join(folder, "given-up");
  const stop = new AbortController();
  const beginning = once(process, "worker");
  const starting = EmbeddedCluster.start({ data, signal: stop.signal });
  const refused = expect(starting).rejects.toThrow("no more");
  const [worker] = (await beginning) as [Worker];
  const ended = once(worker, "exit");
  stop.abort(new Error("no more"));
  await refused;
  await ended;
  await (await EmbeddedCluster.start({ data })).close();
});

test("a start is given up while the program is busy, until the broker has started and closed: it ends, and tells nothing", async () => {
  const data = join(folder, "given-up-busy");
  mkdirSync(data);
  const { fileSystem } = nodePlatform();
  const isListening = (): boolean =>
    fileSystem.readLockNote(`${data}/.lock`)?.includes(":") ?? false;
  const isBusyUntil = (isDone: () => boolean): boolean => {
    const deadlineMs = Date.now() + 15_000;
    while (!isDone()) {
      if (Date.now() > deadlineMs) return false;
      holdThread(2);
    }
    return true;
  };
  const written = vi.spyOn(process.stderr, "write");
  const stop = new AbortController();
  const beginning = once(process, "worker");
  const starting = EmbeddedCluster.start({ data, signal: stop.signal });
  const refused = expect(starting).rejects.toThrow("no more");
  await beginning;
  expect(isBusyUntil(isListening)).toBe(true);
  stop.abort(new Error("no more"));
  expect(isBusyUntil(() => !isListening())).toBe(true);
  holdThread(300); // its thread is over, and nobody has read what it said
  await refused;
  expect(written).not.toHaveBeenCalled();
  written.mockRestore();
}, 40_000);

test("a start is given up while another broker that has the folder does not say where it is", async () => {
  const data = join(folder, "silent");
  mkdirSync(data);
  const lock = await nodePlatform().fileSystem.lock(`${data}/.lock`, "");
  const stop = new AbortController();
  const starting = EmbeddedCluster.start({ data, signal: stop.signal });
  const refused = expect(starting).rejects.toMatchObject({ name: "AbortError" });
  const [worker] = (await once(process, "worker")) as [Worker];
  await once(worker, "exit"); // it was refused, and its holder is asked now
  stop.abort();
  await refused;
  lock.release();
}, 20_000);

test("closing a broker tells nothing", async () => {
  const cluster = await EmbeddedCluster.start({ data: join(folder, "quiet") });
  const written = vi.spyOn(process.stderr, "write");
  await cluster.close();
  expect(written).not.toHaveBeenCalled();
  written.mockRestore();
});

test("a schema registry runs beside the broker where it is asked for, and ends with it", async () => {
  const cluster = await EmbeddedCluster.start({
    data: join(folder, "registry"),
    schemaRegistry: true,
  });
  const url = cluster.schemaRegistryUrl;
  const body = JSON.stringify({ schema: '"string"' });
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}/subjects/s/versions`, { method: "POST", body, headers });
  expect(await answer.json()).toMatchObject({ id: 1, version: 1 });
  const closing = cluster.close();
  expect(cluster.gone.aborted).toBe(true); // told to applications before the registry has ended
  await closing;
  await expect(fetch(url)).rejects.toThrow();

  await using without = await EmbeddedCluster.start({ data: join(folder, "registry") });
  expect(() => without.schemaRegistryUrl).toThrow(/schemaRegistry: true/);
});
