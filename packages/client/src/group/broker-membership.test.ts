import type { ConsumerGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import {
  consumerGroupHeartbeatApi,
  fetchApi,
  offsetCommitApi,
  offsetFetchApi,
} from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import { type GroupScene, playGroup } from "../../test-support/play-group.ts";
import type { Consumer } from "../consumer/consumer.ts";

const topicId = "AAAAAAAAAAAAAAAAAAAABA";
const assignment = { topicPartitions: [{ topicId, partitions: [0] }] };
const fenced = 110;
const unreleased = 111;
const stale = 113;
const loading = 14;
const noSuchApi = 35;

interface Scene extends GroupScene {
  readonly consumer: Consumer;
  readonly beats: ConsumerGroupHeartbeatRequest[];
  /** Error code of the answers from now on. */
  refuse: number | "silence";
  /** How late the answers are from now on. */
  delayMs: number;
  /** The group is in another epoch with each answer. */
  goesOn: boolean;
}

/** A consumer of one partition in a group of one, with a session of nine seconds. */
async function play(story: (scene: Scene) => Promise<void>): Promise<void> {
  await playGroup(async (group) => {
    const { platform, broker, client } = group;
    const beats: ConsumerGroupHeartbeatRequest[] = [];
    broker.on(offsetFetchApi, () => ({
      errorCode: 0,
      groups: [
        {
          groupId: "g",
          errorCode: 0,
          topics: [
            {
              name: "t",
              topicId,
              partitions: [{ partitionIndex: 0, committedOffset: 0, metadata: "", errorCode: 0 }],
            },
          ],
        },
      ],
    }));
    broker.on(fetchApi, async ({ maxWaitMs }) => {
      await platform.timers.sleep(maxWaitMs);
      return { throttleTimeMs: 0, errorCode: 0, sessionId: 0, responses: [] };
    });
    const consumer = client.consumer({
      groupId: "g",
      topics: ["t"],
      groupProtocol: "consumer",
      groupInstanceId: "seat",
      sessionTimeout: "9s",
    });
    let epoch = 1;
    const scene: Scene = { ...group, consumer, beats, refuse: 0, delayMs: 0, goesOn: false };
    broker.on(consumerGroupHeartbeatApi, async (request) => {
      beats.push(request);
      await platform.timers.sleep(scene.delayMs);
      if (scene.refuse === "silence") return "silence";
      return {
        throttleTimeMs: 0,
        errorCode: scene.refuse,
        memberId: request.memberId,
        memberEpoch:
          request.memberEpoch === 0 ? ++epoch : request.memberEpoch + (scene.goesOn ? 1 : 0),
        heartbeatIntervalMs: 1000,
        assignment: request.memberEpoch === 0 ? assignment : null,
      };
    });
    const reading = (async () => {
      for await (const _ of consumer);
    })();
    await story(scene);
    scene.refuse = 0;
    await consumer.close();
    await reading;
  });
}

test("a member tells all about itself once, then where it is and what it has", () =>
  play(async ({ platform, beats, consumer }) => {
    await platform.timers.sleep(3500);
    const [first, ...later] = beats;
    expect(first).toMatchObject({
      memberEpoch: 0,
      instanceId: "seat",
      subscribedTopicNames: ["t"],
      topicPartitions: [],
    });
    expect(later.length).toBeGreaterThanOrEqual(2);
    const { topicPartitions } = assignment;
    for (const beat of later)
      expect(beat).toMatchObject({ memberEpoch: 2, subscribedTopicNames: null, topicPartitions });
    expect(consumer.assignment).toEqual([{ topic: "t", partition: 0 }]);
  }));

test("a member that is fenced gives up what it had, and joins anew", () =>
  play(async (scene) => {
    const { platform, beats, consumer } = scene;
    await platform.timers.sleep(2500);
    scene.refuse = fenced;
    await platform.timers.sleep(1500);
    expect(consumer.assignment).toEqual([]);
    scene.refuse = 0;
    await platform.timers.sleep(3000);
    expect(beats.filter(({ memberEpoch }) => memberEpoch === 0).length).toBeGreaterThan(1);
    expect(consumer.assignment).toHaveLength(1);
  }));

test("a member that was forgotten while it committed does not commit what it lost under its next seat", () =>
  play(async (scene) => {
    const { platform, beats, broker, consumer } = scene;
    await platform.timers.sleep(2500);
    const isJoin = ({ memberEpoch }: ConsumerGroupHeartbeatRequest) => memberEpoch === 0;
    let errorCode = loading;
    broker.on(offsetCommitApi, ({ topics }) => {
      const told = errorCode;
      [errorCode, scene.refuse, scene.delayMs] = [stale, 0, 0];
      return {
        topics: topics.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex }) => ({
            partitionIndex,
            errorCode: told,
          })),
        })),
      };
    });
    // It hears that it is fenced, and joins, while the commit is to be tried again.
    [scene.refuse, scene.delayMs] = [fenced, 400];
    const beatCount = beats.length;
    while (beats.length === beatCount) await platform.timers.sleep(10);
    await expect(consumer.commit([{ topic: "t", partition: 0, offset: 1 }])).rejects.toMatchObject({
      code: "COMMIT_FENCED",
    });
    await platform.timers.sleep(3000);
    expect(beats.filter(isJoin)).toHaveLength(2);
    const epochs = broker.of("OffsetCommit").map(({ body }) => body);
    expect(epochs).toMatchObject([
      { generationIdOrMemberEpoch: 2 },
      { generationIdOrMemberEpoch: 2 },
    ]);
  }));

