import { encodeUtf8, noHeaders } from "@millrace/model";
import { int64AsNumber, string } from "@millrace/serde";
import { fileEngineProvider } from "@millrace/state";
import {
  StreamsBuilder,
  type RestoreEvent,
  type StreamsApp,
  type StreamsOptions,
  type Topology,
} from "@millrace/streams";
import { afterEach, beforeEach, expect, test } from "vitest";

import { delegate } from "../simulation/processes/observe-commits.ts";
import { readCounts } from "./world/word-count.ts";
import { TestWorld } from "./world/test-world.ts";

/** Copies of tasks that follow their changelogs. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ words: 2, counts: 1, out: 1 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

function counted(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("words", { key: string(), value: string() })
    .groupByKey()
    .count({ store: "counts" })
    .toStream()
    .to("counts", { key: string(), value: int64AsNumber() });
  return builder.build();
}

async function write(partition: number, ...words: readonly string[]): Promise<void> {
  const writer = world.client.openWriter({});
  await writer.prepare(["words"]);
  for (const word of words)
    writer.partition("words", partition).append(1, encodeUtf8(word), encodeUtf8(word), noHeaders);
  await writer.flush();
  await writer.close();
}

async function expectCounts(counts: Readonly<Record<string, number>>): Promise<void> {
  await expect
    .poll(async () => Object.fromEntries(await readCounts(world)), { timeout: 5000 })
    .toEqual(counts);
}

interface Instance {
  readonly app: StreamsApp;
  readonly events: readonly RestoreEvent[];
  /** The folders of tasks, one for each time that an engine was opened. */
  readonly opened: readonly string[];
}

async function start(
  stateDirectory: string,
  topology = counted(),
  options: Partial<StreamsOptions> = {},
): Promise<Instance> {
  const events: RestoreEvent[] = [];
  const opened: string[] = [];
  const process = world.process();
  const engines = fileEngineProvider(process.platform);
  const app = await world.app(
    topology,
    {
      stateDirectory,
      numStandbyReplicas: 1,
      onRestore: (event) => void events.push(event),
      ...options,
    },
    process,
    {
      engines: {
        ...engines,
        open: async (directory) => {
          opened.push(directory.slice(directory.lastIndexOf("/") + 1));
          return engines.open(directory);
        },
      },
    },
  );
  return { app, events, opened };
}

const standbysOf = ({ app }: Instance): readonly string[] =>
  app.restoring.filter(({ role }) => role === "standby").map(({ task }) => task);

/** Each of two instances has one of two tasks, and a copy of the other's. */
async function expectShared(one: Instance, other: Instance): Promise<void> {
  await expect.poll(() => [one.app.tasks.length, other.app.tasks.length]).toEqual([1, 1]);
  await expect.poll(() => standbysOf(one), { timeout: 5000 }).toEqual(other.app.tasks);
  await expect.poll(() => standbysOf(other), { timeout: 5000 }).toEqual(one.app.tasks);
}

test("a standby follows the changelog, and takes over without reading anything anew", async () => {
  const [one, other] = [await start("/one"), await start("/other")];
  await expectShared(one, other);
  await write(0, "a", "a", "c");
  await write(1, "b");
  await expectCounts({ a: 2, b: 1, c: 1 });
  const [task] = other.app.tasks;
  const lag = (): number => {
    const [progress] = one.app.restoring;
    return (progress.endOffset ?? Infinity) - progress.offset;
  };
  await expect.poll(() => one.app.restoring[0].records, { timeout: 5000 }).toBeGreaterThan(0);
  await expect.poll(lag, { timeout: 5000 }).toBe(0);
  await other.app.close();
  await expect.poll(() => one.app.tasks.length, { timeout: 5000 }).toBe(2);
  const told = one.events.filter((event) => event.task === task && event.kind !== "batch");
  expect(told.at(-3)).toMatchObject({ kind: "suspended", role: "standby", reason: "promoted" });
  expect(told.at(-1)).toMatchObject({ kind: "end", role: "active", records: 0 });
  expect(one.opened.filter((name) => name === task)).toHaveLength(1);
  await write(0, "a");
  await write(1, "b");
  await expectCounts({ a: 3, b: 2, c: 1 });
});

