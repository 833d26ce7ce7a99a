import { encodeUtf8, noHeaders, type RecordBatchView, type TopicPartition } from "@millrace/model";
import { int64AsNumber, string } from "@millrace/serde";
import { StreamsBuilder, type Topology } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { delegate } from "../simulation/processes/observe-commits.ts";
import { readCounts } from "./world/word-count.ts";
import { TestWorld } from "./world/test-world.ts";

/** Stores and their changelogs: what is taken over from a folder, and what is not. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ words: 1, counts: 1 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

function counted(topic = "words"): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream(topic, { key: string(), value: string() })
    .groupByKey()
    .count({ store: "counts" })
    .toStream()
    .to("counts", { key: string(), value: int64AsNumber() });
  return builder.build();
}

function write(...words: readonly string[]): Promise<void> {
  return writeTo({ topic: "words", partition: 0 }, ...words);
}

async function writeTo(
  { topic, partition }: TopicPartition,
  ...words: readonly string[]
): Promise<void> {
  const writer = world.client.openWriter({});
  await writer.prepare([topic]);
  for (const word of words)
    writer.partition(topic, partition).append(1, encodeUtf8(word), encodeUtf8(word), noHeaders);
  await writer.flush();
  await writer.close();
}

async function expectCounts(counts: Readonly<Record<string, number>>): Promise<void> {
  await expect
    .poll(async () => Object.fromEntries(await readCounts(world)), { timeout: 5000 })
    .toEqual(counts);
}

/** What `millrace groups reset-offsets` leaves of a commit: the offset alone. */
async function commitAgain(): Promise<void> {
  const { admin } = world.client;
  const offsets = await admin.groupOffsets("app");
  await admin.alterGroupOffsets(
    "app",
    offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
  );
}

const changelog = { topic: "app-counts-changelog", partition: 0 };

