import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import { describe, expect, test } from "vitest";
import { CoordinatorLogError } from "../coordinator-log-error.ts";
import { errorCode } from "../error-code.ts";
import { CoordinatorWorld } from "../../../test-support/coordinator-world.ts";
import {
  commit,
  committed,
  join,
  joinRequest,
  sync,
} from "../../../test-support/group-member-script.ts";

async function stableGroup(size: number, world = new CoordinatorWorld()) {
  const joins = Array.from({ length: size }, () => join(world));
  const joined = await world.ask(Promise.all(joins));
  const synced = await world.ask(Promise.all(joined.map((member) => sync(world, member))));
  return { world, joined, synced };
}

describe("joining and syncing", () => {
  test("all members of a generation get the same leader, and each its own assignment", async () => {
    const { joined, synced } = await stableGroup(3);
    expect(new Set(joined.map(({ generationId }) => generationId))).toEqual(new Set([1]));
    expect(new Set(joined.map(({ leader }) => leader)).size).toBe(1);
    expect(joined.filter(({ members }) => members.length > 0)).toHaveLength(1);
    for (const [index, { memberId }] of joined.entries())
      expect(decodeUtf8(synced[index].assignment)).toBe(`for ${memberId}`);
  });

  test("a sync is answered only once the assignment is durable", async () => {
    const world = new CoordinatorWorld({ syncMs: 50 });
    const joined = await world.ask(join(world));
    const startMs = world.platform.clock.monotonicMs();
    await world.ask(sync(world, joined));
    expect(world.platform.clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(50);
  });

  test("a leader that joins again makes a generation, a follower does not", async () => {
    const { world, joined } = await stableGroup(2);
    const follower = joined.find(({ members }) => members.length === 0);
    const leader = joined.find(({ members }) => members.length > 0);
    const again = await world.ask(join(world, { memberId: follower?.memberId }));
    expect(again).toMatchObject({ generationId: 1, members: [] });
    const rejoins = [leader, follower].map((member) => join(world, { memberId: member?.memberId }));
    const next = await world.ask(Promise.all(rejoins));
    expect(next.map(({ generationId }) => generationId)).toEqual([2, 2]);
  });

  test("who does not rejoin within the rebalance timeout is out", async () => {
    const { world, joined } = await stableGroup(2);
    const leader = joined.find(({ members }) => members.length > 0);
    const rejoined = join(world, { memberId: leader?.memberId });
    const keepAlive = joined.find((member) => member !== leader)?.memberId ?? "";
    for (let beat = 0; beat < 12; beat++) {
      await world.platform.advance(5_000);
      await world.ask(heartbeat(world, keepAlive, 1));
    }
    expect(await world.ask(rejoined)).toMatchObject({ generationId: 2, members: [{}] });
    expect(await world.ask(heartbeat(world, keepAlive, 2))).toBe(errorCode.unknownMemberId);
  });

  test("a member not heard of for its session is out; the others rebalance", async () => {
    const { world, joined } = await stableGroup(2);
    const [first, second] = joined;
    await world.platform.advance(9_000);
    expect(await world.ask(heartbeat(world, first.memberId, 1))).toBe(errorCode.none);
    await world.platform.advance(2_000);
    expect(await world.ask(heartbeat(world, second.memberId, 1))).toBe(errorCode.unknownMemberId);
    expect(await world.ask(heartbeat(world, first.memberId, 1))).toBe(
      errorCode.rebalanceInProgress,
    );
  });

  test("a group that is full refuses, and takes a member once another left", async () => {
    const world = new CoordinatorWorld({ groupConfig: { sizeMax: 2 } });
    const { joined } = await stableGroup(2, world);
    expect(await world.ask(join(world))).toMatchObject({
      errorCode: errorCode.groupMaxSizeReached,
    });
    const left = { memberId: joined[0].memberId, groupInstanceId: null };
    expect(await world.ask(world.groups.classic.leave("group", [left]))).toEqual([0]);
    const both = [join(world), join(world, { memberId: joined[1].memberId })];
    expect((await world.ask(Promise.all(both))).map((answer) => answer.errorCode)).toEqual([0, 0]);
  });

  test("an empty group waits its initial delay, longer while members come", async () => {
    const world = new CoordinatorWorld({ groupConfig: { initialRebalanceDelayMs: 3_000 } });
    const first = join(world);
    await world.platform.advance(2_000);
    const second = join(world);
    const joined = await world.ask(Promise.all([first, second]));
    expect(world.platform.clock.monotonicMs()).toBe(6_000);
    expect(joined.map(({ generationId }) => generationId)).toEqual([1, 1]);
  });

  test("what the log refuses is answered; the group goes on afterwards", async () => {
    const { world, joined } = await stableGroup(1);
    const rejoined = await world.ask(join(world, { memberId: joined[0].memberId }));
    world.logs.refusal = new CoordinatorLogError("LOG_UNAVAILABLE", "the disk is full");
    expect(await world.ask(sync(world, rejoined))).toMatchObject({
      errorCode: errorCode.coordinatorNotAvailable,
    });
    world.logs.refusal = undefined;
    expect(await world.ask(sync(world, rejoined))).toMatchObject({ errorCode: 0 });
  });

  test("who begins a group that the log refuses is given no id, with which it would come and be unknown", async () => {
    const world = new CoordinatorWorld({ syncMs: 5 });
    world.logs.refusal = new CoordinatorLogError("LOG_UNAVAILABLE", "the disk is full");
    const { errorCode: refused } = await world.ask(join(world));
    expect(refused).toBe(errorCode.coordinatorNotAvailable);
    world.logs.refusal = undefined;
    expect(await world.ask(join(world))).toMatchObject({ errorCode: 0 });
  });
});

describe("static members", () => {
  const seat = { groupInstanceId: "seat" };

  test("a restart takes the seat again without a rebalance; the old id is fenced", async () => {
    const world = new CoordinatorWorld();
    const joined = await world.ask(join(world, seat));
    await world.ask(sync(world, joined, seat));
    const again = await world.ask(join(world, seat));
    expect(again).toMatchObject({ generationId: 1, skipAssignment: true, members: [{}] });
    expect(again.memberId).not.toBe(joined.memberId);
    expect(await world.ask(heartbeat(world, joined.memberId, 1, "seat"))).toBe(
      errorCode.fencedInstanceId,
    );
    const synced = await world.ask(sync(world, { ...again, members: [] }, seat));
    expect(decodeUtf8(synced.assignment)).toBe(`for ${joined.memberId}`);
  });

  test("an old client is told the leader's old id, so that it assigns nothing", async () => {
    const world = new CoordinatorWorld();
    const joined = await world.ask(join(world, seat));
    await world.ask(sync(world, joined, seat));
    const again = await world.ask(join(world, { ...seat, canSkipAssignment: false }));
    expect(again).toMatchObject({ leader: joined.memberId, members: [], skipAssignment: false });
  });

  test("the seat survives a restart of the coordinator", async () => {
    const world = new CoordinatorWorld();
    const joined = await world.ask(join(world, seat));
    await world.ask(sync(world, joined, seat));
    await world.restart();
    expect(await world.ask(join(world, seat))).toMatchObject({ generationId: 1, errorCode: 0 });
  });

  test("leaves by its instance id alone", async () => {
    const world = new CoordinatorWorld();
    const joined = await world.ask(join(world, seat));
    await world.ask(sync(world, joined, seat));
    const leaving = [{ memberId: "", groupInstanceId: "seat" }];
    expect(await world.ask(world.groups.classic.leave("group", leaving))).toEqual([0]);
    const described = await world.ask(world.groups.classic.describe("group"));
    expect(described).toMatchObject({ state: "Empty", members: [] });
  });
});

describe("offsets", () => {
  test("are acknowledged once durable, and a crash keeps them", async () => {
    const world = new CoordinatorWorld({ syncMs: 10 });
    await world.ask(commit(world, { offset: 5 }));
    const lost = commit(world, { offset: 9 });
    await world.restart();
    expect(await world.ask(committed(world))).toBe(5);
    expect(world.probed).toContain("C12");
    void lost;
  });

  test("a read waits until what it saw is durable", async () => {
    const world = new CoordinatorWorld({ syncMs: 10 });
    void commit(world, { offset: 5 });
    const startMs = world.platform.clock.monotonicMs();
    expect(await world.ask(committed(world))).toBe(5);
    expect(world.platform.clock.monotonicMs() - startMs).toBe(10);
  });

  test("are refused from an old generation and from a stranger", async () => {
    const { world, joined } = await stableGroup(1);
    const [{ memberId }] = joined;
    const refused = async (change: object) =>
      world.ask(commit(world, { offset: 1, memberId, generationId: 1, ...change }));
    expect(await refused({})).toEqual([0]);
    expect(await refused({ generationId: 0 })).toBe(errorCode.illegalGeneration);
    expect(await refused({ memberId: "stranger" })).toBe(errorCode.unknownMemberId);
    expect(await refused({ memberId: "", generationId: -1 })).toBe(errorCode.unknownMemberId);
    expect(await refused({ groupId: "nowhere" })).toBe(errorCode.groupIdNotFound);
  });

  test("a group that is deleted forgets them, and stays so after a restart", async () => {
    const world = new CoordinatorWorld();
    await world.ask(commit(world, { offset: 5 }));
    expect(await world.ask(world.groups.delete("group"))).toBe(0);
    expect(await world.ask(world.groups.delete("group"))).toBe(errorCode.groupIdNotFound);
    await world.restart();
    expect(await world.ask(committed(world))).toBe(-1);
    expect(await world.ask(world.groups.list())).toEqual([]);
  });

  test("those of a deleted topic are forgotten", async () => {
    const world = new CoordinatorWorld();
    await world.ask(commit(world, { offset: 5 }));
    await world.ask(
      world.groups.topicDeleted({ name: "topic", topicId: world.topics.topicId("topic") ?? "" }),
    );
    expect(await world.ask(committed(world))).toBe(-1);
  });
});

test("a group lists and describes the same after a restart", async () => {
  const { world } = await stableGroup(2);
  const before = await world.ask(world.groups.classic.describe("group"));
  await world.restart();
  expect(await world.ask(world.groups.classic.describe("group"))).toEqual(before);
});

test("requests that name no group, or a session that is too short, are refused", async () => {
  const world = new CoordinatorWorld();
  const refused = async (change: object) =>
    (await world.ask(world.groups.classic.join(joinRequest(change)))).errorCode;
  expect(await refused({ groupId: "" })).toBe(errorCode.invalidGroupId);
  expect(await refused({ sessionTimeoutMs: 1 })).toBe(errorCode.invalidSessionTimeout);
  expect(await refused({ memberId: "stranger" })).toBe(errorCode.unknownMemberId);
  expect(await refused({ protocols: [] })).toBe(errorCode.inconsistentGroupProtocol);
  const other = [{ name: "other", metadata: encodeUtf8("") }];
  await world.ask(join(world));
  expect(await refused({ protocols: other })).toBe(errorCode.inconsistentGroupProtocol);
});

function heartbeat(
  world: CoordinatorWorld,
  memberId: string,
  generationId: number,
  groupInstanceId: string | null = null,
) {
  return world.groups.classic.heartbeat({
    groupId: "group",
    generationId,
    memberId,
    groupInstanceId,
  });
}
