import type { GroupMembership } from "@millrace/cluster";
import { string } from "@millrace/serde";
import { StreamsBuilder, type Topology } from "@millrace/streams";
import { describe, expect, test } from "vitest";

import {
  encodeSubscriptionInfo,
  latestVersion,
} from "../../packages/streams/src/runtime/assignment/subscription-info.ts";
import { eventually } from "./world/eventually.ts";
import type { TestWorld } from "./world/test-world.ts";
import {
  expectCopiedOnce,
  expectCounted,
  linesOf,
  wordCount,
  wordTopics,
} from "./world/word-count.ts";
import { worldOfEachTest } from "./world/world-of-each-test.ts";

let world: TestWorld;
worldOfEachTest((own) => (world = own), wordTopics);

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

  test("who is closed while its leader assigns commits in the generation that begins with that", async () => {
    let seen = 0;
    const topology = (see: () => void = () => {}): Topology => {
      const builder = new StreamsBuilder();
      builder.stream("lines", { value: string() }).peek(see).repartition().to("copies");
      return builder.build();
    };
    // Nothing is committed but by who closes, or gives a task up.
    const options = {
      processingGuarantee,
      commitInterval: "1m",
      transactionTimeout: "2m",
    } as const;
    const assigning = Promise.withResolvers<void>();
    const mayAssign = Promise.withResolvers<void>();
    let isHeld = false;
    await world.app(topology(), options, undefined, {
      clusterOf: (client) => {
        const describeTopics = client.admin.describeTopics.bind(client.admin);
        Object.assign(client.admin, {
          describeTopics: async (topics: readonly string[], signal?: AbortSignal) => {
            if (isHeld && topics.every((topic) => topic.startsWith("app-"))) {
              assigning.resolve();
              await mayAssign.promise;
            }
            return describeTopics(topics, signal);
          },
        });
        return client;
      },
    });
    const process = world.process();
    const app = await world.app(
      topology(() => seen++),
      options,
      process,
    );
    await eventually(() => app.tasks.length).toBe(4);
    await world.produce("lines", linesOf(40));
    await eventually(() => seen).toBeGreaterThan(0);
    isHeld = true;
    const third = world.app(topology(), options);
    await assigning.promise;
    const closing = app.close();
    mayAssign.resolve();
    await closing;
    expect(process.has("streams.last-commit-failed")).toBe(false);
    await third;
  });
});

test("a stateful task moves once its new process has the state", async () => {
  const lines = linesOf(400);
  const options = { acceptableRecoveryLag: 0, probingRebalanceInterval: 400 };
  const first = await world.app(wordCount(), { ...options, stateDirectory: "/first" });
  await world.produce("lines", lines.slice(0, 200));
  await expectCounted(world, lines.slice(0, 200));
  const process = world.process();
  const second = await world.app(wordCount(), { ...options, stateDirectory: "/second" }, process);
  const stateful = (app: typeof first) => app.tasks.filter((task) => task.startsWith("1_")).length;
  await eventually(() => [stateful(first), stateful(second)]).toEqual([2, 2]);
  const followed = process.events
    .filter(({ name }) => name === "streams.tasks-assigned")
    .map(({ fields }) => fields["standbys"]);
  expect(followed[0]).toHaveLength(2);
  expect(followed.at(-1)).toEqual([]);
  await world.produce("lines", lines.slice(200));
  await expectCounted(world, lines);
});

test("copies of stateful tasks are where the tasks are not, and take over", async () => {
  const lines = linesOf(400);
  const options = { numStandbyReplicas: 1, sessionTimeout: 20_000 };
  const first = await world.app(wordCount(), { ...options, stateDirectory: "/first" });
  const process = world.process();
  await world.app(wordCount(), { ...options, stateDirectory: "/second" }, process);
  await world.produce("lines", lines.slice(0, 200));
  await expectCounted(world, lines.slice(0, 200));
  const lastAssigned = () =>
    process.events.findLast(({ name }) => name === "streams.tasks-assigned")?.fields ?? {};
  await eventually(lastAssigned).toMatchObject({
    tasks: expect.arrayContaining([expect.stringMatching(/^1_/)]),
    standbys: [expect.stringMatching(/^1_/), expect.stringMatching(/^1_/)],
  });
  await first.close();
  await world.produce("lines", lines.slice(200));
  await expectCounted(world, lines);
});

test("who was forgotten by the group works on nothing until it has joined again", async () => {
  const first = await world.app(wordCount(), { stateDirectory: "/first", sessionTimeout: 10_000 });
  const process = world.process();
  const second = await world.app(wordCount(), { stateDirectory: "/second" }, process);
  await eventually(() => [first.tasks.length, second.tasks.length]).toEqual([4, 4]);
  const lines = linesOf(60);
  await world.produce("lines", lines.slice(0, 20));
  await expectCounted(world, lines.slice(0, 20));
  process.disconnect();
  await eventually(() => first.tasks.length).toBe(8);
  const slow = slowMember();
  const joining = slow.join();
  await eventually(() => slow.isMember).toBe(true);
  await joining;
  process.reconnect();
  // The group waits for the slow one, so that the second one is no member yet.
  await eventually(() => slow.needsJoin).toBe(true);
  await world.produce("lines", lines.slice(20));
  const copied = async () => (await world.readTexts("copies")).length;
  await eventually(copied).toBeGreaterThan(20);
  expect(second.tasks).toEqual([]);
  await slow.close();
  await eventually(() => second.tasks.length).toBe(4);
  await expectCounted(world, lines);
  await expectCopiedOnce(world, lines);
});
