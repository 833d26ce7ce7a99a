import type { BatchReaderOptions } from "@millrace/cluster";
import { encodeUtf8, noHeaders, type TopicPartition } from "@millrace/model";
import { string } from "@millrace/serde";
import {
  StreamsBuilder,
  type KeyValueQueries,
  type OffsetReset,
  type Topology,
} from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { TestProcess } from "./world/process.ts";
import { TestWorld } from "./world/test-world.ts";
import { linesOf } from "./world/word-count.ts";

/** Inputs without a committed offset, or with one that is not there: where they go on, and what is said. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ lines: 1, copies: 1 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

type Counts = KeyValueQueries<string, number>;

const lines = { topic: "lines", partition: 0 };

function copy(offsetReset?: OffsetReset): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { value: string(), ...(offsetReset === undefined ? {} : { offsetReset }) })
    .to("copies");
  return builder.build();
}

async function committed(partition: TopicPartition, groupId = "app"): Promise<number | undefined> {
  const membership = world.client.openMembership({ groupId, assignors: [], topics: () => [] });
  const [found] = await membership.committed([partition]);
  await membership.close();
  return found?.offset;
}

async function deleteRecords(before: number): Promise<void> {
  await world.client.admin.deleteRecords([{ ...lines, offset: before }]);
}

describe("an input without a committed offset", () => {
  test.each<[OffsetReset | undefined, OffsetReset, readonly string[]]>([
    [undefined, "earliest", ["old", "new"]],
    [undefined, "latest", ["new"]],
    ["earliest", "latest", ["old", "new"]],
    ["latest", "earliest", ["new"]],
    [{ byDuration: "1d" }, "earliest", ["new"]],
    [{ byDuration: 2 ** 41 }, "latest", ["old", "new"]],
    [undefined, { byDuration: "1d" }, ["new"]],
  ])(
    "source %j, application %j: begins with %j",
    async (offsetReset, autoOffsetReset, expected) => {
      await world.produce("lines", ["old"]); // in the first second of 1970
      await world.app(copy(offsetReset), { stateDirectory: "/s", autoOffsetReset });
      await world.produce("lines", ["new"]);
      await expect.poll(() => world.readTexts("copies")).toEqual(expected);
    },
  );

  test.each([[undefined, "none"] as const, ["none", "earliest"] as const])(
    "source %j, application %j: ends with a named error",
    async (offsetReset, autoOffsetReset) => {
      await expect(
        world.app(copy(offsetReset), { stateDirectory: "/s", autoOffsetReset }),
      ).rejects.toMatchObject({
        code: "NO_USABLE_OFFSET",
        message: expect.stringContaining("lines-0 has no committed offset"),
      });
    },
  );

  test("a policy that is none is refused, and none is taken for another", async () => {
    expect(() => copy("lates" as never)).toThrow(
      expect.objectContaining({ code: "INVALID_OFFSET_RESET" }),
    );
    await expect(
      world.app(copy(), { autoOffsetReset: { byDuration: "7 days" } as never }),
    ).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });

  test("its first position is committed, so that a restart at `latest` passes nothing over", async () => {
    await world.produce("lines", ["old"]);
    const options = { stateDirectory: "/s", autoOffsetReset: "latest" } as const;
    const app = await world.app(copy(), options);
    await expect.poll(() => committed(lines)).toBe(1);
    await app.close();
    await world.produce("lines", ["in between"]);
    await world.app(copy(), options);
    await expect.poll(() => world.readTexts("copies")).toEqual(["in between"]);
  });
});

describe("offsets that are all gone, of an application with state", () => {
  function counting(): Topology {
    const builder = new StreamsBuilder();
    builder
      .stream("lines", { value: string() })
      .groupBy((line) => line, { key: string(), value: string() })
      .count({ store: "counts" });
    return builder.build();
  }
  const missing = (process: TestProcess): readonly unknown[] =>
    process.events.filter(({ name }) => name === "streams.offsets-missing");

  test.each([{ stateDirectory: "/s" }, {}])(
    "are told, since what is read again is counted again: %j",
    async (place) => {
      const first = world.process();
      await world.produce("lines", ["a", "a"]);
      const app = await world.app(counting(), place, first);
      await expect.poll(() => app.store<Counts>("counts").get("a")).toBe(2);
      await app.close();
      const second = world.process();
      await (await world.app(counting(), place, second)).close();
      expect([...missing(first), ...missing(second)]).toEqual([]);
      await world.client.admin.deleteGroup("app");
      const third = world.process();
      await world.app(counting(), place, third);
      const repartition = "app-counts-repartition";
      expect(missing(third)).toMatchObject([
        { fields: { task: "1_0", stores: ["counts"], goesOnAt: [{ topic: repartition }] } },
      ]);
    },
  );
});

describe("an offset that is not there any more", () => {
  /** Ten lines copied; then ten more, of which the first five are deleted while the application is away. */
  async function fallBehind(): Promise<void> {
    await world.produce("lines", linesOf(10));
    const app = await world.app(copy(), { stateDirectory: "/s" });
    await expect.poll(() => world.readTexts("copies")).toHaveLength(10);
    await app.close();
    await world.produce("lines", linesOf(10, 10));
    await deleteRecords(15);
  }

  test("goes on at the beginning by default, and says how many offsets were passed over", async () => {
    await fallBehind();
    const process = world.process();
    const app = await world.app(copy(), { stateDirectory: "/s" }, process);
    await expect.poll(() => world.readTexts("copies")).toEqual([...linesOf(10), ...linesOf(5, 15)]);
    const resets = process.events.filter(({ name }) => name === "streams.offset-reset");
    expect(resets).toHaveLength(1);
    expect(resets[0].fields).toMatchObject({
      topic: "lines",
      partition: 0,
      offset: 10,
      startOffset: 15,
      endOffset: 20,
      policy: "earliest",
      goesOnAt: 15,
      skipped: 5,
    });
    await expect.poll(() => committed(lines)).toBe(20);
    expect(app.state).toBe("running");
  });

  test.each(["exactly_once", "at_least_once"] as const)(
    "of a log that is empty now is committed where it goes on, %s",
    async (processingGuarantee) => {
      await fallBehind();
      await deleteRecords(20);
      await world.app(copy(), { stateDirectory: "/s", processingGuarantee });
      await expect.poll(() => committed(lines)).toBe(20);
    },
  );

  test("goes on at the end where the source says so", async () => {
    await fallBehind();
    const process = world.process();
    await world.app(copy("latest"), { stateDirectory: "/s" }, process);
    await expect.poll(() => process.has("streams.offset-reset")).toBe(true);
    await world.produce("lines", ["new"]);
    await expect.poll(() => world.readTexts("copies")).toEqual([...linesOf(10), "new"]);
  });

  test("ends the application where the policy is none", async () => {
    await fallBehind();
    const options = { stateDirectory: "/s", autoOffsetReset: "none" } as const;
    const app = await world.app(copy(), options).catch((error: unknown) => error);
    const failure =
      app instanceof Error
        ? app
        : await (app as { closed: Promise<void> }).closed.catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "NO_USABLE_OFFSET",
      message: expect.stringContaining("lines-0 has no offset 10 any more: its log holds 15 to 20"),
    });
  });

  test("while the application runs is met the same way", async () => {
    const process = world.process();
    const app = await world.app(copy(), { stateDirectory: "/s" }, process);
    await world.produce("lines", linesOf(10));
    await expect.poll(() => world.readTexts("copies")).toHaveLength(10);
    process.disconnect();
    await world.produce("lines", linesOf(10, 10));
    await deleteRecords(15);
    process.reconnect();
    await expect.poll(() => world.readTexts("copies"), { timeout: 5000 }).toHaveLength(15);
    expect(app.state).toBe("running");
  });
});

