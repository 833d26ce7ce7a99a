import { ClusterError, type BatchWriter } from "@millrace/cluster";
import { decodeUtf8 } from "@millrace/model";
import { optional, string, type Serde } from "@millrace/serde";
import { StreamsBuilder, type StreamsError, type Topology } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { delegate, withWriters } from "../simulation/processes/observe-commits.ts";
import { TestWorld } from "./world/test-world.ts";

/** Outputs that cannot be written: who is asked, what is told, and that a failure which comes back ends. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ lines: 2, "dead-letters": 1 });
  const [{ error }] = await world.client.admin.createTopics([
    { name: "latest", partitionCount: 1, configs: { "cleanup.policy": "compact" } },
  ]);
  expect(error).toBeUndefined();
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const lines = ["one", "two", "three", "bad", "four", "five"];
/** Lines go to the partitions in turns. */
const badInput = { topic: "lines", partition: 1, offset: 1 };

const refusing: Serde<string> = {
  ...string(),
  serialize: (value, topic) => {
    if (value === "bad") throw new Error("nobody can write this");
    return string().serialize(value, topic);
  },
};

const longValue = "bad".padEnd(5000, ".");

/** Ways in which the line `bad` cannot be written to the compacted topic `latest`. */
const obstacles = [
  {
    // A record without a key has no place in a compacted topic.
    name: "the broker refuses it",
    value: string(),
    keyOf: (line: string) => (line === "bad" ? null : line),
    valueOf: (line: string) => line,
    says: /a record for latest-0 was refused: INVALID_RECORD/,
  },
  {
    name: "it is beyond the writer's bound",
    value: string(),
    keyOf: (line: string) => line,
    valueOf: (line: string) => (line === "bad" ? longValue : line),
    says: /a record for latest-0 was refused: a record of about .* exceeds requestBytesMax \(4096\)/,
  },
  {
    name: "its serde refuses it",
    value: refusing,
    keyOf: (line: string) => line,
    valueOf: (line: string) => line,
    says: /a record for topic latest cannot be written: .*nobody can write this/,
  },
];

type Obstacle = (typeof obstacles)[number];

function program({ value, keyOf, valueOf }: Obstacle): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { value: string() })
    .map((line) => ({ key: keyOf(line), value: valueOf(line) }))
    .to("latest", { key: optional(string()), value });
  return builder.build();
}

const options = { stateDirectory: "/s", requestBytesMax: 4096 };

describe.each(["exactly_once", "at_least_once"] as const)("%s", (processingGuarantee) => {
  describe.each(obstacles)("an output that cannot be written: $name", (obstacle) => {
    test("ends the application by default, and is told by its input", async () => {
      await world.produce("lines", lines);
      const process = world.process();
      const app = await world.app(program(obstacle), { ...options, processingGuarantee }, process);
      const failure = await app.closed.then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({
        code: "PRODUCTION_FAILED",
        ...badInput,
        node: "KSTREAM-SINK-0000000002",
        taskId: "0_1",
        message: expect.stringMatching(obstacle.says),
      });
      expect(process.has("streams.tasks-rebuilt")).toBe(false);
    });

    test("is left out where the policy says so, with a dead letter; the others are written", async () => {
      await world.produce("lines", lines);
      const asked: StreamsError[] = [];
      const process = world.process();
      const app = await world.app(
        program(obstacle),
        {
          ...options,
          processingGuarantee,
          deadLetterTopic: "dead-letters",
          onProductionError: (error) => {
            asked.push(error);
            return "continue";
          },
        },
        process,
      );
      const kept = lines.filter((line) => line !== "bad").toSorted();
      await expect
        .poll(async () => (await world.readTexts("latest")).toSorted(), { timeout: 5000 })
        .toEqual(kept);
      await expect.poll(() => world.read("dead-letters")).toHaveLength(1);
      expect(asked).toEqual([expect.objectContaining({ code: "PRODUCTION_FAILED", ...badInput })]);
      expect(process.has("streams.tasks-rebuilt")).toBe(false);
      const passed = process.events.filter(({ name }) => name === "streams.error-passed-over");
      expect(passed).toEqual([
        expect.objectContaining({ fields: expect.objectContaining(badInput) }),
      ]);
      await world.produce("lines", ["six"]);
      await expect.poll(() => world.readTexts("latest")).toContain("six");
      expect(app.state).toBe("running");
    });
  });

  test("dead letters that are refused themselves have none of their own", async () => {
    await world.produce("lines", lines);
    const process = world.process();
    await world.app(
      program(obstacles[0]),
      {
        ...options,
        processingGuarantee,
        deadLetterTopic: "latest", // takes no records without a key
        onProductionError: "continue",
      },
      process,
    );
    const kept = lines.filter((line) => line !== "bad").toSorted();
    await expect
      .poll(async () => (await world.readTexts("latest")).toSorted(), { timeout: 5000 })
      .toEqual(kept);
    await expect
      .poll(() => process.events.filter(({ name }) => name === "streams.error-passed-over"))
      .toHaveLength(2);
  });
});

