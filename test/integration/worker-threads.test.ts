import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { nodePlatform } from "@millrace/platform/node";
import { directorySnapshotStore } from "@millrace/state";
import {
  ApplicationError,
  connect,
  EmbeddedCluster,
  StreamsApp,
  StreamsError,
  string,
  type KeyValueQueries,
  type StreamsOptions,
} from "millrace";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { KillableProcess } from "../crash/killable-process.ts";
import { eventually } from "./world/eventually.ts";
import { failureOf } from "./world/failure-of.ts";
import { readTopic } from "./world/read-topic.ts";
import type { ThreadedData } from "./world/threaded-program.ts";

/** Stream loops in worker threads. */
const isWhole = process.env["MILLRACE_VERIFY"] === "1";
const program = new URL("./world/threaded-program.ts", import.meta.url);
let folder: string;
let cluster: EmbeddedCluster;
let client: ReturnType<typeof connect>;
let names = 0;
const apps: StreamsApp[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-threads-"));
  cluster = await EmbeddedCluster.start({
    data: join(folder, "broker"),
    durability: "memory",
    config: { "group.min.session.timeout.ms": 100 },
  });
  client = connect({ bootstrapServers: cluster.bootstrapServers });
});

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  await client.admin.deleteTopics(["lines", "counts", "names"]);
});

afterAll(async () => {
  await client.close();
  await cluster.close();
  await rm(folder, { recursive: true });
});

async function start(
  options: Partial<StreamsOptions> & { readonly data?: ThreadedData } = {},
): Promise<StreamsApp> {
  const applicationId = `threaded-${++names}`;
  const app = await StreamsApp.start(program, {
    applicationId,
    cluster,
    topics: { lines: 4, counts: 4, names: 1 },
    threads: 2,
    data: {},
    stateDirectory: join(folder, "state"),
    sessionTimeout: 3000,
    heartbeatInterval: 100,
    commitInterval: 30,
    transactionTimeout: 3000,
    closeTimeout: 4000,
    logLevel: "silent",
    ...options,
  });
  apps.push(app);
  return app;
}

async function write(...lines: readonly string[]): Promise<void> {
  const producer = client.producer({ value: string() });
  for (const [index, value] of lines.entries())
    await producer.send({ topic: "lines", value, partition: index % 4 });
  await producer.close();
}

const counts = (app: StreamsApp): KeyValueQueries<string, number> =>
  app.store<KeyValueQueries<string, number>>("counts");

async function everything(app: StreamsApp): Promise<number> {
  let rows = 0;
  for await (const _ of counts(app).all()) rows += 1;
  return rows;
}

async function sharedOut(app: StreamsApp): Promise<void> {
  await eventually(() => app.threads.map(({ tasks }) => tasks.length)).toEqual([4, 4]);
}