describe("STREAMS-3: a store that is not of its changelog is rebuilt from it", () => {
  async function countTwice(): Promise<void> {
    await write("a", "a", "b");
    const app = await world.app(counted(), { stateDirectory: "/s" });
    await expectCounts({ a: 2, b: 1 });
    await app.close();
  }

  /** Without what it leaves behind nobody knows that the changelog is another one. */
  async function forgetTopics(): Promise<void> {
    world.shared.fileSystem.remove("/s/app/millrace-topics");
    await commitAgain();
  }

  async function startAndCount(): Promise<Readonly<Record<string, unknown>> | undefined> {
    const process = world.process();
    await world.app(counted(), { stateDirectory: "/s" }, process);
    await write("a");
    return process.events.find(({ name }) => name === "streams.store-rebuilt")?.fields;
  }

  test("with an offset beyond the end of one that was made anew", async () => {
    await countTwice();
    await world.client.admin.deleteTopics([changelog.topic]);
    await forgetTopics();
    expect(await startAndCount()).toMatchObject({ store: "counts", changelogEnd: 0 });
    await expectCounts({ a: 1, b: 1 }); // of b the last that was said stands
  });

  test("with an offset within one that was made anew and has grown since", async () => {
    await countTwice();
    await world.client.admin.deleteTopics([changelog.topic]);
    await commitAgain();
    const other = await world.app(counted(), { stateDirectory: "/other" });
    for (let count = 1; count <= 4; count++) {
      await write("a");
      await expectCounts({ a: count, b: 1 });
    }
    await other.close();
    await write("b");
    await forgetTopics();
    expect(await startAndCount()).toMatchObject({ store: "counts" });
    await expectCounts({ a: 5, b: 1 }); // what was counted of b before is not in this changelog
  });

  test("that is another partition's", async () => {
    await world.createTopics({ "two-words": 2 });
    const topology = counted("two-words");
    const options = { applicationId: "two", stateDirectory: "/s" };
    const first = await world.app(topology, options);
    for (const [partition, word] of ["a", "b"].entries())
      await writeTo({ topic: "two-words", partition }, word, word, word);
    await expectCounts({ a: 3, b: 3 });
    await first.close();
    const { fileSystem } = world.shared;
    fileSystem.rename("/s/two/0_0", "/s/two/kept");
    fileSystem.rename("/s/two/0_1", "/s/two/0_0");
    fileSystem.rename("/s/two/kept", "/s/two/0_1");
    const process = world.process();
    await world.app(topology, options, process);
    for (const [partition, word] of ["a", "b"].entries())
      await writeTo({ topic: "two-words", partition }, word);
    await expectCounts({ a: 4, b: 4 });
    expect(process.events.filter(({ name }) => name === "streams.store-rebuilt")).toHaveLength(2);
  });

  /** Counts a in one folder, then b and c in another: the first folder lags behind. */
  async function countInTwoFolders(): Promise<void> {
    const configs = { "cleanup.policy": "delete" }; // only such a topic's records may be deleted
    await world.client.admin.createTopics([{ name: changelog.topic, partitionCount: 1, configs }]);
    for (const [stateDirectory, words] of [
      ["/s", ["a"]],
      ["/other", ["b", "c"]],
    ] as const) {
      const app = await world.app(counted(), { stateDirectory });
      for (const word of words) {
        await write(word);
        await expect.poll(async () => (await readCounts(world)).get(word)).toBe(1);
      }
      await app.close();
    }
  }

  test("that moves on while it is read", async () => {
    await countInTwoFolders();
    const process = world.process();
    let hasMoved = false;
    await world.app(counted(), { stateDirectory: "/s" }, process, {
      clusterOf: (client) =>
        delegate(client, {
          openReader: (options) => {
            const reader = client.openReader(options);
            const isRestoring = () => reader.position(changelog) !== undefined;
            return delegate(reader, {
              poll: async (pollOptions) => {
                if (isRestoring() && !hasMoved) {
                  hasMoved = true;
                  // What is left begins with c: of b, and of a, nothing is told any more.
                  await world.client.admin.deleteRecords([{ ...changelog, offset: 4 }]);
                }
                return reader.poll(pollOptions);
              },
            });
          },
        }),
    });
    expect(hasMoved).toBe(true);
    const rebuilt = process.events.filter(({ name }) => name === "streams.store-rebuilt");
    expect(rebuilt.map(({ fields }) => fields)).toMatchObject([
      { store: "counts", offset: 1, changelogStart: 4, changelogEnd: 6 },
    ]);
    await write("c");
    await expectCounts({ a: 1, b: 1, c: 2 });
    await write("a", "a", "b");
    await expectCounts({ a: 2, b: 1, c: 2 });
  });

  test.each(["exactly_once", "at_least_once"] as const)(
    "but not where its changelog has lost what it holds, and no more: %s",
    async (processingGuarantee) => {
      const configs = { "cleanup.policy": "delete" }; // as windows have it
      const { admin } = world.client;
      await admin.createTopics([{ name: changelog.topic, partitionCount: 1, configs }]);
      const options = { stateDirectory: "/s", processingGuarantee } as const;
      await write("a", "a", "b");
      const app = await world.app(counted(), options);
      await expectCounts({ a: 2, b: 1 });
      await app.close();
      const [end] = await admin.listOffsets([{ ...changelog, at: "latest" }]);
      await admin.deleteRecords([{ ...changelog, offset: end.offset }]);
      const process = world.process();
      await world.app(counted(), options, process);
      await write("a");
      await expectCounts({ a: 3, b: 1 });
      expect(process.has("streams.store-rebuilt")).toBe(false);
    },
  );

  test("with an offset within its own it is taken over as it is", async () => {
    await countTwice();
    expect(await startAndCount()).toBeUndefined();
    await expectCounts({ a: 3, b: 1 });
  });
});

describe("an internal topic that was deleted keeps an application from starting that has used it", () => {
  const repartitioned = (): Topology => {
    const builder = new StreamsBuilder();
    builder
      .stream("words", { key: string(), value: string() })
      .groupBy((word) => word, { key: string(), value: string() })
      .count({ store: "counts" })
      .toStream()
      .to("counts", { key: string(), value: int64AsNumber() });
    return builder.build();
  };
  const lost = (topic: string, what: string) => ({
    code: "INTERNAL_TOPIC_LOST",
    message: expect.stringMatching(`${topic} was ${what} since.*remove /s/app/millrace-topics`),
  });

  test.each(["app-counts-changelog", "app-counts-repartition"])("%s", async (topic) => {
    await write("a", "a", "b");
    const options = { stateDirectory: "/s" };
    const app = await world.app(repartitioned(), options);
    await expectCounts({ a: 2, b: 1 });
    await app.close();
    const { admin } = world.client;
    await admin.deleteTopics([topic]);
    await expect(world.app(repartitioned(), options)).rejects.toMatchObject(lost(topic, "deleted"));
    expect((await admin.describeTopics([topic])).has(topic)).toBe(false); // nothing was made
    await world.createTopics({ [topic]: 1 });
    const starting = world.app(repartitioned(), options);
    await expect(starting).rejects.toMatchObject(lost(topic, "made anew"));
    world.shared.fileSystem.remove("/s/app/millrace-topics"); // as the message says
    await commitAgain();
    await world.app(repartitioned(), options);
    await write("b");
    await expect.poll(async () => (await readCounts(world)).get("b")).toBeGreaterThan(0);
  });
});

