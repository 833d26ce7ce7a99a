import { errorCodeOf } from "@millrace/protocol";
import {
  consumerGroupDescribeApi,
  consumerGroupHeartbeatApi,
  describeGroupsApi,
  listGroupsApi,
  offsetCommitApi,
  shareGroupHeartbeatApi,
} from "@millrace/protocol/definitions";
import { describe, expect, test } from "vitest";
import {
  type ConsumerBeat,
  joinConsumerBeat,
  laterConsumerBeat,
} from "../../test-support/consumer-member-script.ts";
import type { TestClient } from "../../test-support/test-client.ts";
import { type ClientWorld, withClient } from "../../test-support/with-client.ts";

const withGroup = (story: (world: ClientWorld) => Promise<void>, properties = {}) =>
  withClient(story, { "group.consumer.assignment.interval.ms": 0, ...properties });

const beat = (client: TestClient, request: ConsumerBeat) =>
  client.ask(consumerGroupHeartbeatApi, 1, request);

async function described(client: TestClient) {
  const answer = await client.ask(consumerGroupDescribeApi, 1, {
    groupIds: ["group"],
    includeAuthorizedOperations: false,
  });
  return answer?.groups[0];
}

type Answer = Awaited<ReturnType<typeof beat>>;
const partitionsOf = (answer: Answer) =>
  answer?.assignment?.topicPartitions.flatMap(({ partitions }) => partitions);

const manyNames = (count: number, of = "t") => Array.from({ length: count }, (_, n) => `${of}${n}`);

describe("topics that members name", () => {
  test("are bounded for one member", () =>
    withGroup(async ({ client }) => {
      const refused = await beat(client, joinConsumerBeat("a", manyNames(10_001)));
      expect(refused).toMatchObject({
        errorCode: errorCodeOf("INVALID_REQUEST"),
        errorMessage: expect.stringContaining("at most 10000"),
      });
      expect((await beat(client, joinConsumerBeat("a", manyNames(10_000))))?.errorCode).toBe(0);
      const share = { groupId: "share", memberId: "b", rackId: null };
      const told = { ...share, memberEpoch: 0, subscribedTopicNames: manyNames(10_001) };
      expect((await client.ask(shareGroupHeartbeatApi, 1, told))?.errorCode).toBe(
        errorCodeOf("INVALID_REQUEST"),
      );
    }));
});

