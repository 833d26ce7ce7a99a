import { expect, test } from "vitest";
import {
  arrived,
  joinConsumerBeat,
  laterConsumerBeat,
} from "../../../../test-support/consumer-member-script.ts";
import { CoordinatorWorld } from "../../../../test-support/coordinator-world.ts";
import { client } from "../../../../test-support/group-client.ts";

const topicCount = 100;

/** A group on a machine on which each look at the clock takes a millisecond. */
function slowWorld() {
  let looks = 0;
  const world = new CoordinatorWorld({
    clock: { wallMs: () => 1000, monotonicMs: () => looks++ },
  });
  for (let index = 0; index < topicCount; index++) world.topics.set(`t${index}`, 1);
  const beat = (request: Parameters<typeof arrived>[0]) =>
    world.ask(world.groups.consumer.heartbeat(arrived(request), 1, client));
  return { world, beat };
}

const countOf = (answer: Awaited<ReturnType<ReturnType<typeof slowWorld>["beat"]>>) =>
  answer.assignment?.topicPartitions.length;

test("patterns are matched with many topics in turns", async () => {
  const { world, beat } = slowWorld();
  let seen = 0;
  const names = world.topics.topicNames.bind(world.topics);
  world.topics.topicNames = function* () {
    for (const name of names()) {
      seen++;
      yield name;
    }
  };
  await beat(joinConsumerBeat("a", null, { subscribedTopicRegex: "t.*" }));
  await world.platform.advance(0);
  expect(seen).toBeLessThan(topicCount / 2);
  await world.platform.advance(1000);
  expect(seen).toBe(topicCount);
  expect(countOf(await beat(laterConsumerBeat("a", 1)))).toBe(topicCount);
});

test("a pattern that nobody has any more once it is matched is forgotten", async () => {
  const { world, beat } = slowWorld();
  await beat(joinConsumerBeat("a", null, { subscribedTopicRegex: "t.*" }));
  await beat(joinConsumerBeat("b", ["t1"]));
  await world.platform.advance(0);
  await beat(laterConsumerBeat("a", -1));
  await world.platform.advance(1000);
  await world.restart();
  const answer = await beat(joinConsumerBeat("c", null, { subscribedTopicRegex: "t.*" }));
  expect(countOf(answer)).toBe(0);
});
