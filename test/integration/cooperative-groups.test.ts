import type { GroupMembership } from "@millrace/cluster";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import {
  encodeSubscriptionInfo,
  latestVersion,
} from "../../packages/streams/src/runtime/assignment/subscription-info.ts";
import { eventually } from "./world/eventually.ts";
import { TestWorld } from "./world/test-world.ts";
import {
  expectCopiedOnce,
  expectCounted,
  linesOf,
  wordCount,
  wordTopics,
} from "./world/word-count.ts";

let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start(wordTopics);
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

/** A member as Kafka Streams would be one: the group waits for it whenever it is asked to join again. */
function slowMember(): GroupMembership {
  return world.client.openMembership({
    groupId: "app",
    topics: () => ["lines"],
    rebalanceTimeoutMs: 60_000,
    sessionTimeoutMs: 10_000,
    heartbeatIntervalMs: 50,
    assignors: [
      {
        name: "stream",
        rebalanceProtocol: "cooperative",
        subscriptionUserData: () =>
          encodeSubscriptionInfo({
            version: latestVersion,
            latestSupportedVersion: latestVersion,
            processId: "00010203-0405-4607-8809-0a0b0c0d0e0f",
            userEndPoint: "",
            taskOffsetSums: [],
            uniqueField: 0,
            errorCode: 0,
            clientTags: new Map(),
          }),
        assign: async () => new Map(),
      },
    ],
  });
}

describe.each(["exactly_once", "at_least_once"] as const)("%s", (processingGuarantee) => {
  test("tasks that stay go on, and commit, for as long as their group is joined", async () => {
    const lines = linesOf(600);
    const options = { processingGuarantee, sessionTimeout: 10_000 };
    const first = await world.app(wordCount(), { ...options, stateDirectory: "/first" });
    const slow = slowMember();
    await slow.join();
    await eventually(() => first.tasks.length).toBe(4);
    // Both have what they are to have: 4 of 8 tasks each, of which the slow one does nothing.
    await eventually(() => slow.needsJoin).toBe(true);
    const kept = await slow.join();
    expect(kept.partitions).toHaveLength(4);
    await eventually(() => first.state).toBe("running");
    const second = world.app(wordCount(), { ...options, stateDirectory: "/second" });
    await eventually(() => slow.needsJoin).toBe(true);
    const before = (await world.readTexts("copies")).length;
    await world.produce("lines", lines);
    await eventually(async () => (await world.readTexts("copies")).length).toBeGreaterThan(before);
    expect(slow.needsJoin).toBe(true);
    await slow.close();
    await second;
    await expectCounted(world, lines);
    if (processingGuarantee === "exactly_once") await expectCopiedOnce(world, lines);
  });
});