describe("ConsumerGroupHeartbeat, ConsumerGroupDescribe", () => {
  test("a member gets all partitions, and a second one its half once they are let go", () =>
    withGroup(async ({ client }) => {
      await client.createTopic("orders", 4);
      const joined = await beat(client, joinConsumerBeat("a", ["orders"]));
      expect([joined?.memberEpoch, partitionsOf(joined)]).toEqual([2, [0, 1, 2, 3]]);
      const second = await beat(client, joinConsumerBeat("b", ["orders"]));
      expect([second?.memberEpoch, partitionsOf(second)]).toEqual([3, []]);
      const asked = await beat(client, laterConsumerBeat("a", 2));
      expect([asked?.memberEpoch, partitionsOf(asked)]).toEqual([2, [0, 1]]);
      const { topicPartitions } = asked?.assignment ?? { topicPartitions: [] };
      const letGo = await beat(client, laterConsumerBeat("a", 2, { topicPartitions }));
      expect(letGo?.memberEpoch).toBe(3);
      expect(partitionsOf(await beat(client, laterConsumerBeat("b", 3)))).toEqual([2, 3]);
      expect(await described(client)).toMatchObject({ groupState: "Stable", groupEpoch: 3 });
    }));

  test("a member that says nothing loses its seat after its session, and the others are given its partitions", () =>
    withGroup(
      async ({ client, platform }) => {
        await client.createTopic("orders", 2);
        await beat(client, joinConsumerBeat("a", ["orders"]));
        await platform.timers.sleep(300);
        expect(await described(client)).toMatchObject({ groupState: "Empty", groupEpoch: 3 });
        const late = await beat(client, laterConsumerBeat("a", 2));
        expect(late?.errorCode).toBe(errorCodeOf("UNKNOWN_MEMBER_ID"));
      },
      {
        "group.consumer.min.session.timeout.ms": 100,
        "group.consumer.session.timeout.ms": 100,
        "group.consumer.min.heartbeat.interval.ms": 50,
        "group.consumer.heartbeat.interval.ms": 50,
      },
    ));

  test("a pattern finds topics that are there, by their whole name", () =>
    withGroup(async ({ client, platform }) => {
      for (const topic of ["logs-a", "logs-b", "my-logs-c"]) await client.createTopic(topic, 1);
      const pattern = { subscribedTopicRegex: "logs-.*" };
      const joined = await beat(client, joinConsumerBeat("a", null, pattern));
      expect([joined?.memberEpoch, partitionsOf(joined)]).toEqual([1, []]);
      await platform.timers.sleep(20);
      expect(partitionsOf(await beat(client, laterConsumerBeat("a", 1)))).toEqual([0, 0]);
      const broken = { subscribedTopicRegex: "(" };
      expect(await beat(client, joinConsumerBeat("b", null, broken))).toMatchObject({
        errorCode: errorCodeOf("INVALID_REGULAR_EXPRESSION"),
        errorMessage: expect.stringContaining("SubscribedTopicRegex `(`"),
      });
    }));

  test("a static member leaves for a while, and its successor goes on with what it had", () =>
    withGroup(async ({ client }) => {
      await client.createTopic("orders", 2);
      const seat = { instanceId: "seat" };
      const first = await beat(client, joinConsumerBeat("a", ["orders"], seat));
      const taken = await beat(client, joinConsumerBeat("b", ["orders"], seat));
      expect(taken?.errorCode).toBe(errorCodeOf("UNRELEASED_INSTANCE_ID"));
      expect(await beat(client, laterConsumerBeat("a", -2, seat))).toMatchObject({
        errorCode: 0,
        memberEpoch: -2,
      });
      const second = await beat(client, joinConsumerBeat("b", ["orders"], seat));
      expect(second).toMatchObject({ memberEpoch: 2, assignment: first?.assignment });
      const fenced = await beat(client, laterConsumerBeat("a", 2, seat));
      expect(fenced?.errorCode).toBe(errorCodeOf("FENCED_INSTANCE_ID"));
    }));

  test("another assignor shares out anew, once most members ask for it", () =>
    withGroup(async ({ client }) => {
      for (const topic of ["orders", "clicks"]) await client.createTopic(topic, 3);
      const join = (memberId: string) =>
        beat(client, joinConsumerBeat(memberId, ["orders", "clicks"], { instanceId: memberId }));
      await join("a");
      await join("b");
      const asking = (serverAssignor: string) =>
        beat(client, laterConsumerBeat("a", 2, { instanceId: "a", serverAssignor }));
      await asking("uniform");
      expect(await described(client)).toMatchObject({ groupEpoch: 3, assignorName: "uniform" });
      await asking("range");
      const { groupEpoch, members } = (await described(client)) ?? {};
      const counts = members?.map(({ targetAssignment }) =>
        targetAssignment.topicPartitions.map(({ partitions }) => partitions.length),
      );
      expect([groupEpoch, counts]).toEqual([
        4,
        [
          [2, 2],
          [1, 1],
        ],
      ]);
    }));

  test("offsets are committed by the member's epoch, or an older one that gave it the partition", () =>
    withGroup(async ({ client }) => {
      await client.createTopic("orders", 1);
      await client.createTopic("clicks", 1);
      await beat(client, joinConsumerBeat("a", ["orders"]));
      const both = { subscribedTopicNames: ["orders", "clicks"] };
      expect((await beat(client, laterConsumerBeat("a", 2, both)))?.memberEpoch).toBe(3);
      const commit = async (version: number, topic: string, epoch: number) => {
        const answer = await client.ask(offsetCommitApi, version, {
          groupId: "group",
          generationIdOrMemberEpoch: epoch,
          memberId: "a",
          topics: [{ name: topic, partitions: [{ partitionIndex: 0, committedOffset: 1 }] }],
        } as never);
        return answer?.topics[0].partitions[0].errorCode;
      };
      const stale = errorCodeOf("STALE_MEMBER_EPOCH");
      expect(await commit(9, "orders", 3)).toBe(0);
      expect(await commit(9, "orders", 2)).toBe(0);
      expect(await commit(9, "clicks", 2)).toBe(stale);
      expect(await commit(9, "orders", 4)).toBe(stale);
      expect(await commit(8, "orders", 3)).toBe(errorCodeOf("UNSUPPORTED_VERSION"));
    }));

  test("other requests see what kind of group it is", () =>
    withGroup(async ({ client }) => {
      await client.createTopic("orders", 1);
      await beat(client, joinConsumerBeat("a", ["orders"]));
      const classic = await client.ask(describeGroupsApi, 6, {
        groups: ["group"],
        includeAuthorizedOperations: false,
      });
      expect(classic?.groups[0]).toMatchObject({
        errorCode: errorCodeOf("GROUP_ID_NOT_FOUND"),
        errorMessage: "Group group is not a classic group.",
      });
      const listed = await client.ask(listGroupsApi, 5, {
        statesFilter: [],
        typesFilter: ["consumer"],
      });
      expect(listed?.groups).toMatchObject([{ groupId: "group", groupState: "Stable" }]);
    }));
});
