import { errorCodeOf } from "@millrace/protocol";
import {
  deleteGroupsApi,
  describeConfigsApi,
  incrementalAlterConfigsApi,
  joinGroupApi,
  listGroupsApi,
  metadataApi,
  offsetCommitApi,
  streamsGroupDescribeApi,
  streamsGroupHeartbeatApi,
} from "@millrace/protocol/definitions";
import { describe, expect, test } from "vitest";
import {
  type Beat,
  joinBeat,
  laterBeat,
  subtopology,
} from "../../test-support/streams-member-script.ts";
import type { TestClient } from "../../test-support/test-client.ts";
import { type ClientWorld, withClient } from "../../test-support/with-client.ts";

const atOnce = {
  "group.streams.initial.rebalance.delay.ms": 0,
  "group.streams.assignment.interval.ms": 0,
};
const withApp = (story: (world: ClientWorld) => Promise<void>, properties = {}) =>
  withClient(story, { ...atOnce, ...properties });

const beat = (client: TestClient, request: Beat) =>
  client.ask(streamsGroupHeartbeatApi, 0, request);

async function described(client: TestClient) {
  const answer = await client.ask(streamsGroupDescribeApi, 0, {
    groupIds: ["app"],
    includeAuthorizedOperations: false,
  });
  return answer?.groups[0];
}

const plain = [subtopology("0", { sources: ["orders"] })];
const counting = [
  subtopology("0", { sources: ["orders"], writesRepartition: "by-city-repartition" }),
  subtopology("1", { readsRepartition: "by-city-repartition", changelog: "count-changelog" }),
];

