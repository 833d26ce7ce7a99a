import { expect, test } from "vitest";
import {
  arrived,
  joinConsumerBeat,
  laterConsumerBeat,
} from "../../../test-support/consumer-member-script.ts";
import { CoordinatorWorld } from "../../../test-support/coordinator-world.ts";
import { client } from "../../../test-support/group-client.ts";

const nameCount = 20;
const namesOf = (from: number) => Array.from({ length: nameCount }, (_, n) => `t${from + n}`);

/** A world whose topics count how often one was looked up by its name. */
function countingWorld() {
  const world = new CoordinatorWorld();
  for (let topic = 0; topic < 40 * nameCount; topic++) world.topics.set(`t${topic}`, 1);
  const counted = { lookups: 0 };
  const topicId = world.topics.topicId.bind(world.topics);
  world.topics.topicId = (topic) => {
    counted.lookups++;
    return topicId(topic);
  };
  return { world, counted };
}

async function costsOf(
  counted: { lookups: number },
  count: number,
  join: (n: number) => Promise<{ readonly errorCode: number }>,
): Promise<readonly number[]> {
  const costs: number[] = [];
  for (let n = 0; n < count; n++) {
    counted.lookups = 0;
    expect((await join(n)).errorCode).toBe(0);
    costs.push(counted.lookups);
  }
  return costs;
}

test.each([
  ["the same topics", () => 0],
  ["topics of its own", (n: number) => n * nameCount],
])(
  "a join of a consumer group costs what that member names, however many are there: %s",
  async (_what, from) => {
    const { world, counted } = countingWorld();
    const costs = await costsOf(counted, 40, (n) => {
      const request = arrived(joinConsumerBeat(`m${n}`, namesOf(from(n))));
      return world.ask(world.groups.consumer.heartbeat(request, 1, client));
    });
    expect(Math.max(...costs.slice(1))).toBeLessThanOrEqual(4 * nameCount);
    counted.lookups = 0;
    await world.ask(
      world.groups.consumer.heartbeat(arrived(laterConsumerBeat("m39", 41)), 1, client),
    );
    expect(counted.lookups).toBe(0);
  },
);

test("a join of a share group costs what the group reads once, however many members are there", async () => {
  const { world, counted } = countingWorld();
  const costs = await costsOf(counted, 30, (n) => {
    const request = { groupId: "s", memberId: `m${n}`, memberEpoch: 0, rackId: null };
    const subscribedTopicNames = namesOf(0);
    return world.ask(world.groups.share.heartbeat({ ...request, subscribedTopicNames }, client));
  });
  expect(Math.max(...costs.slice(20))).toBeLessThanOrEqual(4 * nameCount);
});
