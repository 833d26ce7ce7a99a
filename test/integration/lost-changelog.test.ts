import type { StreamsApp } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { TestWorld } from "./world/test-world.ts";
import { expectCounted, linesOf, readCounts, wordCount, wordTopics } from "./world/word-count.ts";

/** Internal topics that are gone: what they held cannot be had again, and that is said. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start(wordTopics);
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const lines = linesOf(40);
const internalTopics = ["app-counts-changelog", "app-counts-repartition"];
const ways = ["deleted", "made anew"] as const;

async function lose(topic: string, way: (typeof ways)[number]): Promise<void> {
  await world.client.admin.deleteTopics([topic]);
  if (way === "deleted") return;
  await expect.poll(() => world.createTopics({ [topic]: 4 }).then(() => true, String)).toBe(true);
}

function lost(topic: string): Readonly<Record<string, unknown>> {
  const told = new RegExp(`${topic} .*"npx millrace streams reset app --state DIR --execute"`);
  return { code: "INTERNAL_TOPIC_LOST", message: expect.stringMatching(told) };
}

function failureOf(app: StreamsApp): Promise<unknown> {
  return app.closed.then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function count(options: object): Promise<StreamsApp> {
  await world.produce("lines", lines);
  const app = await world.app(wordCount(), options);
  await expectCounted(world, lines);
  return app;
}

const isFull = process.env["MILLRACE_VERIFY"] === "1";
const guarantees = [
  { processingGuarantee: "exactly_once" },
  { processingGuarantee: "at_least_once", stateDirectory: "/s" },
] as const;

describe.each(guarantees)("with %j", (options) => {
  describe.each(ways)("an internal topic that was %s", (way) => {
    /** At full size both topics, else either in turn: so any two of guarantee, way, topic and moment meet. */
    function topicsAt(moment: number): readonly string[] {
      const turn = (guarantees.indexOf(options) + ways.indexOf(way) + moment) % 2;
      return isFull ? internalTopics : [internalTopics[turn]];
    }

    test.each(topicsAt(0))("keeps the application from starting: %s", async (topic) => {
      await (await count(options)).close();
      await lose(topic, way);
      await expect(world.app(wordCount(), options)).rejects.toMatchObject(lost(topic));
      await expect(world.app(wordCount(), options)).rejects.toMatchObject(lost(topic)); // again
    });

    test.each(topicsAt(1))("ends the application that runs: %s", async (topic) => {
      const app = await count({ ...options, metadataMaxAge: 50 });
      await lose(topic, way);
      expect(await failureOf(app)).toMatchObject(lost(topic));
    });

    test.each(topicsAt(2))("ends the application that writes to it: %s", async (topic) => {
      const app = await count(options);
      await lose(topic, way);
      await world.produce("lines", linesOf(10, 40));
      expect(await failureOf(app)).toMatchObject(lost(topic));
    });
  });
});

describe("an application without a folder whose changelog was deleted", () => {
  test("goes on with what is left once its offsets are committed again", async () => {
    await (await count({})).close();
    await lose("app-counts-changelog", "deleted");
    await expect(world.app(wordCount(), {})).rejects.toMatchObject(lost("app-counts-changelog"));
    const { admin } = world.client;
    const offsets = await admin.groupOffsets("app");
    await admin.alterGroupOffsets(
      "app",
      offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
    );
    await world.app(wordCount(), {});
    await world.produce("lines", ["apple"]);
    await expect.poll(async () => (await readCounts(world)).get("apple")).toBe(1);
  });

  test("begins again where nothing was processed", async () => {
    await (await world.app(wordCount(), {})).close();
    await lose("app-counts-changelog", "deleted");
    await world.produce("lines", lines);
    await world.app(wordCount(), {});
    await expectCounted(world, lines);
  });
});
