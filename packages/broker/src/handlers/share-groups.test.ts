import { errorCodeOf } from "@millrace/protocol";
import {
  alterShareGroupOffsetsApi,
  deleteGroupsApi,
  deleteShareGroupOffsetsApi,
  deleteShareGroupStateApi,
  describeShareGroupOffsetsApi,
  initializeShareGroupStateApi,
  readShareGroupStateApi,
  readShareGroupStateSummaryApi,
  shareAcknowledgeApi,
  shareFetchApi,
  shareGroupDescribeApi,
  shareGroupHeartbeatApi,
  writeShareGroupStateApi,
} from "@millrace/protocol/definitions";
import { describe, expect, test } from "vitest";
import { brokerWorld } from "../../test-support/broker-world.ts";
import { setGroupConfigs, ShareMember } from "../../test-support/share-member-script.ts";
import { TestClient } from "../../test-support/test-client.ts";
import { type ClientWorld, withClient } from "../../test-support/with-client.ts";

const properties = {
  "group.share.assignment.interval.ms": 0,
  "group.share.min.record.lock.duration.ms": 1000,
  "share.coordinator.state.topic.num.partitions": 2,
};

const withTopic = (story: (world: ClientWorld) => Promise<void>, more = {}) =>
  withClient(
    async (world) => {
      await world.client.createTopic("t");
      await setGroupConfigs(world.client, { "share.auto.offset.reset": "earliest" });
      await story(world);
    },
    { ...properties, ...more },
  );

const [accept, release, renew] = [1, 2, 4];

async function offsetOf(client: TestClient, groupId = "g") {
  const answer = await client.ask(describeShareGroupOffsetsApi, 1, {
    groups: [{ groupId, topics: [{ topicName: "t", partitions: [0] }] }],
  });
  return answer?.groups[0].topics[0].partitions[0];
}

