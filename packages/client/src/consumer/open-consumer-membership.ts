import type { ClientContext } from "../client-context.ts";
import { BrokerMembership } from "../group/broker-membership.ts";
import type { ConsumerMembership } from "../group/consumer-membership.ts";
import { openConsumerGroup } from "../group/open-consumer-group.ts";
import type { ConsumerSettings } from "./consumer-options.ts";

/** How a consumer shares its topics; undefined without a group. */
export function openConsumerMembership(
  context: ClientContext,
  options: ConsumerSettings,
): ConsumerMembership | undefined {
  const { groupId, groupInstanceId, topics } = options;
  if (groupId === undefined) return undefined;
  const common = {
    groupId,
    groupInstanceId,
    sessionTimeoutMs: options.sessionTimeout,
    rebalanceTimeoutMs: options.rebalanceTimeout,
  };
  if (options.groupProtocol === "consumer")
    return new BrokerMembership(context, {
      ...common,
      topics,
      remoteAssignor: options.groupRemoteAssignor,
    });
  return openConsumerGroup(context, {
    ...common,
    assignors: options.assignors,
    topics: () => topics,
    heartbeatIntervalMs: options.heartbeatInterval,
  });
}
