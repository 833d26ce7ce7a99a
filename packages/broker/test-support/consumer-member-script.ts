import { decodeMessage, encodeMessage, type Given } from "@millrace/protocol";
import {
  consumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatRequest,
} from "@millrace/protocol/definitions";

export type ConsumerBeat = Given<typeof consumerGroupHeartbeatRequest>;

/** What a consumer says when it joins. */
export function joinConsumerBeat(
  memberId: string,
  subscribedTopicNames: readonly string[] | null,
  rest: Partial<ConsumerBeat> = {},
): ConsumerBeat {
  return {
    groupId: "group",
    memberId,
    memberEpoch: 0,
    rebalanceTimeoutMs: 10_000,
    subscribedTopicNames,
    topicPartitions: [],
    ...rest,
  };
}

/** What it says later: nothing but where it is, and what it has if it is given. */
export function laterConsumerBeat(
  memberId: string,
  memberEpoch: number,
  rest: Partial<ConsumerBeat> = {},
): ConsumerBeat {
  return { groupId: "group", memberId, memberEpoch, ...rest };
}

/** As it arrives, with what was left out. */
export function arrived(beat: ConsumerBeat): ConsumerGroupHeartbeatRequest {
  const message = consumerGroupHeartbeatRequest;
  return decodeMessage(message, 1, encodeMessage(message, 1, beat));
}
