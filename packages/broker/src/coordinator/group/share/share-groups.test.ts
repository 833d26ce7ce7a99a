import { expect, test } from "vitest";
import { CoordinatorWorld } from "../../../../test-support/coordinator-world.ts";

test("states of many partitions are begun in turns", async () => {
  const world = new CoordinatorWorld();
  world.topics.set("t", 1000);
  const topicId = world.topics.topicId("t") ?? "";
  const altered = Array.from({ length: 1000 }, (_, partition) => ({
    topicId,
    partition,
    startOffset: 0,
  }));
  const begunCount = () => world.logs.open("__share_group_state", 0).endOffset;
  const altering = world.groups.share.alterOffsets("g", altered);
  while (begunCount() === 0) await Promise.resolve();
  expect(begunCount()).toBeLessThan(500);
  expect(await world.ask(altering)).toHaveLength(1000);
  expect(begunCount()).toBe(1000);
});