describe("a record of a changelog that is refused ends the application, whatever the policies say", () => {
  const ways = [
    { name: "the writer's bound", requestBytesMax: 4096, changelogBytesMax: 1_000_000 },
    { name: "the broker", requestBytesMax: 1_000_000, changelogBytesMax: 2000 },
  ];
  const settings = (["exactly_once", "at_least_once"] as const).flatMap((processingGuarantee) =>
    [0, 1_000_000].map((cacheBytesMax) => ({ processingGuarantee, cacheBytesMax })),
  );
  const lastLines = (): Topology => {
    const builder = new StreamsBuilder();
    builder
      .stream("lines", { value: string() })
      .selectKey((line) => line)
      .groupByKey({ key: string(), value: string() })
      .aggregate(
        () => "",
        (_, line) => (line === "bad" ? longValue : line),
        { store: "last", value: string() },
      );
    return builder.build();
  };

  describe.each(ways)("by $name", ({ requestBytesMax, changelogBytesMax }) => {
    test.each(settings)("%j", async (setting) => {
      const [{ error }] = await world.client.admin.createTopics([
        {
          name: "app-last-changelog",
          partitionCount: 2,
          configs: { "cleanup.policy": "compact", "max.message.bytes": `${changelogBytesMax}` },
        },
      ]);
      expect(error).toBeUndefined();
      await world.produce("lines", lines);
      const app = await world.app(lastLines(), {
        ...setting,
        stateDirectory: "/s",
        requestBytesMax,
        onProcessingError: "continue",
        onProductionError: "continue",
      });
      await expect(app.closed).rejects.toMatchObject({
        code: "CHANGELOG_REFUSED",
        topic: "app-last-repartition",
        message: expect.stringContaining("a record for app-last-changelog-"),
      });
    });
  });
});

test("a failure that comes back after each rebuild ends the application by taskTimeout", async () => {
  await world.createTopics({ copies: 1 });
  await world.produce("lines", lines);
  const builder = new StreamsBuilder();
  builder.stream("lines", { value: string() }).to("copies");
  let failures = 0;
  // Transactions with the bad line are lost, whenever they are to be committed; others are not.
  const losing = (writer: BatchWriter): BatchWriter => {
    let isBad = false;
    return delegate(writer, {
      sendOffsets: (offsets, group, signal) => {
        isBad = offsets.some(({ partition, offset }) => partition === 1 && offset > 1);
        return writer.sendOffsets(offsets, group, signal);
      },
      commit: async (signal) => {
        if (!isBad) return writer.commit(signal);
        failures += 1;
        throw new ClusterError("TRANSACTION_ABORTED", "lost again");
      },
    });
  };
  const process = world.process();
  const app = await world.app(
    builder.build(),
    { stateDirectory: "/s", bufferedRecordsPerPartition: 1, slice: 0, taskTimeout: 1500 },
    process,
    { clusterOf: (client) => withWriters(client, losing) },
  );
  await expect(app.closed).rejects.toMatchObject({ message: "lost again" });
  expect(failures).toBeGreaterThan(3);
  expect(failures).toBeLessThan(20);
  const rebuilt = process.events.find(({ name }) => name === "streams.tasks-rebuilt");
  expect(rebuilt?.fields["cause"]).toBeInstanceOf(ClusterError);
});

test("dead letters say which input it was", async () => {
  await world.produce("lines", lines);
  await world.app(program(obstacles[0]), {
    ...options,
    deadLetterTopic: "dead-letters",
    onProductionError: "continue",
  });
  await expect.poll(() => world.read("dead-letters")).toHaveLength(1);
  const reader = world.client.openReader({ isolation: "read_committed" });
  reader.assign([{ topic: "dead-letters", partition: 0, offset: 0 }]);
  const [batch] = await reader.poll({ waitMsMax: 2000 });
  expect(batch.next()).toBe(true);
  const headers = Object.fromEntries(
    batch.headers.map(([name, value]) => [name, decodeUtf8(value ?? new Uint8Array())]),
  );
  expect(headers).toMatchObject({
    "__streams.errors.topic": "lines",
    "__streams.errors.partition": "1",
    "__streams.errors.offset": "1",
  });
  batch.release();
  await reader.close();
});
