import { ClusterError } from "@millrace/cluster";
import { KafkaError } from "@millrace/protocol";
import {
  consumerGroupHeartbeatApi,
  type ConsumerGroupHeartbeatResponse,
} from "@millrace/protocol/definitions";

import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import type { AssignedPartitions } from "./assigned-partitions.ts";

/** What a consumer under KIP-848 is told when it is opened. */
export interface BrokerGroupOptions {
  readonly groupId: string;
  readonly groupInstanceId?: string;
  readonly topics: readonly string[];
  /** Undefined: the group's own. */
  readonly remoteAssignor?: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
}

export interface GroupBeat {
  readonly context: ClientContext;
  readonly lane: BrokerLane;
  readonly options: BrokerGroupOptions;
  readonly memberId: string;
  /** 0: to join; negative: to leave. */
  readonly memberEpoch: number;
  readonly owned: AssignedPartitions | null;
}

/** One ConsumerGroupHeartbeat: a member that joins tells all about itself, later ones what it has. */
export async function beatGroup(beat: GroupBeat): Promise<ConsumerGroupHeartbeatResponse> {
  const { context, lane, options, memberId, memberEpoch, owned } = beat;
  const { groupId, groupInstanceId = null } = options;
  const link = lane.link(await context.coordinators.find("group", groupId));
  const whole =
    memberEpoch === 0
      ? {
          rebalanceTimeoutMs: options.rebalanceTimeoutMs,
          subscribedTopicNames: [...new Set(options.topics)],
          serverAssignor: options.remoteAssignor ?? null,
        }
      : {};
  return link.call({
    api: consumerGroupHeartbeatApi,
    timeoutMs: options.sessionTimeoutMs,
    body: () => ({
      groupId,
      memberId,
      memberEpoch,
      instanceId: groupInstanceId,
      ...whole,
      topicPartitions: memberEpoch === 0 ? [] : owned,
    }),
  });
}

/** @throws KafkaError */
export function checkBeat({ errorCode }: ConsumerGroupHeartbeatResponse): void {
  if (errorCode !== 0) throw KafkaError.of(errorCode);
}

export function notServed({ groupId }: BrokerGroupOptions, cause: unknown): ClusterError {
  return new ClusterError(
    "UNSUPPORTED_BY_CLUSTER",
    `the cluster does not serve the group protocol "consumer" (KIP-848), which group ${groupId} is to use; leave groupProtocol out, or use Apache Kafka 4.0 or later`,
    { cause },
  );
}