test("STREAMS-6: a repartition topic is read from its beginning, whatever the policy", async () => {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { value: string(), offsetReset: "earliest" })
    .groupBy((line) => line, { key: string(), value: string() })
    .count({ store: "counts" })
    .toStream()
    .mapValues(String)
    .to("copies", { key: string(), value: string() });
  await world.produce("lines", ["a", "b"]);
  await world.app(builder.build(), { stateDirectory: "/s", autoOffsetReset: "latest" });
  await expect.poll(() => world.readTexts("copies")).toEqual(["1", "1"]);
});

describe("committed positions", () => {
  test("pass aborted transactions and markers, and stay where nothing comes", async () => {
    const process = world.process();
    let commits = 0;
    const platform = { ...process.platform, probe: () => (commits += 1) };
    Object.assign(process, { platform });
    let polls = 0;
    await world.app(copy(), { stateDirectory: "/s", commitInterval: 20 }, process, {
      clusterOf: (client) => {
        const open = client.openReader.bind(client);
        return Object.assign(client, {
          openReader: (options: BatchReaderOptions) => {
            const reader = open(options);
            const poll = reader.poll.bind(reader);
            return Object.assign(reader, {
              poll: (asked: Parameters<typeof poll>[0]) => {
                polls += 1;
                return poll(asked);
              },
            });
          },
        });
      },
    });
    const writer = world.client.openWriter({ transactionalId: "stranger" });
    await writer.prepare(["lines"]);
    await writer.initialize();
    const write = async (value: string): Promise<void> => {
      writer.begin();
      writer.partition("lines", 0).append(1, null, encodeUtf8(value), noHeaders);
      await writer.flush();
    };
    await write("kept");
    await writer.commit();
    await expect.poll(() => committed(lines)).toBe(2);
    await write("dropped");
    await writer.abort();
    await expect.poll(() => committed(lines)).toBe(4);
    await writer.close();
    // Each turn of the loop waits for records for longer than a commit takes to be due.
    const before = { commits, polls };
    await expect.poll(() => polls, { timeout: 10_000 }).toBeGreaterThan(before.polls + 5);
    expect(commits).toBe(before.commits);
  });

  test("reach the end of repartition topics, too", async () => {
    const builder = new StreamsBuilder();
    builder
      .stream("lines", { value: string() })
      .groupBy((line) => line, { key: string(), value: string() })
      .count({ store: "counts" });
    await world.produce("lines", ["a", "b", "a"]);
    const topology = builder.build();
    await world.app(topology, { stateDirectory: "/s", commitInterval: 20 });
    const topic = "app-counts-repartition";
    const end = async (): Promise<number> => {
      const [{ offset }] = await world.client.admin.listOffsets([
        { topic, partition: 0, at: "latest" },
      ]);
      return offset;
    };
    await expect.poll(end).toBe(4); // three records and the marker of their transaction
    await expect.poll(() => committed({ topic, partition: 0 })).toBe(4);
  });
});
