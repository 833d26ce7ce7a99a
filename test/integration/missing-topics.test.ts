import { string } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";
import { describe, expect, test } from "vitest";

import { createPartitions } from "./world/create-partitions.ts";
import { failureOf } from "./world/failure-of.ts";
import type { TestWorld } from "./world/test-world.ts";
import { upperCase } from "./world/upper-case.ts";
import {
  expectCopiedOnce,
  expectCounted,
  linesOf,
  wordCount,
  wordTopics,
} from "./world/word-count.ts";
import { worldOfEachTest } from "./world/world-of-each-test.ts";

let world: TestWorld;
worldOfEachTest((own) => (world = own));

describe("topics that are not there", () => {
  test("a missing source topic is named, and nothing is made in silence", async () => {
    await world.createTopics({ counts: 4, copies: 4 });
    await expect(world.app(wordCount(), { stateDirectory: "/s" })).rejects.toMatchObject({
      code: "MISSING_SOURCE_TOPIC",
      message: expect.stringContaining("no topic lines"),
    });
    const topics = await world.client.admin.listTopics();
    expect(topics.map(({ name }) => name)).not.toContain("lines");
    await world.createTopics({ lines: 4 });
    await world.produce("lines", linesOf(10));
    await world.app(wordCount(), { stateDirectory: "/s" });
    await expectCounted(world, linesOf(10));
  });

  test("a missing sink topic is named, and what was to go there comes later", async () => {
    await world.createTopics({ lines: 4, counts: 4 });
    await world.produce("lines", linesOf(10));
    await expect(world.app(wordCount(), { stateDirectory: "/s" })).rejects.toMatchObject({
      code: "MISSING_SINK_TOPIC",
      message: expect.stringContaining("no topic copies (written by KSTREAM-SINK-"),
    });
    await world.createTopics({ copies: 4 });
    await world.app(wordCount(), { stateDirectory: "/s" });
    await expectCounted(world, linesOf(10));
    await expectCopiedOnce(world, linesOf(10));
  });

  test("all that are missing are told at once, with who reads and writes them", async () => {
    const process = world.process();
    const options = { stateDirectory: "/s", deadLetterTopic: "dead" };
    await expect(world.app(wordCount(), options, process)).rejects.toMatchObject({
      code: "MISSING_SOURCE_TOPIC",
      message: expect.stringMatching(
        /no topic lines \(read by KSTREAM-SOURCE-0000000000\), no topic copies \(written by KSTREAM-SINK-0000000001\), no topic counts \(written by KSTREAM-SINK-\d+\), no topic dead \(the deadLetterTopic\)/,
      ),
    });
    expect(process.events).toContainEqual({
      name: "streams.topics-missing",
      fields: {
        thread: expect.stringMatching(/-StreamThread-1$/),
        topics: ["lines", "copies", "counts", "dead"],
      },
    });
  });

  test("a topic that is made a moment later is waited for", async () => {
    await world.createTopics({ counts: 4, copies: 4 });
    const process = world.process();
    const starting = world.app(wordCount(), { stateDirectory: "/s" }, process);
    await expect.poll(() => process.has("streams.topics-missing")).toBe(true);
    await world.createTopics({ lines: 4 });
    await starting;
  });

  test("an internal topic whose name is too long is told as that", async () => {
    await world.createTopics(wordTopics);
    const applicationId = "a".repeat(190);
    const store = "s".repeat(60);
    const builder = new StreamsBuilder();
    builder
      .stream("lines", { value: string() })
      .groupBy((line) => line, { key: string() })
      .count({ store });
    await expect(
      world.app(builder.build(), { applicationId, stateDirectory: "/s" }),
    ).rejects.toMatchObject({
      code: "INVALID_TOPIC",
      message: expect.stringMatching(
        /no topic a{190}-s{60}-\w+: its name has 26\d characters, and at most 249/,
      ),
    });
  });

  test("a topology that reads nothing is refused", async () => {
    await expect(world.app(new StreamsBuilder().build(), {})).rejects.toMatchObject({
      code: "EMPTY_TOPOLOGY",
    });
  });

  test("a function may choose among the topics that are there; another one is named", async () => {
    await world.createTopics({ lines: 2, even: 1, odd: 1 });
    const builder = new StreamsBuilder();
    builder
      .stream("lines", { value: string() })
      .to((line) => (line === "3" ? "lost" : Number(line) % 2 === 0 ? "even" : "odd"));
    const topology = builder.build();
    const app = await world.app(topology, { stateDirectory: "/s" });
    await world.produce("lines", ["0", "1", "2"]);
    await expect.poll(() => world.readTexts("even")).toHaveLength(2);
    await world.produce("lines", ["3"]);
    expect(String(await failureOf(app.closed))).toMatch(/topic lost is not there/);
    await world.createTopics({ lost: 1 });
    await world.app(topology, { stateDirectory: "/s" });
    await expect.poll(() => world.readTexts("lost")).toEqual(["3"]);
    expect(await world.readTexts("even")).toHaveLength(2);
  });

  test("inputs whose partitions change stop an application with state, by name", async () => {
    await world.createTopics(wordTopics);
    await world.produce("lines", linesOf(50));
    const options = { stateDirectory: "/s", metadataMaxAge: 50 };
    const app = await world.app(wordCount(), options);
    await expectCounted(world, linesOf(50));
    await createPartitions(world, "lines", 6);
    expect(await failureOf(app.closed)).toMatchObject({
      code: "INTERNAL_TOPIC_MISMATCH",
      message: expect.stringMatching(/app-counts-.* has 4 partitions, but the inputs ask for 6/),
    });
  });

  test("inputs whose partitions change give an application without state more tasks", async () => {
    await world.createTopics({ lines: 1, copies: 1 });
    const app = await world.app(upperCase(), { stateDirectory: "/s", metadataMaxAge: 50 });
    await createPartitions(world, "lines", 3);
    await expect.poll(() => app.tasks, { timeout: 3000 }).toEqual(["0_0", "0_1", "0_2"]);
  });
});