test("STREAMS-12: restoring one task stops no other", async () => {
  await world.createTopics({ "two-words": 2 });
  const topology = counted("two-words");
  const changelogs = [0, 1].map((partition) => ({ topic: "app-counts-changelog", partition }));
  const hold = Promise.withResolvers<void>();
  let isHolding = false;
  let heldCount = 0;
  const app = await world.app(topology, { stateDirectory: "/s" }, undefined, {
    clusterOf: (client) =>
      delegate(client, {
        openReader: (options) => {
          const reader = client.openReader(options);
          const isRestoring = () => changelogs.some((one) => reader.position(one) !== undefined);
          return delegate(reader, {
            poll: async (pollOptions) => {
              if (isHolding && isRestoring()) {
                heldCount += 1;
                await hold.promise;
              }
              return reader.poll(pollOptions);
            },
          });
        },
      }),
  });
  const other = await world.app(topology, { stateDirectory: "/other" });
  await expect.poll(() => [app.tasks.length, other.tasks.length]).toEqual([1, 1]);
  const [mine] = app.tasks.map((task) => Number(task.slice(2)));
  const writeEach = async (): Promise<void> => {
    for (const [partition, word] of ["a", "b"].entries())
      await writeTo({ topic: "two-words", partition }, word);
  };
  await writeEach();
  await expectCounts({ a: 1, b: 1 });
  isHolding = true;
  await other.close();
  await expect.poll(() => heldCount, { timeout: 5000 }).toBeGreaterThan(0);
  await writeEach();
  await expectCounts(mine === 0 ? { a: 2, b: 1 } : { a: 1, b: 2 });
  expect(app.state).toBe("rebalancing");
  expect(app.tasks).toHaveLength(1);
  hold.resolve();
  await expectCounts({ a: 2, b: 2 });
  expect(app.tasks).toHaveLength(2);
});

test("a restore that fails gives back all that it was reading", async () => {
  const app = await world.app(counted(), { stateDirectory: "/s" });
  for (const word of ["a", "b", "c"]) {
    await write(word);
    await expect.poll(async () => (await readCounts(world)).get(word)).toBe(1);
  }
  await app.close();
  const failure = new Error("asked to");
  const held = new Set<RecordBatchView>();
  let count = 0;
  const failing = (batch: RecordBatchView): RecordBatchView => {
    count += 1;
    held.add(batch);
    return delegate(batch, {
      next: () => {
        throw failure;
      },
      release: () => {
        held.delete(batch);
        batch.release();
      },
    });
  };
  const starting = world.app(counted(), { stateDirectory: "/other" }, undefined, {
    clusterOf: (client) =>
      delegate(client, {
        openReader: (options) => {
          const reader = client.openReader(options);
          return delegate(reader, {
            poll: async (pollOptions) => {
              if (reader.position(changelog) === undefined) return reader.poll(pollOptions);
              const batches: RecordBatchView[] = [];
              while (batches.length < 2) batches.push(...(await reader.poll({ waitMsMax: 20 })));
              return batches.map(failing);
            },
          });
        },
      }),
  });
  await expect(starting).rejects.toBe(failure);
  expect(count).toBeGreaterThan(1);
  expect(held).toEqual(new Set());
});

describe("STREAMS-9: over a rebalance tasks", () => {
  test.each([
    [0, "stay open from one generation to the next", 1],
    [1, "are opened anew where there was a generation in between", 2],
  ])("(%j generations between) %s", async (between, _, opened) => {
    const opens: string[] = [];
    const process = world.process();
    let skipped = 0;
    let rejoin = (): void => {};
    await world.app(counted(), { stateDirectory: "/s" }, process, {
      clusterOf: (client) =>
        delegate(client, {
          openMembership: (options) => {
            const membership = client.openMembership(options);
            rejoin = () => membership.requestRejoin("asked to");
            return delegate(membership, {
              join: async (signal) => {
                const assignment = await membership.join(signal);
                opens.push("join");
                const generationId = assignment.generationId + skipped;
                skipped += between;
                return { ...assignment, generationId };
              },
            });
          },
          openReader: (options) => {
            const reader = client.openReader(options);
            return delegate(reader, {
              assign: (partitions) => {
                if (partitions.some(({ topic }) => topic === "words")) opens.push("open");
                reader.assign(partitions);
              },
            });
          },
        }),
    });
    await write("a");
    await expectCounts({ a: 1 });
    rejoin();
    await expect.poll(() => opens.filter((name) => name === "join")).toHaveLength(2);
    await write("a");
    await expectCounts({ a: 2 });
    expect(opens.filter((name) => name === "open")).toHaveLength(opened);
  });
});
