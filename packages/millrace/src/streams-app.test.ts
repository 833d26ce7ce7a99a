import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { string } from "@millrace/serde";
import { StreamsBuilder, type Topology } from "@millrace/streams";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { connect } from "./connect.ts";
import { EmbeddedCluster } from "./embedded/embedded-cluster.ts";
import { StreamsApp } from "./streams-app.ts";
import type { StreamsOptions } from "./streams-options.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-app-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function copy(): Topology {
  const builder = new StreamsBuilder();
  builder.stream("lines", { value: string() }).to("copies", { value: string() });
  return builder.build();
}

function options(name: string, more: object = {}): StreamsOptions {
  const cluster = `embedded:${join(folder, name)}`;
  return { applicationId: "copy", cluster, logLevel: "error", ...more };
}

/** Nobody has the folder open. */
async function expectFree(name: string): Promise<void> {
  const cluster = await EmbeddedCluster.start({ data: join(folder, name) });
  const isOwn = cluster.bootstrapServers;
  await cluster.close();
  await expect(
    connect({ bootstrapServers: isOwn, bootstrapTimeout: "200ms" }).admin.listTopics(),
  ).rejects.toMatchObject({ code: "BROKER_UNREACHABLE" });
}

test("a program with a broker of its own runs on a fresh folder: topics are given beside it", async () => {
  for (let run = 0; run < 2; run++) {
    const topics = { lines: 2, copies: 1 };
    const app = await StreamsApp.start(copy(), options("fresh", { topics }));
    expect(app.state).toBe("running");
    await app.close();
  }
  await expectFree("fresh");
});

test("topics are made on a cluster that is there already, and left as they are afterwards", async () => {
  const cluster = await EmbeddedCluster.start({
    data: join(folder, "there"),
    topics: { lines: 3 },
  });
  try {
    const topics = { lines: 1, copies: 2 };
    const app = await StreamsApp.start(copy(), options("there", { cluster, topics }));
    const client = connect({ bootstrapServers: cluster.bootstrapServers });
    const described = await client.admin.describeTopics(["lines", "copies"]);
    expect(described.get("lines")?.partitionCount).toBe(3);
    expect(described.get("copies")?.partitionCount).toBe(2);
    await client.close();
    await app.close();
  } finally {
    await cluster.close();
  }
});

test("a start is given up at once while it waits for a cluster to make topics on", async () => {
  const topics = { lines: 1, copies: 1 };
  const signal = AbortSignal.timeout(300);
  const starting = options("nobody", { cluster: "127.0.0.1:1", topics, signal });
  const failure = await StreamsApp.start(copy(), starting).catch((error: unknown) => error);
  expect(failure).toBe(signal.reason);
  expect(failure).toMatchObject({ name: "TimeoutError" });
  await StreamsApp.run(copy(), { ...starting, signal: AbortSignal.timeout(300) });
});

test("a start is given up while its own broker starts, and the folder is free", async () => {
  const topics = { lines: 1, copies: 1 };
  const stop = new AbortController();
  const starting = options("given-up", { topics, signal: stop.signal });
  const reason = new Error("given up");
  const refused = expect(StreamsApp.start(copy(), starting)).rejects.toBe(reason);
  await once(process, "worker");
  stop.abort(reason);
  await refused;
  await expectFree("given-up");
});

test("a start that fails, or was aborted before, leaves no broker behind", async () => {
  await expect(StreamsApp.start(copy(), options("failed"))).rejects.toMatchObject({
    code: "MISSING_SOURCE_TOPIC",
  });
  await expectFree("failed");
  const topics = { lines: 1, copies: 1 };
  const signal = AbortSignal.abort();
  const aborted = options("aborted", { topics, signal });
  await expect(StreamsApp.start(copy(), aborted)).rejects.toBe(signal.reason);
  await expectFree("aborted");
});

describe("an option that cannot be is told before anything is started", () => {
  test.each([
    ["cluster", undefined],
    ["cluster", Promise.resolve("localhost:9092")],
    ["cluster", ""],
    ["cluster", "embedded:"],
    ["cluster", 9092],
    ["cluster", {}],
    // As a TestCluster, whose client is meant.
    ["cluster", { client: {}, bootstrapServers: "localhost:9092" }],
    ["storeEngine", "leveldb"],
    // Without a stateDirectory there is no place for its files.
    ["storeEngine", "sqlite"],
    ["storeEngine", "rocksdb"],
    ["logLevel", "loud"],
    ["topics", ["lines"]],
    ["topics", { lines: 0 }],
    ["onProcessingError", "skip"],
    ["commitInterval", "soon"],
  ])("%s: %s", async (name, value) => {
    const given = options("never", { [name]: value });
    await expect(StreamsApp.start(copy(), given)).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining(name),
    });
    await expect(StreamsApp.run(copy(), given)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    expect(existsSync(join(folder, "never"))).toBe(false);
  });

  test.each([
    ["nothing", undefined],
    ["a builder that was not built", new StreamsBuilder()],
    ["a promise", Promise.resolve(copy())],
  ])("%s instead of a topology", async (_, topology) => {
    const topics = { lines: 1, copies: 1 };
    const given = options("no-topology", { topics });
    await expect(StreamsApp.start(topology as never, given)).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining("builder.build()"),
    });
    expect(existsSync(join(folder, "no-topology"))).toBe(false);
  });

  test("a topology that reads nothing", async () => {
    const empty = new StreamsBuilder().build();
    await expect(StreamsApp.start(empty, options("empty"))).rejects.toMatchObject({
      code: "EMPTY_TOPOLOGY",
    });
    expect(existsSync(join(folder, "empty"))).toBe(false);
  });

  test("a signal that has aborted", async () => {
    const signal = AbortSignal.abort();
    const starting = StreamsApp.start(copy(), options("late", { signal }));
    await expect(starting).rejects.toBe(signal.reason);
    await StreamsApp.run(copy(), options("late", { signal }));
    expect(existsSync(join(folder, "late"))).toBe(false);
  });

  test("no options at all", async () => {
    await expect(StreamsApp.start(copy(), undefined as never)).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
    await expect(StreamsApp.run(copy(), undefined as never)).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
  });
});
