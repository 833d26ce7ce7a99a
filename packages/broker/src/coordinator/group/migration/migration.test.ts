import { decodeMessage, decodeVersioned, encodeMessage, encodeVersioned } from "@millrace/protocol";
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  streamsGroupHeartbeatRequest,
} from "@millrace/protocol/definitions";
import { describe, expect, test } from "vitest";
import {
  arrived,
  type ConsumerBeat,
  joinConsumerBeat,
  laterConsumerBeat,
} from "../../../../test-support/consumer-member-script.ts";
import { CoordinatorWorld } from "../../../../test-support/coordinator-world.ts";
import { client } from "../../../../test-support/group-client.ts";
import { commit, committed, join, sync } from "../../../../test-support/group-member-script.ts";
import { joinBeat, subtopology } from "../../../../test-support/streams-member-script.ts";
import { CoordinatorLogError } from "../../coordinator-log-error.ts";
import { errorCode } from "../../error-code.ts";

function worldWith(partitions: number): CoordinatorWorld {
  const world = new CoordinatorWorld({ consumerConfig: { assignors: ["range"] } });
  world.topics.set("orders", partitions);
  return world;
}

const beat = (world: CoordinatorWorld, request: ConsumerBeat) =>
  world.ask(world.groups.consumer.heartbeat(arrived(request), 1, client));

const subscription = (owned: readonly number[] = []) =>
  encodeVersioned(consumerProtocolSubscription, 1, {
    topics: ["orders"],
    ownedPartitions: owned.length === 0 ? [] : [{ topic: "orders", partitions: [...owned] }],
  });

const joinClassic = (
  world: CoordinatorWorld,
  change: { readonly memberId?: string; readonly groupInstanceId?: string } = {},
  owned: readonly number[] = [],
) =>
  world.ask(
    join(world, { protocols: [{ name: "range", metadata: subscription(owned) }], ...change }),
  );

function partitionsIn(bytes: Uint8Array): readonly number[] {
  const { assignedPartitions } = decodeVersioned(consumerProtocolAssignment, bytes);
  return assignedPartitions.flatMap(({ partitions }) => partitions);
}

const beatClassic = (
  world: CoordinatorWorld,
  { memberId, generationId }: { readonly memberId: string; readonly generationId: number },
) =>
  world.ask(
    world.groups.classic.heartbeat({
      groupId: "group",
      memberId,
      generationId,
      groupInstanceId: null,
    }),
  );

const orders = (world: CoordinatorWorld, partitions: number[]) => ({
  topicPartitions: [{ topicId: world.topics.topicId("orders") ?? "", partitions }],
});

/** A classic group of one member that has been given all partitions. */
async function classicGroupOf(world: CoordinatorWorld) {
  const joined = await joinClassic(world);
  const assignment = encodeVersioned(consumerProtocolAssignment, 1, {
    assignedPartitions: [{ topic: "orders", partitions: [0, 1, 2, 3] }],
  });
  await world.ask(
    world.groups.classic.sync({
      groupId: "group",
      groupInstanceId: null,
      generationId: joined.generationId,
      memberId: joined.memberId,
      protocolType: "consumer",
      protocolName: "range",
      assignments: new Map([[joined.memberId, assignment]]),
    }),
  );
  return joined;
}

test("a classic group whose member names too many topics becomes no consumer group", async () => {
  const world = worldWith(4);
  const topics = Array.from({ length: 10_001 }, (_, index) => `t${index}`);
  const metadata = encodeVersioned(consumerProtocolSubscription, 1, {
    topics,
    ownedPartitions: [],
  });
  await world.ask(join(world, { protocols: [{ name: "range", metadata }] }));
  expect(await beat(world, joinConsumerBeat("z", ["orders"]))).toMatchObject({
    errorCode: errorCode.groupIdNotFound,
    errorMessage: expect.stringContaining("10001 topics are subscribed to by name"),
  });
});

