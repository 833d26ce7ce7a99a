import * as fc from "fast-check";
import { expect, test } from "vitest";
import { CoordinatorWorld } from "../../../test-support/coordinator-world.ts";
import { GroupLife, lifeGroups, lifeTopics } from "../../../test-support/group-life.ts";

/*
 * Records of groups stand in a compacted topic: a member's may come before those of its group, tombstones before what
 * they forget, or alone, as a group changed its protocol, was deleted, and came again. Whatever a cleaning has taken away,
 * and one that a crash has cut short, the groups are read the same.
 */

const kinds = [
  "consumer",
  "consumer",
  "consumer",
  "consumerLeaves",
  "classic",
  "classic",
  "classicLeaves",
  "share",
  "shareLeaves",
  "streams",
  "streamsLeaves",
  "commits",
  "commits",
  "transaction",
  "deletesOffsets",
  "deletesGroup",
  "expires",
  "topicGoes",
  "topicGrows",
  "timePasses",
] as const;

const step = fc.record({
  kind: fc.constantFrom(...kinds),
  groupId: fc.constantFrom("one", "one", "one", ...lifeGroups),
  choice: fc.nat(2),
});
const share = fc.nat(20).map((twentieths) => twentieths / 20);
/** Then the log is cleaned up to a part of it, by what is known of another. */
const round = fc.record({
  steps: fc.array(step, { maxLength: 40, size: "max" }),
  cleaned: share,
  seen: share,
});

/** All that clients are told. */
async function told(world: CoordinatorWorld): Promise<unknown> {
  const { groups } = world;
  const all: unknown[] = [await world.ask(groups.offsets.all())];
  for (const groupId of lifeGroups) {
    const places = lifeTopics.map((topic) => ({
      topic,
      topicId: "AAAAAAAAAAAAAAAAAAAAAA",
      partition: 0,
    }));
    all.push([
      await world.ask(groups.consumer.describe(groupId)),
      await world.ask(groups.share.describe(groupId)),
      await world.ask(groups.share.initializedPartitions(groupId)),
      await world.ask(groups.streams.describe(groupId)),
      await classic(world, groupId),
      await world.ask(groups.offsets.fetch({ groupId, places, requireStable: true, member: null })),
    ]);
  }
  return inOneOrder(all);
}

/** One that nothing but offsets had told of goes with the last of them. */
async function classic(world: CoordinatorWorld, groupId: string): Promise<unknown> {
  const described = await world.ask(world.groups.classic.describe(groupId));
  const isOne = typeof described === "object" && "protocolType" in described;
  return isOne && described.protocolType !== "" ? described : undefined;
}

/** Members come in the order of their records: lists are sorted, and messages left out. */
function inOneOrder(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.join();
  if (value instanceof Map || value instanceof Set) return inOneOrder([...value]);
  if (Array.isArray(value)) return value.map((one) => JSON.stringify(inOneOrder(one))).toSorted();
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => name !== "errorMessage");
  return Object.fromEntries(entries.map(([name, one]) => [name, inOneOrder(one)]));
}

const runs = process.env.MILLRACE_VERIFY === "1" ? 3000 : 50;

test("GROUP-11: groups and offsets are read the same, whatever compaction has taken of their log", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 3 }), async (rounds) => {
      const world = new CoordinatorWorld();
      const life = new GroupLife(world);
      for (const { steps, cleaned, seen } of rounds) {
        for (const { kind, ...choice } of steps) await life[kind](choice);
        await world.restart();
        const whole = await told(world);
        world.logs.open("__consumer_offsets", 0).compact(cleaned, seen);
        await world.restart();
        expect(await told(world)).toEqual(whole);
      }
      world.coordinators.close();
    }),
    { numRuns: runs },
  );
}, 900_000);
