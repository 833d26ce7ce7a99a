import {
  consumerGroupHeartbeatApi,
  shareGroupHeartbeatApi,
  streamsGroupHeartbeatApi,
} from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import { joinConsumerBeat } from "../../test-support/consumer-member-script.ts";
import { joinBeat, laterBeat, subtopology } from "../../test-support/streams-member-script.ts";
import { withClient } from "../../test-support/with-client.ts";

/** The interval between assignments, of a second, is for members that come one after the other. */
test("who joins an empty group of any kind is given its work at once, however new the last assignment is", () =>
  withClient(
    async ({ client, platform }) => {
      await client.createTopic("orders", 2);
      const consumer = async (memberId: string, memberEpoch: number) => {
        const beat = { ...joinConsumerBeat(memberId, ["orders"]), memberEpoch };
        const answer = await client.ask(consumerGroupHeartbeatApi, 1, beat);
        return answer?.assignment?.topicPartitions[0]?.partitions;
      };
      const streams = async (memberId: string, memberEpoch: number) => {
        const subtopologies = [subtopology("0", { sources: ["orders"] })];
        const beat =
          memberEpoch < 0 ? laterBeat(memberId, memberEpoch) : joinBeat(memberId, subtopologies);
        const answer = await client.ask(streamsGroupHeartbeatApi, 0, beat);
        return answer?.activeTasks?.[0]?.partitions;
      };
      const share = async (memberId: string, memberEpoch: number) => {
        const beat = { groupId: "g", memberId, memberEpoch, rackId: null };
        const told = { ...beat, subscribedTopicNames: ["orders"] };
        const answer = await client.ask(shareGroupHeartbeatApi, 1, told);
        return answer?.assignment?.topicPartitions[0]?.partitions;
      };
      // Where shared partitions begin is known only once somebody has asked for them.
      await share("a", 0);
      await platform.timers.sleep(1000);
      for (const beat of [consumer, streams, share]) {
        expect(await beat("a", 0), beat.name).toEqual([0, 1]);
        await beat("a", -1);
        expect(await beat("b", 0), beat.name).toEqual([0, 1]);
      }
    },
    { "group.streams.initial.rebalance.delay.ms": 0 },
  ));
