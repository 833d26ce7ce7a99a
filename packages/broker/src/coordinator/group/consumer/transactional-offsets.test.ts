import { expect, test } from "vitest";
import {
  arrived,
  joinConsumerBeat,
  laterConsumerBeat,
} from "../../../../test-support/consumer-member-script.ts";
import { CoordinatorWorld } from "../../../../test-support/coordinator-world.ts";
import { client } from "../../../../test-support/group-client.ts";
import { committed, commitRequest } from "../../../../test-support/group-member-script.ts";
import { errorCode } from "../../error-code.ts";

test("offsets of a transaction stand or fall together: one of a partition that came with a later epoch refuses all", async () => {
  const world = new CoordinatorWorld();
  world.topics.set("topic", 1);
  world.topics.set("later", 1);
  const beat = (request: Parameters<typeof arrived>[0]) =>
    world.ask(world.groups.consumer.heartbeat(arrived(request), 1, client));
  await beat(joinConsumerBeat("m", ["topic"]));
  await beat(laterConsumerBeat("m", 2, { subscribedTopicNames: ["topic", "later"] }));
  const producer = await world.ask(
    world.transactions.initProducerId("tx", { timeoutMs: 60_000, expected: undefined }),
  );
  const [topicId, laterId] = ["topic", "later"].map((name) => world.topics.topicId(name) ?? "");
  const commit = async (topics: readonly (readonly [string, string])[]) => {
    const request = commitRequest({
      kind: "transactional",
      offset: 5,
      memberId: "m",
      generationId: 2,
    });
    const [one] = request.offsets;
    const offsets = topics.map(([topic, id]) => ({ ...one, topic, topicId: id }));
    return world.ask(
      world.groups.offsets.commitInTransaction(
        { ...request, offsets },
        { ...producer, transactionalId: "tx", operation: "addPartition" },
      ),
    );
  };
  const both = [
    ["topic", topicId],
    ["later", laterId],
  ] as const;
  expect(await commit(both)).toBe(errorCode.illegalGeneration);
  expect(await world.ask(committed(world, { requireStable: true }))).toBe(-1);
  expect(await commit([["topic", topicId]])).toEqual([errorCode.none]);
});
