import { int64AsNumber, string } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";
import { describe, expect, test } from "vitest";

import type { TestWorld } from "./world/test-world.ts";
import { upperCase } from "./world/upper-case.ts";
import { expectCounted, linesOf, wordCount, wordTopics } from "./world/word-count.ts";
import { worldOfEachTest } from "./world/world-of-each-test.ts";

let world: TestWorld;
worldOfEachTest((own) => (world = own), { ...wordTopics, other: 4 });

describe("other members of the group", () => {
  test("one with another topology is told so, and the others go on", async () => {
    const app = await world.app(wordCount(), { stateDirectory: "/first" });
    const builder = new StreamsBuilder();
    builder
      .stream("other", { key: string(), value: string() })
      .groupByKey()
      .count({ store: "else" })
      .toStream()
      .to("counts", { key: string(), value: int64AsNumber() });
    await expect(world.app(builder.build(), { stateDirectory: "/second" })).rejects.toMatchObject({
      code: "TOPOLOGY_MISMATCH",
      message: expect.stringContaining("new applicationId"),
    });
    await world.produce("lines", linesOf(40));
    await expectCounted(world, linesOf(40));
    await expect.poll(() => app.state).toBe("running");
    await expect.poll(() => app.tasks).toHaveLength(8);
  });

  test("a leader that comes back with another topology goes, and the others go on", async () => {
    const leader = world.process();
    const sessionTimeout = 20_000;
    await world.app(
      wordCount(),
      { stateDirectory: "/leader", sessionTimeout, closeTimeout: 200 },
      leader,
    );
    const app = await world.app(wordCount(), { stateDirectory: "/second", sessionTimeout });
    leader.die();
    await expect(
      world.app(upperCase(), { stateDirectory: "/leader", sessionTimeout }),
    ).rejects.toMatchObject({ code: "TOPOLOGY_MISMATCH" });
    await expect.poll(() => app.tasks, { timeout: 5000 }).toHaveLength(8);
    await world.produce("lines", linesOf(40));
    await expectCounted(world, linesOf(40));
  });

  test("a rolling change of an operator is not refused", async () => {
    const first = await world.app(wordCount(), { stateDirectory: "/first" });
    const second = await world.app(wordCount({ hasFilter: true }), { stateDirectory: "/second" });
    await expect.poll(() => [...first.tasks, ...second.tasks]).toHaveLength(8);
    await world.produce("lines", linesOf(40));
    await expectCounted(world, linesOf(40));
  });
});