describe("a consumer group and members of the classic protocol", () => {
  test("a classic member joins: it is given its part once the other has let it go", async () => {
    const world = worldWith(4);
    await beat(world, joinConsumerBeat("z", ["orders"]));
    const joined = await joinClassic(world);
    expect(joined).toMatchObject({ errorCode: 0, generationId: 3, leader: "", members: [] });
    const synced = await world.ask(sync(world, joined));
    expect([synced.errorCode, partitionsIn(synced.assignment)]).toEqual([0, []]);
    expect(await beatClassic(world, joined)).toBe(errorCode.none);
    // Which of them comes first hangs on the id that the classic member was given.
    const asked = await beat(world, laterConsumerBeat("z", 2));
    const [own] = asked.assignment?.topicPartitions ?? [];
    await beat(world, laterConsumerBeat("z", 2, { topicPartitions: [own] }));
    expect(await beatClassic(world, joined)).toBe(errorCode.rebalanceInProgress);
    const again = await joinClassic(world, { memberId: joined.memberId });
    const given = partitionsIn((await world.ask(sync(world, again))).assignment);
    expect([...given, ...own.partitions].toSorted()).toEqual([0, 1, 2, 3]);
    expect(await beatClassic(world, again)).toBe(errorCode.none);
    world.coordinators.close();
  });

  test("a classic member that is told to join again and does not is put out", async () => {
    const world = worldWith(4);
    await beat(world, joinConsumerBeat("z", ["orders"], { rebalanceTimeoutMs: 300_000 }));
    const joined = await joinClassic(world);
    // It never syncs.
    for (let waited = 0; waited < 70_000; waited += 5_000) {
      await world.platform.advance(5_000);
      await beatClassic(world, joined);
      await beat(world, laterConsumerBeat("z", 2));
    }
    const { members } = await world.ask(world.groups.consumer.describe("group"));
    expect(members.map(({ memberId }) => memberId)).toEqual(["z"]);
    world.coordinators.close();
  });

  test("a consumer joins a classic group of consumers: it is a consumer group, and classic again without it", async () => {
    const world = worldWith(4);
    const classic = await classicGroupOf(world);
    await world.ask(commit(world, { offset: 7, ...classic }));
    const joined = await beat(world, joinConsumerBeat("z", ["orders"]));
    expect(joined).toMatchObject({ errorCode: 0, memberEpoch: 2 });
    expect(await world.ask(world.groups.consumer.describe("group"))).toMatchObject({
      groupState: "Reconciling",
      members: [{ memberId: classic.memberId, memberType: 0 }, { memberId: "z" }],
    });
    await world.restart();
    expect(await beatClassic(world, classic)).toBe(errorCode.rebalanceInProgress);
    // It lets go of what it is not to have in its first join, and has the rest after its second.
    let again = await joinClassic(world, { memberId: classic.memberId }, [0, 1, 2, 3]);
    const kept = partitionsIn((await world.ask(sync(world, again))).assignment);
    again = await joinClassic(world, { memberId: classic.memberId }, kept);
    const given = await beat(world, laterConsumerBeat("z", 2));
    const taken = given.assignment?.topicPartitions.flatMap(({ partitions }) => partitions) ?? [];
    expect([...kept, ...taken].toSorted()).toEqual([0, 1, 2, 3]);
    expect([kept.length, taken.length]).toEqual([2, 2]);

    await beat(world, laterConsumerBeat("z", -1));
    const described = await world.ask(world.groups.classic.describe("group"));
    expect(described).toMatchObject({ state: "PreparingRebalance", protocolType: "consumer" });
    await world.restart();
    const reread = await world.ask(world.groups.classic.describe("group"));
    expect(reread).toMatchObject({
      state: "PreparingRebalance",
      members: [{ memberId: classic.memberId }],
    });
    expect(await committed(world)).toBe(7);
    world.coordinators.close();
  });

  test("what the last consumer had is shared out anew, though the broker dies before it is", async () => {
    const world = worldWith(4);
    const { memberId } = await classicGroupOf(world);
    await beat(world, joinConsumerBeat("z", ["orders"]));
    let classic = await joinClassic(world, { memberId }, [0, 1, 2, 3]);
    const kept = partitionsIn((await world.ask(sync(world, classic))).assignment);
    classic = await joinClassic(world, { memberId }, kept);
    await world.ask(sync(world, classic));
    expect([kept.length, await beatClassic(world, classic)]).toEqual([2, errorCode.none]);
    await beat(world, laterConsumerBeat("z", -1));
    await world.restart();
    expect(await beatClassic(world, classic)).toBe(errorCode.rebalanceInProgress);
    const again = await joinClassic(world, { memberId });
    expect(again).toMatchObject({ errorCode: 0, leader: memberId, members: [{ memberId }] });
    world.coordinators.close();
  });

  test("a group whose policy forbids it stays what it is", async () => {
    const world = new CoordinatorWorld({
      consumerConfig: { isUpgradeEnabled: false, isDowngradeEnabled: false },
    });
    world.topics.set("orders", 1);
    await classicGroupOf(world);
    expect(await beat(world, joinConsumerBeat("z", ["orders"]))).toMatchObject({
      errorCode: errorCode.groupIdNotFound,
      errorMessage:
        "Cannot upgrade classic group group to consumer group because online upgrade is disabled.",
    });
    const other = { groupId: "other" };
    await beat(world, joinConsumerBeat("z", ["orders"], other));
    const refused = await world.ask(join(world, other));
    expect(refused.errorCode).toBe(errorCode.inconsistentGroupProtocol);
    world.coordinators.close();
  });

  test("a static consumer's seat is taken by a classic client: the group is classic, with what it had", async () => {
    const world = worldWith(2);
    const seat = { instanceId: "seat" };
    await beat(world, joinConsumerBeat("z", ["orders"], seat));
    await beat(world, laterConsumerBeat("z", 2, { ...seat, ...orders(world, [0, 1]) }));
    await beat(world, laterConsumerBeat("z", -2, seat));
    const joined = await joinClassic(world, { groupInstanceId: "seat" });
    expect(joined).toMatchObject({ errorCode: 0, generationId: 2 });
    const described = await world.ask(world.groups.classic.describe("group"));
    expect(described).toMatchObject({ state: "Stable", members: [{ groupInstanceId: "seat" }] });
    const synced = await world.ask(sync(world, joined, { groupInstanceId: "seat" }));
    expect(partitionsIn(synced.assignment)).toEqual([0, 1]);
    world.coordinators.close();
  });

  test("a group that had offsets alone puts out a member whose session ends, as any other", async () => {
    const world = worldWith(1);
    await world.ask(commit(world, { offset: 3 }));
    await beat(world, joinConsumerBeat("z", ["orders"]));
    await world.platform.advance(46_000);
    const described = await world.ask(world.groups.consumer.describe("group"));
    expect(described).toMatchObject({ groupState: "Empty", members: [] });
    expect(await committed(world)).toBe(3);
    world.coordinators.close();
  });

  test("so does a streams group that had offsets alone", async () => {
    const world = worldWith(1);
    await world.ask(commit(world, { offset: 3 }));
    const joining = joinBeat("z", [subtopology("0", { sources: ["orders"] })], {
      groupId: "group",
    });
    const message = streamsGroupHeartbeatRequest;
    const request = decodeMessage(message, 0, encodeMessage(message, 0, joining));
    await world.ask(world.groups.streams.heartbeat(request, client));
    await world.platform.advance(46_000);
    const described = await world.ask(world.groups.streams.describe("group"));
    expect(described).toMatchObject({ groupState: "Empty", members: [] });
    world.coordinators.close();
  });
});

test("a member whose wait a consumer ends that the log does not take is put out once it falls silent", async () => {
  const world = worldWith(4);
  const first = await classicGroupOf(world);
  const protocols = [{ name: "range", metadata: subscription() }];
  const follows = join(world, { protocols });
  await world.platform.advance(0);
  const leader = await joinClassic(world, { memberId: first.memberId });
  const follower = await follows;
  const waits = sync(world, follower);
  const beatFor = async (waitMs: number) => {
    for (let waited = 0; waited < waitMs; waited += 5_000) {
      await world.platform.advance(5_000);
      await beatClassic(world, leader);
    }
  };
  await beatFor(20_000);
  world.logs.refusal = new CoordinatorLogError("LOG_UNAVAILABLE", "the disk is full");
  expect((await beat(world, joinConsumerBeat("z", ["orders"]))).errorCode).not.toBe(0);
  world.logs.refusal = undefined;
  expect((await world.ask(sync(world, leader))).errorCode).toBe(0);
  await waits;
  await beatFor(20_000);
  expect(await world.ask(world.groups.classic.describe("group"))).toMatchObject({
    members: [{ memberId: leader.memberId }],
  });
  world.coordinators.close();
});
