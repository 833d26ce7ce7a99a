import { decodeMessage, encodeMessage } from "@millrace/protocol";
import { streamsGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import {
  arrived,
  joinConsumerBeat,
  laterConsumerBeat,
} from "../../../test-support/consumer-member-script.ts";
import { CoordinatorWorld } from "../../../test-support/coordinator-world.ts";
import { client } from "../../../test-support/group-client.ts";
import { joinBeat, laterBeat, subtopology } from "../../../test-support/streams-member-script.ts";
import { CoordinatorLogError } from "../coordinator-log-error.ts";

const sessionTimeoutMs = 1000;

/** A member `m` that joins a group of its kind, stays in it, or leaves it. */
interface Kind {
  /** 0: it joins; -1: it leaves. */
  beat(
    world: CoordinatorWorld,
    memberEpoch: number,
  ): Promise<{ readonly errorCode: number; readonly memberEpoch: number }>;
  members(world: CoordinatorWorld): Promise<object>;
}

const consumer: Kind = {
  beat: ({ groups }, memberEpoch) => {
    const isJoin = memberEpoch === 0;
    const beat = isJoin ? joinConsumerBeat("m", ["orders"]) : laterConsumerBeat("m", memberEpoch);
    return groups.consumer.heartbeat(arrived(beat), 1, client);
  },
  members: ({ groups }) => groups.consumer.describe("group"),
};

const share: Kind = {
  beat: ({ groups }, memberEpoch) => {
    const subscribedTopicNames = memberEpoch === 0 ? ["orders"] : null;
    const beat = { groupId: "group", memberId: "m", memberEpoch, subscribedTopicNames };
    return groups.share.heartbeat({ ...beat, rackId: null }, client);
  },
  members: ({ groups }) => groups.share.describe("group"),
};

const streams: Kind = {
  beat: async ({ groups }, memberEpoch) => {
    const beat =
      memberEpoch === 0
        ? joinBeat("m", [subtopology("0", { sources: ["orders"] })])
        : laterBeat("m", memberEpoch);
    const bytes = encodeMessage(streamsGroupHeartbeatRequest, 0, beat);
    const request = decodeMessage(streamsGroupHeartbeatRequest, 0, bytes);
    return (await groups.streams.heartbeat(request, client)).response;
  },
  members: ({ groups }) => groups.streams.describe("app"),
};

test.each([
  ["a consumer that leaves", consumer, true],
  ["a consumer that falls silent", consumer, false],
  ["a share consumer that leaves", share, true],
  ["a share consumer that falls silent", share, false],
  ["a streams member that leaves", streams, true],
  ["a streams member that falls silent", streams, false],
])("%s while the log takes nothing is put out later", async (_what, kind, doesLeave) => {
  const config = { sessionTimeoutMs };
  const world = new CoordinatorWorld({
    consumerConfig: config,
    shareGroupConfig: config,
    streamsConfig: config,
  });
  world.topics.set("orders", 1);
  expect(await world.ask(kind.beat(world, 0))).toMatchObject({ errorCode: 0 });
  world.logs.refusal = new CoordinatorLogError("LOG_UNAVAILABLE", "the disk is full");
  if (doesLeave) expect(await world.ask(kind.beat(world, -1))).not.toMatchObject({ errorCode: 0 });
  else await world.platform.advance(sessionTimeoutMs);
  world.logs.refusal = undefined;
  await world.platform.advance(2 * sessionTimeoutMs);
  expect(await world.ask(kind.members(world))).toMatchObject({ groupState: "Empty", members: [] });
  world.coordinators.close();
});

test.each([
  ["consumer", consumer],
  ["share consumer", share],
  ["streams member", streams],
])(
  "what a topic has more while the log takes nothing is given to a %s later",
  async (_what, kind) => {
    const world = new CoordinatorWorld();
    world.topics.set("orders", 1);
    let memberEpoch = 0;
    const beat = async () => {
      const answer = await world.ask(kind.beat(world, memberEpoch));
      if (answer.errorCode === 0) ({ memberEpoch } = answer);
      return answer.errorCode;
    };
    expect([await beat(), await beat(), await beat(), await beat()]).toEqual([0, 0, 0, 0]);
    const before = memberEpoch;
    world.topics.set("orders", 2);
    world.logs.refusal = new CoordinatorLogError("LOG_UNAVAILABLE", "the disk is full");
    expect(await beat()).not.toBe(0);
    world.logs.refusal = undefined;
    expect(await beat()).toBe(0);
    expect(memberEpoch).toBe(before + 1);
    world.coordinators.close();
  },
);
