import {
  decodeUtf8,
  encodeUtf8,
  noHeaders,
  type Duration,
  type TopicPartition,
} from "@millrace/model";
import { int64AsNumber, string } from "@millrace/serde";
import { cleanUpState, StreamsBuilder, type RestoreEvent, type Topology } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { readCounts } from "./world/word-count.ts";
import { TestWorld } from "./world/test-world.ts";

/** What becomes of the state of tasks that come, stay and go. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ words: 2, counts: 1 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

function counted(engine?: "memory"): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("words", { key: string(), value: string() })
    .groupByKey()
    .count({ store: engine === undefined ? "counts" : { name: "counts", engine } })
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

async function countBoth(): Promise<void> {
  await write(0, "a", "a", "c");
  await write(1, "b");
  await expectCounts({ a: 2, b: 1, c: 1 });
}

const folders = (): readonly string[] =>
  world.shared.fileSystem.list("/s/app").filter((name) => /^\d+_\d+$/.test(name));

test("a store that is restored is told of: where it begins, each batch, and its end", async () => {
  const app = await world.app(counted(), { stateDirectory: "/s" });
  await countBoth();
  await app.close();
  const events: RestoreEvent[] = [];
  await world.app(counted(), {
    stateDirectory: "/other",
    onRestore: (event) => {
      events.push(event);
    },
  });
  const changelog: TopicPartition = { topic: "app-counts-changelog", partition: 0 };
  const of = (kind: RestoreEvent["kind"]) =>
    events.filter((event) => event.kind === kind && event.task === "0_0");
  expect(of("start")).toMatchObject([
    { store: "counts", changelog, role: "active", startOffset: 0, offset: 0, records: 0 },
  ]);
  const [end] = of("end");
  expect(end).toMatchObject({ startOffset: 0 });
  expect(end.records).toBeGreaterThanOrEqual(2); // a commit in between tells of a key twice
  expect(end.offset).toBe(of("start")[0].endOffset);
  const batches = of("batch").map((event) => (event.kind === "batch" ? event.batchRecords : 0));
  expect(batches.reduce((sum, count) => sum + count, 0)).toBe(end.records);
});

test("a listener that throws stops nobody, and one that is no function is refused", async () => {
  const first = await world.app(counted(), { stateDirectory: "/s" });
  await countBoth();
  await first.close();
  const process = world.process();
  const onRestore = (): void => {
    throw new Error("a mistake");
  };
  const app = await world.app(counted(), { stateDirectory: "/other", onRestore }, process);
  expect(process.has("streams.restore-listener-failed")).toBe(true);
  expect(() => app.onRestore("no function" as never)).toThrow(/synchronous function/);
  expect(app.restoring).toEqual([]);
});

describe("STREAMS-13: of a task that has moved away", () => {
  test("the folder is removed after stateCleanupDelay, and those in use stay", async () => {
    const process = world.process();
    const app = await world.app(
      counted(),
      { stateDirectory: "/s", stateCleanupDelay: 300 },
      process,
    );
    await countBoth();
    expect(folders()).toEqual(["0_0", "0_1"]);
    await world.app(counted(), { stateDirectory: "/other" });
    await expect.poll(() => app.tasks.length, { timeout: 5000 }).toBe(1);
    await expect.poll(folders, { timeout: 5000 }).toEqual(app.tasks);
    const removed = process.events.find(({ name }) => name === "streams.state-removed");
    expect(removed?.fields["unusedMs"]).toBeGreaterThanOrEqual(300);
    await write(0, "a");
    await write(1, "b");
    await expectCounts({ a: 3, b: 2, c: 1 });
  });

  test("what it had is known to the next start, so that it may come back", async () => {
    const app = await world.app(counted(), { stateDirectory: "/s" });
    await countBoth();
    await app.close();
    const handle = world.shared.fileSystem.open("/s/app/millrace-task-offsets", "read");
    const bytes = new Uint8Array(handle.sizeBytes());
    handle.read(bytes, 0);
    handle.close();
    const { sums } = JSON.parse(decodeUtf8(bytes)) as { sums: Record<string, number> };
    expect(sums["0_0"]).toBeGreaterThan(0);
    expect(sums["0_1"]).toBeGreaterThan(0);
    const aside = ["0_1.corrupt-17", "0_0.rocksdb-17", "global.sqlite-17"];
    for (const name of aside) world.shared.fileSystem.makeDirectory(`/s/app/${name}/in-it`);
    const removed = await cleanUpState(world.shared, "/s", "app");
    expect(removed).toEqual(expect.arrayContaining(aside.map((name) => `/s/app/${name}`)));
    expect(folders()).toEqual([]);
    expect(removed).toContain("/s/app/millrace-task-offsets");
    expect(world.shared.fileSystem.stat("/s/app/millrace-task-offsets")).toBeUndefined();
  });
});

test("state that is older than stateMaxAge at a start is removed, and restored", async () => {
  const first = await world.app(counted(), { stateDirectory: "/s" });
  await countBoth();
  await first.close();
  const removedWith = async (stateMaxAge: Duration): Promise<readonly unknown[]> => {
    const process = world.process();
    // As long as anybody likes: no timer waits for it.
    const others = { stateCleanupDelay: "90d", stateFromMaxAge: "90d" } as const;
    const options = { stateDirectory: "/s", stateMaxAge, ...others };
    await (await world.app(counted(), options, process)).close();
    const removed = process.events.filter(({ name }) => name === "streams.state-removed");
    return removed.map(({ fields }) => fields["task"]);
  };
  expect(await removedWith("30d")).toEqual([]);
  expect(await removedWith(0)).toEqual(["0_0", "0_1"]);
  await world.app(counted(), { stateDirectory: "/s" });
  await write(0, "a");
  await expectCounts({ a: 3, b: 1, c: 1 });
});

test("stores in memory are not read anew where their task stays", async () => {
  const events: RestoreEvent[] = [];
  const app = await world.app(counted("memory"), {
    stateDirectory: "/s",
    onRestore: (event) => {
      events.push(event);
    },
  });
  await countBoth();
  const other = await world.app(counted("memory"), { stateDirectory: "/other" });
  await expect.poll(() => app.tasks.length, { timeout: 5000 }).toBe(1);
  const [stayed] = app.tasks;
  await write(0, "a");
  await write(1, "b");
  await expectCounts({ a: 3, b: 2, c: 1 });
  await other.close();
  await expect.poll(() => app.tasks.length, { timeout: 5000 }).toBe(2);
  const records = events.filter((event) => event.kind === "end" && event.task === stayed);
  expect(records.reduce((sum, one) => sum + one.records, 0)).toBe(0);
  await write(0, "a");
  await write(1, "b");
  await expectCounts({ a: 4, b: 3, c: 1 });
});