test("a task that moves away goes on as a standby, on the engine that it had", async () => {
  const one = await start("/one");
  await write(0, "a", "a");
  await write(1, "b");
  await expectCounts({ a: 2, b: 1 });
  const other = await start("/other");
  await expectShared(one, other);
  const [moved] = standbysOf(one);
  expect(one.opened.filter((name) => name === moved)).toHaveLength(1);
  await write(0, "a");
  await write(1, "b");
  await expectCounts({ a: 3, b: 2 });
  await expect.poll(() => one.app.restoring[0].records, { timeout: 5000 }).toBeGreaterThan(0);
  expect(one.app.restoring[0].startOffset).toBeGreaterThan(0);
});

test("a standby of a topic that serves as changelog goes no further than its task", async () => {
  await world.createTopics({ rows: 2 });
  const builder = new StreamsBuilder();
  const rows = builder.table("rows", { key: string(), value: string(), store: "rows-by-key" });
  rows.toStream().to("out");
  const topology = builder.build({ optimize: "all" });
  const ends = { rows: { 0: 1, 1: 1 } };
  const [one, other] = [await start("/one", topology), await start("/other", topology)];
  await expectShared(one, other);
  const writer = world.client.openWriter({});
  await writer.prepare(["rows"]);
  for (const partition of [0, 1])
    for (const text of ["x", "y"])
      writer.partition("rows", partition).append(1, encodeUtf8(text), encodeUtf8(text), noHeaders);
  await writer.flush();
  await writer.close();
  await expect.poll(async () => (await world.read("out")).length, { timeout: 5000 }).toBe(4);
  for (const { app } of [one, other]) {
    await expect.poll(() => app.restoring[0].offset, { timeout: 5000 }).toBe(2);
    expect(app.restoring[0]).toMatchObject({ role: "standby", records: 2 });
    const copies = { isLocal: true, standbys: true, positionAtLeast: ends };
    const answers = await app.store(rows, copies).all().results();
    expect(
      answers.map((answer) => [answer.isFailure, !answer.isFailure && answer.position]),
    ).toEqual([0, 1].map((partition) => [false, { rows: { [partition]: 1 } }]));
  }
});

test("tasks that stay go on while the commit of those that go ends", async () => {
  const processed: string[] = [];
  const builder = new StreamsBuilder();
  builder
    .stream("words", { key: string(), value: string() })
    .peek((word) => void processed.push(word))
    .groupByKey()
    .count({ store: "counts" });
  const end = Promise.withResolvers<void>();
  let isHolding = false;
  let heldCount = 0;
  const app = await world.app(
    builder.build(),
    { stateDirectory: "/one", commitInterval: 600 },
    undefined,
    {
      clusterOf: (client) =>
        delegate(client, {
          openWriter: (options) => {
            const writer = client.openWriter(options);
            return delegate(writer, {
              commit: async (signal) => {
                heldCount += isHolding ? 1 : 0;
                if (isHolding) await end.promise;
                return writer.commit(signal);
              },
            });
          },
        }),
    },
  );
  await write(0, "a1");
  await write(1, "b1");
  await expect.poll(() => processed.length).toBe(2);
  isHolding = true;
  const starting = world.app(builder.build(), { stateDirectory: "/other" });
  await expect.poll(() => heldCount, { timeout: 5000 }).toBe(1);
  await write(0, "a2");
  await write(1, "b2");
  // Of one that is about to go nothing more is taken; nobody knows here which one it is.
  await expect.poll(() => processed.length, { timeout: 5000 }).toBeGreaterThan(2);
  isHolding = false;
  end.resolve();
  const other = await starting;
  await expect
    .poll(() => [app.tasks.length, other.tasks.length], { timeout: 5000 })
    .toEqual([1, 1]);
  const all = ["a1", "a2", "b1", "b2"];
  await expect.poll(() => [...processed].sort(), { timeout: 5000 }).toEqual(all);
});