describe("loops in worker threads", () => {
  test("share the tasks, are found by other instances, answer queries, copy their state, tell what they count, and go on after a restart", async () => {
    const app = await start({
      // They hear from each other what their heartbeats would tell them a minute later.
      heartbeatInterval: "1m",
      sessionTimeout: "3m",
      serve: { host: "127.0.0.1", port: 0 },
      querySecret: "of one's own, 32 letters at least",
    });
    await sharedOut(app);
    // Other instances find them at the address that the application's server has come to have.
    await eventually(() => app.instances.map(({ address }) => address)).toEqual([
      expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    ]);
    const lines = Array.from({ length: 40 }, (_, index) => `line-${index % 20}`);
    await write(...lines);
    const values = async (): Promise<readonly number[]> => {
      const found: number[] = [];
      for (let index = 0; index < 20; index++)
        found.push((await counts(app).get(`line-${index}`)) ?? 0);
      return found;
    };
    await eventually(values).toEqual(Array.from({ length: 20 }, () => 2));
    const stored = app.store<KeyValueQueries<string, number>>("names");
    expect(await stored.get("nobody")).toBeNull();
    const produced = (): number =>
      app
        .metrics()
        .filter(
          ({ name, tags }) => name === "records-consumed-total" && tags["topic-name"] === "lines",
        )
        .reduce((sum, { value }) => sum + value, 0);
    await eventually(produced).toBe(40);
    const to = join(folder, "snapshots");
    const copied = await app.snapshot({ to });
    expect(copied.reduce((sum, { rows }) => sum + rows, 0)).toBe(20);
    const own = directorySnapshotStore(nodePlatform().fileSystem, to);
    await expect(app.snapshot({ to: own })).rejects.toThrow(/cannot be sent to the threads/);
    await expect(app.snapshot({ to: "gs://bucket" })).rejects.toMatchObject({
      code: "SNAPSHOT_STORE_UNKNOWN",
    });
    expect(new Set(app.metrics().map(({ tags }) => tags["thread-id"])).size).toBeGreaterThan(2);
    await app.close();
    expect(app.state).toBe("closed");
  });

  test.runIf(isWhole)("are added and removed while they run", async () => {
    const app = await start({ threads: 1 });
    expect(app.addThread()).toBe(2);
    await sharedOut(app);
    await write("a", "b", "a");
    expect(await app.removeThread()).toBe(1);
    await eventually(async () => counts(app).get("a")).toBe(2);
  });

  test("tell the application's logger what they log, fail with the errors of their thread, and take handlers from the module", async () => {
    const lines: { readonly event: string; readonly fields: Record<string, unknown> }[] = [];
    const log = (fields: Record<string, unknown>, event: string): void =>
      void lines.push({ event, fields });
    const logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
    const app = await start({ logger, data: { skips: "bad-1" }, logLevel: "info" });
    await sharedOut(app);
    await write("bad-1", "good");
    const told = () => lines.find(({ event }) => event === "streams.error-passed-over")?.fields;
    await eventually(told).toMatchObject({
      application: app.applicationId,
      thread: expect.stringMatching(/-StreamThread-[12]$/),
      task: "0_0",
      code: "PROCESSING_FAILED",
      err: expect.objectContaining({ name: "TypeError", message: "cannot take bad-1" }),
    });
    expect(told()?.["err"]).toBeInstanceOf(Error);
    await eventually(async () => counts(app).get("good")).toBe(1);
    await write("bad-2");
    const failure = await failureOf(app.closed);
    expect(failure).toBeInstanceOf(StreamsError);
    expect(failure).toMatchObject({
      code: "PROCESSING_FAILED",
      cause: { name: "TypeError", message: "cannot take bad-2" },
    });
    expect(app.state).toBe("failed");
  });

  test.runIf(isWhole).each(["exit", "throw"])(
    "of which one dies (%s) are replaced by policy, or end it",
    async (how) => {
      const errors: unknown[] = [];
      const app = await start({
        onUncaughtError: (error) => {
          errors.push(error);
          return errors.length === 1 ? "replaceThread" : "shutdownClient";
        },
      });
      await sharedOut(app);
      await write(how);
      const failure = await failureOf(app.closed);
      expect(failure).toBeInstanceOf(ApplicationError);
      expect(failure).toMatchObject({ code: "THREAD_ENDED" });
      expect(errors).toHaveLength(2);
    },
  );

  test.each(isWhole ? (["sqlite", "rocksdb"] as const) : (["sqlite"] as const))(
    "of which one dies leave their stores (%s) to those that take their place, and to a next start",
    async (storeEngine) => {
      const ended = join(folder, `ended-${storeEngine}`);
      const applicationId = `ending-${storeEngine}`;
      const errors: unknown[] = [];
      const given: Partial<StreamsOptions> = {
        applicationId,
        storeEngine,
        data: { ended },
        onUncaughtError: (error) => {
          errors.push(error);
          return errors.length === 1 ? "replaceThread" : "shutdownClient";
        },
      };
      const app = await start(given);
      await sharedOut(app);
      await write("exit once", "a", "b", "c");
      await eventually(async () => everything(app).catch(() => 0), 20_000).toBe(4);
      await rm(ended);
      await write("exit once");
      const failure = await failureOf(app.closed);
      expect(failure).toBeInstanceOf(ApplicationError);
      expect(failure).toMatchObject({ code: "THREAD_ENDED" });
      expect(errors).toHaveLength(2);
      const next = await start(given);
      await eventually(async () => counts(next).get("exit once"), 20_000).toBe(2);
    },
    60_000,
  );

  test.runIf(isWhole)("that hang answer nobody, and are ended within closeTimeout", async () => {
    const app = await start({ closeTimeout: 500 });
    await write("hang");
    await new Promise((resolve) => setTimeout(resolve, 300));
    const asked = expect(everything(app)).rejects.toMatchObject({
      code: "NOT_ACTIVE",
    });
    const beginMs = performance.now();
    await asked;
    await app.close();
    expect(performance.now() - beginMs).toBeLessThan(30_000);
  });

  test.runIf(isWhole)(
    "of which one runs out of memory are told, and it is replaced",
    async () => {
      await client.admin.createTopics([
        { name: "lines", partitionCount: 4 },
        { name: "counts", partitionCount: 4 },
        { name: "names", partitionCount: 1 },
      ]);
      const file = fileURLToPath(new URL("world/ending-program.ts", import.meta.url));
      const place = [cluster.bootstrapServers, join(folder, "memory"), "2", `threaded-${++names}`];
      const program = new KillableProcess(["--max-old-space-size=100", file, ...place]);
      const said = async (word: string): Promise<string> => {
        for (;;) {
          const line = await program.nextLine(60_000);
          if (line === undefined) throw new Error(`ended before ${word}: ${program.errors}`);
          if (line.startsWith(word)) return line;
        }
      };
      try {
        await said("running");
        await write("a", "fill", "b");
        expect(await said("uncaught")).toMatch(/THREAD_ENDED|memory/);
        await said("running");
        const counted = async (): Promise<readonly string[]> =>
          (await readTopic(client, "counts")).map(({ key }) => key ?? "").toSorted();
        await eventually(counted, 30_000).toEqual(["a", "b", "fill"]);
        expect(await program.endBy("SIGTERM")).toBe(0);
      } finally {
        await program.killAfter(0);
      }
    },
    180_000,
  );

  test("are refused where the program starts itself in each of them", async () => {
    const data: ThreadedData = { module: program.href };
    expect(await failureOf(start({ threads: 1, data }))).toMatchObject({
      code: "PROGRAM_STARTS_ITSELF",
    });
  });

  test("are refused what cannot be sent to them, and what their module gives too", async () => {
    await expect(start({ cluster: client })).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining("testCluster({ port: 0 })"),
    });
    const data: ThreadedData = { commitInterval: 10 };
    await expect(start({ data })).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringMatching(/^commitInterval is given to StreamsApp.start and by/),
    });
    await expect(start({ data: { prefix: () => "" } as object })).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringMatching(/^data was given .*; give what can be, and have the module/),
    });
    const { bootstrapServers } = cluster;
    const sasl = { mechanism: "OAUTHBEARER", token: () => "" } as const;
    for (const one of [
      { onProductionError: (): "fail" => "fail" },
      { stateFrom: directorySnapshotStore(nodePlatform().fileSystem, folder) },
      { cluster: { bootstrapServers, sasl, ssl: true } },
    ] satisfies readonly Partial<StreamsOptions>[])
      await expect(start(one)).rejects.toMatchObject({
        code: "INVALID_OPTION",
        message: expect.stringMatching(/cannot be sent to a thread; .*export const options/),
      });
  });
});
