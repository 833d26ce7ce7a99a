import { errorCodeOf } from "@millrace/protocol";
import { expect, test } from "vitest";
import { CoordinatorWorld } from "../../../test-support/coordinator-world.ts";

function newWorld(updatesPerSnapshot = 500, syncMs = 0) {
  const world = new CoordinatorWorld({ syncMs, shareConfig: { updatesPerSnapshot } });
  world.topics.set("t", 2);
  const key = { groupId: "g", topicId: world.topics.topicId("t") ?? "", partition: 0 };
  const log = () => world.logs.open("__share_group_state", 0);
  return { world, key, log };
}

const released = (firstOffset: number, lastOffset: number, deliveryCount = 1) => ({
  firstOffset,
  lastOffset,
  deliveryState: 0,
  deliveryCount,
});
const update = {
  leaderEpoch: 0,
  stateEpoch: 1,
  startOffset: 3,
  deliveryCompleteCount: 0,
  stateBatches: [released(3, 5)],
};

test("what was written is read, and read again after a crash", async () => {
  const { world, key } = newWorld();
  const { share } = world;
  expect(await world.ask(share.summary(key))).toMatchObject({ startOffset: -1, leaderEpoch: 0 });
  expect(await world.ask(share.initialize(key, { stateEpoch: 1, startOffset: 0 }))).toBeUndefined();
  expect(await world.ask(share.write(key, update))).toBeUndefined();
  const written = { startOffset: 3, stateEpoch: 1, stateBatches: [released(3, 5)] };
  expect(await world.ask(share.read(key, 0))).toMatchObject(written);
  await world.restart();
  expect(await world.ask(world.share.read(key, 0))).toMatchObject(written);
});

test("who is not initialised, is of an old epoch, or of no topic is refused with Kafka's codes", async () => {
  const { world, key } = newWorld();
  const { share } = world;
  const codeOf = async (answer: Promise<unknown>) =>
    (await world.ask(answer)) as { errorCode: number } | undefined;
  expect(await codeOf(share.write(key, update))).toMatchObject({
    errorCode: errorCodeOf("INVALID_REQUEST"),
    errorMessage: "Write operation on uninitialized share partition not allowed.",
  });
  expect(await codeOf(share.read(key, 0))).toMatchObject({
    errorCode: errorCodeOf("INVALID_REQUEST"),
  });
  await world.ask(share.initialize(key, { stateEpoch: 5, startOffset: 0 }));
  await world.ask(share.read(key, 7));
  const fencedLeader = { errorCode: errorCodeOf("FENCED_LEADER_EPOCH") };
  const fencedState = { errorCode: errorCodeOf("FENCED_STATE_EPOCH") };
  expect(await codeOf(share.read(key, 6))).toMatchObject(fencedLeader);
  expect(await codeOf(share.write(key, { ...update, stateEpoch: 5 }))).toMatchObject(fencedLeader);
  expect(await codeOf(share.write(key, { ...update, leaderEpoch: 7 }))).toMatchObject(fencedState);
  expect(await codeOf(share.initialize(key, { stateEpoch: 4, startOffset: 0 }))).toMatchObject(
    fencedState,
  );
  const missing = { errorCode: errorCodeOf("UNKNOWN_TOPIC_OR_PARTITION") };
  expect(await codeOf(share.delete({ ...key, partition: 2 }))).toMatchObject(missing);
});

test("a snapshot comes after so many updates, and what lies before it can be deleted", async () => {
  const { world, key, log } = newWorld(2);
  const { share } = world;
  const other = { ...key, partition: 1 };
  await world.ask(share.initialize(key, { stateEpoch: 1, startOffset: 0 }));
  await world.ask(share.initialize(other, { stateEpoch: 1, startOffset: 0 }));
  for (let start = 1; start <= 4; start++)
    await world.ask(
      share.write(key, { ...update, startOffset: start, stateBatches: [released(start, 9)] }),
    );
  expect(log().endOffset).toBe(6);
  await world.ask(share.prune());
  // The other one's only snapshot is needed still.
  expect(log().startOffset).toBe(1);
  await world.platform.advance(300_000);
  await world.ask(share.snapshotCold());
  await world.ask(share.prune());
  expect(log().startOffset).toBe(6);
  await world.restart();
  expect(await world.ask(world.share.read(key, 0))).toMatchObject({
    startOffset: 4,
    stateBatches: [released(4, 9)],
  });
  await world.ask(world.share.delete(other));
  expect(await world.ask(world.share.summary(other))).toMatchObject({ startOffset: -1 });
});

test("the state of a topic goes with it", async () => {
  const { world, key } = newWorld();
  await world.ask(world.share.initialize(key, { stateEpoch: 1, startOffset: 7 }));
  await world.ask(world.share.topicDeleted(key.topicId));
  expect(await world.ask(world.share.summary(key))).toMatchObject({ startOffset: -1 });
});

test("what a snapshot makes superfluous is deleted once the snapshot is durable", async () => {
  const { world, key, log } = newWorld(0, 5);
  await world.ask(world.share.initialize(key, { stateEpoch: 1, startOffset: 0 }));
  const writing = world.share.write(key, update);
  const pruning = world.share.prune();
  await world.platform.advance(1);
  expect(log().startOffset).toBe(0);
  await world.ask(Promise.all([writing, pruning]));
  expect(log().startOffset).toBe(1);
});
