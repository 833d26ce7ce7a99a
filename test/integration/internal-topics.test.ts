import { describe, expect, test } from "vitest";

import { eventually } from "./world/eventually.ts";
import type { TestWorld } from "./world/test-world.ts";
import { expectCounted, linesOf, wordCount, wordTopics } from "./world/word-count.ts";
import { worldOfEachTest } from "./world/world-of-each-test.ts";

let world: TestWorld;
worldOfEachTest((own) => (world = own), wordTopics);

const misfit = "streams.internal-topic-misfit";

describe.each(["classic", "streams"] as const)("in a group %s", (groupProtocol) => {
  test("internal topics that lose what the application needs are told once, and used", async () => {
    const process = world.process();
    await world.client.admin.createTopics([
      { name: "app-counts-changelog", partitionCount: 4 },
      {
        name: "app-counts-repartition",
        partitionCount: 4,
        configs: { "cleanup.policy": "compact" },
      },
    ]);
    await world.app(wordCount(), { groupProtocol, threads: 2 }, process);
    await eventually(() => process.events.filter(({ name }) => name === misfit).length).toBe(2);
    await world.produce("lines", linesOf(20));
    await expectCounted(world, linesOf(20));
    const [{ host, port }] = (await world.client.admin.describeCluster()).brokers;
    const told = process.events.filter(({ name }) => name === misfit);
    expect(told.map(({ fields }) => fields)).toMatchObject([
      {
        topic: "app-counts-repartition",
        config: "cleanup.policy",
        found: "compact",
        wanted: "delete",
        advice: `npx millrace configs alter --topic app-counts-repartition --add-config cleanup.policy=delete --bootstrap-server ${host}:${port}`,
      },
      {
        topic: "app-counts-changelog",
        found: "delete",
        wanted: "compact",
        consequence: "rows that do not change are deleted",
      },
    ]);
  });
});

test("those that the application has made are as it needs them", async () => {
  const app = await world.app(wordCount(), {});
  await app.close();
  const process = world.process();
  await world.app(wordCount(), {}, process);
  await world.produce("lines", linesOf(20));
  await expectCounted(world, linesOf(20));
  expect(process.has(misfit)).toBe(false);
  expect(process.has("streams.internal-topic-configs-unknown")).toBe(false);
});