describe("members of a share group", () => {
  test("have different records of a partition, which are given again when they are released", () =>
    withTopic(async ({ client }) => {
      for (const value of ["a", "b", "c"]) await client.produce("t", [value]);
      const one = await ShareMember.join(client, "one");
      const two = await ShareMember.join(client, "two");
      expect(await one.fetch({ recordsMax: 1 })).toMatchObject({ acquired: ["0-0 x1"] });
      expect(await two.fetch()).toEqual({ errorCode: 0, acquired: ["1-2 x1"], batches: [1, 2] });
      expect(await two.acknowledge(0, 0, accept)).toBe(errorCodeOf("INVALID_RECORD_STATE"));
      expect(await one.acknowledge(0, 0, release)).toBe(0);
      expect(await two.fetch()).toMatchObject({ acquired: ["0-0 x2"] });
      expect(await two.acknowledge(0, 2, accept)).toBe(0);
      expect(await one.fetch()).toMatchObject({ acquired: [] });
      const described = await client.ask(shareGroupDescribeApi, 1, {
        groupIds: ["g"],
        includeAuthorizedOperations: false,
      });
      expect(described?.groups[0]).toMatchObject({ groupState: "Stable", assignorName: "simple" });
    }));

  test("wait for records, and for the locks of others to run out", () =>
    withTopic(async ({ client, platform }) => {
      await setGroupConfigs(client, { "share.record.lock.duration.ms": "1000" });
      const one = await ShareMember.join(client, "one");
      const waiting = one.fetch({ maxWaitMs: 30_000 });
      const other = await TestClient.connect(platform, { host: "127.0.0.1", port: 9092 });
      await platform.timers.sleep(100);
      await other.produce("t", ["a"]);
      expect(await waiting).toMatchObject({ acquired: ["0-0 x1"] });
      const two = await ShareMember.join(other, "two");
      const startMs = platform.clock.monotonicMs();
      expect(await one.acknowledge(0, 0, renew)).toBe(0);
      expect(await two.fetch({ maxWaitMs: 30_000 })).toMatchObject({ acquired: ["0-0 x2"] });
      expect(platform.clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(1000);
      expect(await one.acknowledge(0, 0, accept)).toBe(errorCodeOf("INVALID_RECORD_STATE"));
    }));

  test("lose what they have with their connection", () =>
    withTopic(async ({ client, platform }) => {
      await client.produce("t", ["a"]);
      const other = await TestClient.connect(platform, { host: "127.0.0.1", port: 9092 });
      const gone = await ShareMember.join(other, "gone");
      await gone.fetch();
      other.connection.destroy();
      const one = await ShareMember.join(client, "one");
      expect(await one.fetch({ maxWaitMs: 5000 })).toMatchObject({ acquired: ["0-0 x2"] });
    }));

  test("tell what became of records while they ask for others", () =>
    withTopic(async ({ client }) => {
      await client.produce("t", ["a", "b"]);
      const one = await ShareMember.join(client, "one");
      await one.fetch();
      await client.produce("t", ["c"]);
      const told = [{ firstOffset: 0, lastOffset: 1, acknowledgeTypes: [accept, release] }];
      // It is not kept yet while the fetch looks for more.
      expect(await one.fetch({}, told)).toMatchObject({ acquired: ["2-2 x1"] });
      expect(await one.fetch()).toMatchObject({ acquired: ["1-1 x2"] });
    }));
});

test("what was accepted never comes again after a restart, and all else does", () => {
  const world = brokerWorld({ properties: { ...properties, "offsets.topic.num.partitions": 2 } });
  const run = async () => {
    const first = await world.start();
    await first.client.createTopic("t");
    await setGroupConfigs(first.client, { "share.auto.offset.reset": "earliest" });
    await first.client.produce("t", ["a", "b", "c", "d"]);
    const one = await ShareMember.join(first.client, "one");
    await one.fetch();
    await one.acknowledge(0, 0, accept);
    await one.acknowledge(2, 2, accept);
    await first.broker.close();
    const { broker, client } = await world.start();
    const two = await ShareMember.join(client, "two");
    const given = await two.fetch({ maxWaitMs: 1000 });
    expect(given.acquired.map((range) => range.split(" ")[0])).toEqual(["1-1", "3-3"]);
    await broker.close();
  };
  return world.platform.until(run());
});

test("what was accepted never comes again after restarts, though the state written first was given up", () => {
  const world = brokerWorld({
    properties: {
      ...properties,
      "offsets.topic.num.partitions": 2,
      "share.coordinator.snapshot.update.records.per.snapshot": 1,
      "share.coordinator.state.topic.prune.interval.ms": 100,
    },
  });
  const run = async () => {
    let accepted = 0;
    for (let start = 0; start < 3; start++) {
      const { broker, client } = await world.start();
      if (start === 0) {
        await client.createTopic("t");
        await setGroupConfigs(client, { "share.auto.offset.reset": "earliest" });
        await client.produce("t", ["a", "b", "c", "d", "e", "f", "g"]);
      }
      const member = await ShareMember.join(client, `member-${start}`);
      await member.fetch({ maxWaitMs: 1000 });
      expect(await member.acknowledge(accepted, accepted, accept)).toBe(0);
      expect(await member.acknowledge(accepted + 1, accepted + 1, accept)).toBe(0);
      accepted += 2;
      await world.platform.timers.sleep(200);
      await broker.close();
    }
    const { broker, client } = await world.start();
    const member = await ShareMember.join(client, "last");
    const given = await member.fetch({ maxWaitMs: 1000 });
    expect(given).toMatchObject({ errorCode: 0, acquired: [expect.stringMatching(/^6-6 /)] });
    await broker.close();
  };
  return world.platform.until(run());
});

describe("offsets of a share group", () => {
  test("are altered and deleted while it has no members", () =>
    withTopic(async ({ client }) => {
      await client.produce("t", ["a", "b", "c"]);
      const one = await ShareMember.join(client, "one");
      await one.fetch();
      await one.acknowledge(0, 0, accept);
      expect(await offsetOf(client)).toMatchObject({ startOffset: 0, lag: 2 });
      const alter = () =>
        client.ask(alterShareGroupOffsetsApi, 0, {
          groupId: "g",
          topics: [{ topicName: "t", partitions: [{ partitionIndex: 0, startOffset: 2 }] }],
        });
      const remove = () =>
        client.ask(deleteShareGroupOffsetsApi, 0, { groupId: "g", topics: [{ topicName: "t" }] });
      const refused = { errorCode: errorCodeOf("NON_EMPTY_GROUP") };
      expect([await alter(), await remove()]).toMatchObject([refused, refused]);
      await one.leave();
      expect(await alter()).toMatchObject({ responses: [{ partitions: [{ errorCode: 0 }] }] });
      expect(await offsetOf(client)).toMatchObject({ startOffset: 2 });
      const two = await ShareMember.join(client, "two");
      expect(await two.fetch({ maxWaitMs: 100 })).toMatchObject({ acquired: ["2-2 x1"] });
      await two.leave();
      expect(await remove()).toMatchObject({ responses: [{ errorCode: 0 }] });
      expect(await offsetOf(client)).toMatchObject({ startOffset: -1 });
    }));

  test("are answered by topic, however often a topic is named", () =>
    withTopic(async ({ client }) => {
      const topics = Array.from({ length: 300 }, (_, startOffset) => ({
        topicName: "t",
        partitions: [{ partitionIndex: 0, startOffset }],
      }));
      const answer = await client.ask(alterShareGroupOffsetsApi, 0, { groupId: "g", topics });
      expect(answer?.responses.map(({ partitions }) => partitions.length)).toEqual([300]);
    }));

  test("go with the group, and with the topic", () =>
    withTopic(async ({ client }) => {
      const one = await ShareMember.join(client, "one");
      const deleting = () => client.ask(deleteGroupsApi, 2, { groupsNames: ["g"] });
      expect(await deleting()).toMatchObject({
        results: [{ errorCode: errorCodeOf("NON_EMPTY_GROUP") }],
      });
      await one.leave();
      expect(await deleting()).toMatchObject({ results: [{ errorCode: 0 }] });
      expect(await offsetOf(client)).toMatchObject({ startOffset: -1 });
    }));
});

describe("requests of share groups", () => {
  test("are refused where there is no such session, or a wrong epoch of it", () =>
    withTopic(async ({ client }) => {
      const member = { groupId: "g", memberId: "m" };
      const fetch = { maxWaitMs: 0, minBytes: 0, maxRecords: 1, batchSize: 1 };
      const ask = (shareSessionEpoch: number) =>
        client.ask(shareFetchApi, 2, {
          ...member,
          ...fetch,
          shareSessionEpoch,
          topics: [],
          forgottenTopicsData: [],
          isRenewAck: false,
        });
      const codes = [
        await ask(1),
        await ask(0),
        await ask(7),
        await ask(1),
        await ask(-1),
        await ask(-1),
      ];
      const [unknown, wrong] = ["SHARE_SESSION_NOT_FOUND", "INVALID_SHARE_SESSION_EPOCH"] as const;
      expect(codes.map((answer) => answer?.errorCode)).toEqual([
        errorCodeOf(unknown),
        0,
        errorCodeOf(wrong),
        0,
        0,
        errorCodeOf(unknown),
      ]);
      const acknowledged = await client.ask(shareAcknowledgeApi, 2, {
        ...member,
        shareSessionEpoch: 0,
        isRenewAck: false,
        topics: [],
      });
      expect(acknowledged?.errorCode).toBe(errorCodeOf(wrong));
      const beat = await client.ask(shareGroupHeartbeatApi, 1, {
        ...member,
        memberEpoch: 5,
        rackId: null,
        subscribedTopicNames: null,
      });
      expect(beat?.errorCode).toBe(errorCodeOf("GROUP_ID_NOT_FOUND"));
    }));

  test("of the share coordinator keep, tell and forget the state of a partition", () =>
    withTopic(async ({ client }) => {
      const { topicId } = await ShareMember.join(client, "one");
      const of = <Partition>(partition: Partition) => ({
        groupId: "h",
        topics: [{ topicId, partitions: [partition] }],
      });
      const batch = { firstOffset: 3, lastOffset: 4, deliveryState: 2, deliveryCount: 1 };
      const write = { partition: 0, stateEpoch: 1, leaderEpoch: 9, startOffset: 2 };
      const read = () =>
        client.ask(readShareGroupStateApi, 0, of({ partition: 0, leaderEpoch: 9 }));
      expect(await read()).toMatchObject({
        results: [{ partitions: [{ errorCode: errorCodeOf("INVALID_REQUEST") }] }],
      });
      const begin = { partition: 0, stateEpoch: 1, startOffset: 0 };
      const done = { results: [{ topicId, partitions: [{ partition: 0, errorCode: 0 }] }] };
      expect(await client.ask(initializeShareGroupStateApi, 0, of(begin))).toMatchObject(done);
      const changed = of({ ...write, stateBatches: [batch] });
      expect(await client.ask(writeShareGroupStateApi, 1, changed)).toMatchObject(done);
      const state = { startOffset: 2, stateEpoch: 1, stateBatches: [batch] };
      expect(await read()).toMatchObject({ results: [{ partitions: [state] }] });
      expect(await client.ask(deleteShareGroupStateApi, 0, of({ partition: 0 }))).toMatchObject(
        done,
      );
      const summary = of({ partition: 0, leaderEpoch: -1 });
      expect(await client.ask(readShareGroupStateSummaryApi, 1, summary)).toMatchObject({
        results: [{ partitions: [{ startOffset: -1 }] }],
      });
    }));
});
