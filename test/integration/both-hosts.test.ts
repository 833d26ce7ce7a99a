import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import {
  ApplicationError,
  connect,
  EmbeddedCluster,
  EmbeddedClusterError,
  StreamsApp,
  StreamsError,
  string,
  type KeyValueQueries,
  type StreamsOptions,
  type Topology,
} from "millrace";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { eventually } from "./world/eventually.ts";
import { failureOf } from "./world/failure-of.ts";
import threaded, { options as ownOptions, type ThreadedData } from "./world/threaded-program.ts";

/** What an application promises, whether its loops share the caller's thread or have threads of their own. */
let folder: string;
let cluster: EmbeddedCluster;
type Client = ReturnType<typeof connect>;
let client: Client;
let names = 0;
const apps: StreamsApp[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-hosts-"));
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

type Host = "topology" | "module";

async function programOf(host: Host, data: ThreadedData): Promise<Topology | URL> {
  return host === "topology"
    ? threaded(data)
    : new URL("./world/threaded-program.ts", import.meta.url);
}

async function start(
  host: Host,
  { data = {}, ...options }: Partial<StreamsOptions> & { readonly data?: ThreadedData } = {},
): Promise<StreamsApp> {
  const app = await StreamsApp.start(await programOf(host, data), {
    applicationId: `hosted-${++names}`,
    cluster,
    topics: { lines: 4, counts: 4, names: 1 },
    data,
    ...(host === "topology" ? ownOptions(data) : {}),
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
  await writeTo(client, ...lines);
}

async function writeTo(to: Client, ...lines: readonly string[]): Promise<void> {
  const producer = to.producer({ value: string() });
  for (const [index, value] of lines.entries())
    await producer.send({ topic: "lines", value, partition: index % 4 });
  await producer.close();
}

async function counted(app: StreamsApp): Promise<Record<string, number>> {
  const rows = app.store<KeyValueQueries<string, number>>("counts").all();
  return Object.fromEntries((await rows.toArray()).map(({ key, value }) => [key, value]));
}

async function members({ applicationId }: StreamsApp): Promise<number> {
  return (await client.admin.describeGroup(applicationId)).members.length;
}

/** Of clients, loops, tasks, nodes and stores. */
const namesOfFigures = [
  "alive-stream-threads",
  "client-state",
  "commit-total",
  "process-total",
  "put-total",
  "records-consumed-total",
  "request-total",
  "task-created-total",
];

function figures(app: StreamsApp): readonly string[] {
  return [...new Set(app.metrics().map(({ name }) => name))].toSorted();
}

async function sharedOut(app: StreamsApp): Promise<void> {
  await eventually(() => app.threads.map(({ tasks }) => tasks.length)).toEqual([4, 4]);
}

describe.each(["topology", "module"] as const)(
  "an application of a %s",
  { timeout: 60_000 },
  (host) => {
    test("processes nothing while it is paused, in threads that are begun meanwhile too, goes on, and leaves as it is told", async () => {
      const app = await start(host);
      app.addThread();
      app.pause(); // before the new one can be told
      await sharedOut(app);
      await write("a", "b", "c", "d");
      await setTimeout(300);
      expect(app.isPaused).toBe(true);
      expect(await counted(app)).toEqual({});
      app.resume();
      await eventually(() => counted(app)).toEqual({ a: 1, b: 1, c: 1, d: 1 });
      app.pause();
      await write("a", "b", "c", "d");
      await setTimeout(300);
      expect(await counted(app)).toEqual({ a: 1, b: 1, c: 1, d: 1 });
      await app.close({ group: "remain" });
      expect(await members(app)).toBe(2);
    });

    test("tells of itself, answers, ends by its signal, and with what its program threw", async () => {
      const states: string[] = [];
      const restored: string[] = [];
      const given: Parameters<typeof start>[1] = {
        applicationId: `told-${host}`,
        data: { refuses: "bad" },
        onStateChange: (state) => states.push(state),
        onRestore: ({ kind, store }) => restored.push(`${kind} ${store}`),
      };
      const stop = new AbortController();
      const app = await start(host, { ...given, signal: stop.signal });
      await write("a", "b", "a", "b");
      await eventually(() => counted(app)).toEqual({ a: 2, b: 2 });
      await eventually(() => figures(app)).toEqual(expect.arrayContaining(namesOfFigures));
      expect(states).toEqual(["rebalancing", "running"]);
      expect(app.memberId).toBe(app.threads[0].memberId);
      stop.abort();
      await app.closed;
      expect(states.slice(2)).toEqual(["closing", "closed"]);
      expect(await members(app)).toBe(0);
      states.length = 0;
      const again = await start(host, given);
      expect(await counted(again)).toEqual({ a: 2, b: 2 });
      expect(new Set(restored)).toEqual(new Set(["start counts", "batch counts", "end counts"]));
      expect(again.restoring).toEqual([]);
      const followed: string[] = [];
      const following = (async () => {
        for await (const state of again.states()) followed.push(state);
      })();
      await write("bad");
      const failure = await failureOf(again.closed);
      await following;
      expect(followed).toEqual(["running", "failing", "failed"]);
      expect(states).toEqual(["rebalancing", ...followed]);
      expect(failure).toBeInstanceOf(StreamsError);
      expect(failure).toMatchObject({
        code: "PROCESSING_FAILED",
        place: expect.stringMatching(/threaded-program\.ts:\d+:\d+$/),
        taskId: "0_0",
        topic: "lines",
      });
      const { cause } = failure as { readonly cause?: unknown };
      expect(cause).toBeInstanceOf(AggregateError);
      const [asked, thrown] = (cause as AggregateError).errors as readonly Error[];
      expect(asked).toBeInstanceOf(StreamsError);
      expect(asked).toMatchObject({ code: "PROCESSING_FAILED", taskId: "0_0" });
      expect(asked.cause).toEqual(new TypeError("cannot take bad"));
      expect(thrown).toEqual(new RangeError("nothing is known of bad"));
    });

    test("ends at once where its broker is closed first, and tells what is not committed", async () => {
      const own = await EmbeddedCluster.start({ data: join(folder, host), durability: "memory" });
      const app = await start(host, {
        cluster: own,
        sessionTimeout: 10_000,
        commitInterval: "1h",
        processingGuarantee: "at_least_once",
      });
      const ofOwn = connect({ bootstrapServers: own.bootstrapServers });
      await writeTo(ofOwn, "a");
      await ofOwn.close();
      await eventually(() => counted(app)).toEqual({ a: 1 });
      await own.close();
      const ended = await failureOf(app.closed);
      expect(ended).toMatchObject({
        code: "BROKER_CLOSED",
        message: expect.stringMatching(/Not committed.*lines-0 up to offset 1/),
        cause: { code: "BROKER_CLOSED" },
      });
      expect(ended).toBeInstanceOf(ApplicationError);
      expect(ended.cause).toBeInstanceOf(EmbeddedClusterError);
      expect(app.state).toBe("failed");
    });
  },
);