test.each([
  [false, [2]],
  [true, [2, 3]],
])(
  "a commit of an epoch that the group is not in is fenced, also where it goes on twice meanwhile: %j",
  (goesOn, epochs) =>
    play(async (scene) => {
      const { platform, broker, consumer } = scene;
      await platform.timers.sleep(2500);
      scene.goesOn = goesOn;
      broker.on(offsetCommitApi, ({ topics }) => ({
        topics: topics.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex }) => ({
            partitionIndex,
            errorCode: stale,
          })),
        })),
      }));
      const offset = { topic: "t", partition: 0, offset: 1 };
      await expect(consumer.commit([offset])).rejects.toMatchObject({ code: "COMMIT_FENCED" });
      const commits = broker.of("OffsetCommit").map(({ body }) => body);
      expect(commits).toMatchObject(
        epochs.map((generationIdOrMemberEpoch) => ({ generationIdOrMemberEpoch })),
      );
    }),
);

test("CLIENT-4: a member without an answer for a session is none any more", () =>
  play(async (scene) => {
    const { platform, consumer } = scene;
    await platform.timers.sleep(2500);
    scene.refuse = "silence";
    await platform.timers.sleep(9500);
    await expect(consumer.commit([{ topic: "t", partition: 0, offset: 1 }])).rejects.toMatchObject({
      code: "COMMIT_FENCED",
    });
  }));

test("an answer that comes after the session makes nobody a member without partitions", () =>
  play(async (scene) => {
    const { platform, beats, consumer } = scene;
    await platform.timers.sleep(2500);
    scene.delayMs = 8500;
    await platform.timers.sleep(8000);
    scene.delayMs = 0;
    await platform.timers.sleep(4000);
    expect(beats.filter(({ memberEpoch }) => memberEpoch === 0)).toHaveLength(2);
    expect(consumer.assignment).toEqual([{ topic: "t", partition: 0 }]);
  }));

test("a seat that its last owner has not left is waited for", () =>
  play(async (scene) => {
    const { platform, consumer } = scene;
    scene.refuse = unreleased;
    await platform.timers.sleep(5000);
    expect(consumer.assignment).toEqual([]);
    scene.refuse = 0;
    await platform.timers.sleep(3000);
    expect(consumer.assignment).toHaveLength(1);
  }));

test("a cluster without the protocol is told so in the words of the option", () =>
  playGroup(async ({ broker, client }) => {
    broker.on(consumerGroupHeartbeatApi, () => ({
      throttleTimeMs: 0,
      errorCode: noSuchApi,
      memberId: null,
      memberEpoch: 0,
      heartbeatIntervalMs: 0,
      assignment: null,
    }));
    const consumer = client.consumer({ groupId: "g", topics: ["t"], groupProtocol: "consumer" });
    const reading = consumer[Symbol.asyncIterator]().next();
    await expect(reading).rejects.toMatchObject({
      code: "UNSUPPORTED_BY_CLUSTER",
      message: expect.stringContaining("leave groupProtocol out"),
    });
  }));