describe("StreamsGroupHeartbeat, StreamsGroupDescribe", () => {
  test("a member gets the tasks of all source partitions, and a second one its half once they are let go", () =>
    withApp(async ({ client }) => {
      await client.createTopic("orders", 4);
      const joined = await beat(client, joinBeat("a", plain));
      const all = [{ subtopologyId: "0", partitions: [0, 1, 2, 3] }];
      expect(joined).toMatchObject({ errorCode: 0, memberEpoch: 2, activeTasks: all });
      const second = await beat(client, joinBeat("b", plain));
      expect(second).toMatchObject({ memberEpoch: 3, activeTasks: [] });
      const asked = await beat(client, laterBeat("a", 2));
      const half = [{ subtopologyId: "0", partitions: [0, 1] }];
      expect(asked).toMatchObject({ memberEpoch: 2, activeTasks: half });
      const owned = { activeTasks: half, standbyTasks: [], warmupTasks: [] };
      expect(await beat(client, laterBeat("a", 2, owned))).toMatchObject({ memberEpoch: 3 });
      const given = await beat(client, laterBeat("b", 3));
      expect(given?.activeTasks).toEqual([{ subtopologyId: "0", partitions: [2, 3] }]);
      expect(await described(client)).toMatchObject({ groupState: "Stable", groupEpoch: 3 });
    }));

  test("a member that has other tasks is told its own again where it missed an answer, and else is not", () =>
    withApp(async ({ client }) => {
      await client.createTopic("orders", 2);
      await beat(client, joinBeat("a", plain));
      const none = { activeTasks: [], standbyTasks: [], warmupTasks: [] };
      expect((await beat(client, laterBeat("a", 2, none)))?.activeTasks).toBeNull();
      const all = [{ subtopologyId: "0", partitions: [0, 1] }];
      const whole = laterBeat("a", 2, { ...none, rebalanceTimeoutMs: 10_000 });
      expect((await beat(client, whole))?.activeTasks).toEqual(all);
    }));

  test("internal topics are made with the partitions that their tasks need", () =>
    withApp(async ({ client, platform }) => {
      await client.createTopic("orders", 3);
      const joined = await beat(client, joinBeat("a", counting));
      expect(joined?.status).toMatchObject([{ statusCode: 3 }]);
      await platform.timers.sleep(100);
      const answer = await beat(client, laterBeat("a", joined?.memberEpoch ?? 0));
      expect(answer?.activeTasks?.map(({ partitions }) => partitions)).toEqual([
        [0, 1, 2],
        [0, 1, 2],
      ]);
      const metadata = await client.ask(metadataApi, 12, {
        topics: ["by-city-repartition", "count-changelog"].map((name) => ({ name })),
        allowAutoTopicCreation: false,
      });
      expect(metadata?.topics.map(({ partitions }) => partitions.length)).toEqual([3, 3]);
    }));

  test("source topics that are missing are named, and the group is not ready", () =>
    withApp(async ({ client }) => {
      const joined = await beat(client, joinBeat("a", plain));
      const statusDetail = "Source topics orders are missing.";
      expect(joined?.status).toEqual([{ statusCode: 1, statusDetail }]);
      expect(await described(client)).toMatchObject({ groupState: "NotReady" });
      await client.createTopic("orders", 1);
      expect(await beat(client, laterBeat("a", joined?.memberEpoch ?? 0))).toMatchObject({
        status: [],
        activeTasks: [{ subtopologyId: "0", partitions: [0] }],
      });
    }));

  test("a standby lies in another process", () =>
    withApp(
      async ({ client }) => {
        await client.createTopic("orders", 1);
        await client.createTopic("count-changelog", 1);
        const stateful = [subtopology("0", { sources: ["orders"], changelog: "count-changelog" })];
        await beat(client, joinBeat("a", stateful));
        expect(await beat(client, joinBeat("b", stateful))).toMatchObject({
          activeTasks: [],
          standbyTasks: [{ subtopologyId: "0", partitions: [0] }],
        });
      },
      { "group.streams.num.standby.replicas": 1 },
    ));

  test("a topology with patterns, of internal topics or of another epoch's shape is refused", () =>
    withApp(async ({ client }) => {
      const pattern = [subtopology("0", { patterns: ["o.*"] })];
      const refusedPattern = await beat(client, joinBeat("a", pattern));
      expect(refusedPattern?.errorCode).toBe(errorCodeOf("INVALID_REQUEST"));
      const internal = [subtopology("0", { sources: ["__consumer_offsets"] })];
      const refusedInternal = await beat(client, joinBeat("a", internal));
      expect(refusedInternal?.errorCode).toBe(errorCodeOf("STREAMS_INVALID_TOPOLOGY"));
      await client.createTopic("orders", 1);
      await beat(client, joinBeat("a", plain));
      const other = await beat(client, joinBeat("b", counting));
      expect(other?.errorCode).toBe(errorCodeOf("INVALID_REQUEST"));
    }));

  test("one member that asks for it stops the whole application", () =>
    withApp(async ({ client }) => {
      await client.createTopic("orders", 2);
      await beat(client, joinBeat("a", plain));
      const asked = await beat(client, laterBeat("a", 2, { shutdownApplication: true }));
      expect(asked?.status).toMatchObject([{ statusCode: 4 }]);
      const joined = await beat(client, joinBeat("b", plain));
      expect(joined?.status).toMatchObject([{ statusCode: 4 }]);
    }));

  test("what is set for the group goes before what is set for the broker", () =>
    withApp(async ({ client }) => {
      const configs = (value: string) => [
        { name: "streams.heartbeat.interval.ms", configOperation: 0, value },
      ];
      const alter = async (value: string) => {
        const resources = [{ resourceType: 32, resourceName: "app", configs: configs(value) }];
        const request = { resources, validateOnly: false };
        const answer = await client.ask(incrementalAlterConfigsApi, 1, request);
        return answer?.responses[0].errorCode;
      };
      expect(await alter("4999")).toBe(errorCodeOf("INVALID_CONFIG"));
      expect(await alter("6000")).toBe(0);
      await client.createTopic("orders", 1);
      expect((await beat(client, joinBeat("a", plain)))?.heartbeatIntervalMs).toBe(6000);
      const described = await client.ask(describeConfigsApi, 4, {
        resources: [
          {
            resourceType: 32,
            resourceName: "app",
            configurationKeys: ["streams.heartbeat.interval.ms"],
          },
        ],
        includeSynonyms: false,
        includeDocumentation: false,
      });
      expect(described?.results[0].configs).toMatchObject([{ value: "6000", configSource: 8 }]);
    }));

  test("offsets are taken from members of the right epoch", () =>
    withApp(async ({ client }) => {
      await client.createTopic("orders", 1);
      await beat(client, joinBeat("a", plain));
      const commit = async (memberId: string, epoch: number) => {
        const answer = await client.ask(offsetCommitApi, 9, {
          groupId: "app",
          memberId,
          generationIdOrMemberEpoch: epoch,
          topics: [
            {
              name: "orders",
              partitions: [{ partitionIndex: 0, committedOffset: 7, committedMetadata: null }],
            },
          ],
        });
        return answer?.topics[0].partitions[0].errorCode;
      };
      expect(await commit("a", 2)).toBe(0);
      expect(await commit("a", 1)).toBe(errorCodeOf("STALE_MEMBER_EPOCH"));
      expect(await commit("b", 2)).toBe(errorCodeOf("UNKNOWN_MEMBER_ID"));
    }));

  test("an empty group makes room for a classic one, one with members does not", () =>
    withApp(async ({ client }) => {
      await client.createTopic("orders", 1);
      await beat(client, joinBeat("a", plain));
      const join = () =>
        client.ask(joinGroupApi, 9, {
          groupId: "app",
          sessionTimeoutMs: 10_000,
          rebalanceTimeoutMs: 10_000,
          memberId: "",
          protocolType: "consumer",
          protocols: [{ name: "range", metadata: new Uint8Array(0) }],
        });
      expect((await join())?.errorCode).toBe(errorCodeOf("INCONSISTENT_GROUP_PROTOCOL"));
      await beat(client, laterBeat("a", -1));
      expect((await join())?.errorCode).toBe(errorCodeOf("MEMBER_ID_REQUIRED"));
      expect((await described(client))?.errorCode).toBe(errorCodeOf("GROUP_ID_NOT_FOUND"));
      expect((await beat(client, joinBeat("a", plain)))?.errorCode).toBe(0);
    }));

  test("the group is listed with its kind, and goes once it is empty", () =>
    withApp(async ({ client }) => {
      await client.createTopic("orders", 1);
      await beat(client, joinBeat("a", plain));
      const list = { statesFilter: [], typesFilter: ["streams"] };
      const listed = await client.ask(listGroupsApi, 5, list);
      expect(listed?.groups).toMatchObject([{ groupId: "app", groupState: "Stable" }]);
      const remove = () => client.ask(deleteGroupsApi, 2, { groupsNames: ["app"] });
      expect((await remove())?.results[0].errorCode).toBe(errorCodeOf("NON_EMPTY_GROUP"));
      await beat(client, laterBeat("a", -1));
      expect((await remove())?.results[0].errorCode).toBe(0);
      expect((await described(client))?.errorCode).toBe(errorCodeOf("GROUP_ID_NOT_FOUND"));
    }));
});
