import {
  consumerGroupHeartbeatApi,
  type ConsumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatResponse,
} from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import {
  type ConsumerHeartbeatAnswer,
  refusedConsumerHeartbeat,
} from "../coordinator/group/consumer/consumer-heartbeat.ts";
import type { ConsumerGroups } from "../coordinator/group/consumer/consumer-groups.ts";
import { topicNamesFault } from "../coordinator/group/subscription-bound.ts";
import { principalText } from "../server/principal.ts";
import { groupResource, type RequestContext, topicResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import type { GroupProtocols } from "./group-protocols.ts";

/*
 * ConsumerGroupHeartbeat 0-1: a consumer joins, stays in, and leaves its group (KIP-848).
 *
 * v1  a pattern of topics; the consumer makes its member id
 */

type Response = ConsumerGroupHeartbeatResponse;

export function consumerGroupHeartbeatHandler(
  groups: ConsumerGroups,
  protocols: GroupProtocols,
): AnsweringHandler<ConsumerGroupHeartbeatRequest, Response> {
  return {
    api: consumerGroupHeartbeatApi,
    async handle(context, request) {
      const answer = protocols.serves("consumer")
        ? (refuse(context, request) ?? (await beat(groups, context, request)))
        : refusedConsumerHeartbeat(errorCode.unsupportedVersion);
      return { throttleTimeMs: context.throttleMs, ...answer };
    },
  };
}

function beat(
  groups: ConsumerGroups,
  context: RequestContext,
  request: ConsumerGroupHeartbeatRequest,
): Promise<ConsumerHeartbeatAnswer> {
  return groups.heartbeat(request, context.apiVersion, {
    clientId: context.clientId ?? "",
    clientHost: `/${context.clientAddress}`,
    principal: principalText(context.principal),
    mayDescribe: (topic) => context.permits("DESCRIBE", topicResource(topic)),
  });
}

/** Undefined: the group decides. */
function refuse(
  context: RequestContext,
  { groupId, subscribedTopicNames }: ConsumerGroupHeartbeatRequest,
): ConsumerHeartbeatAnswer | undefined {
  if (!context.authorize("READ", groupResource(groupId)))
    return refusedConsumerHeartbeat(errorCode.groupAuthorizationFailed);
  const fault = topicNamesFault(subscribedTopicNames);
  if (fault !== undefined) return refusedConsumerHeartbeat(errorCode.invalidRequest, fault);
  const isAllowed = (subscribedTopicNames ?? []).every((topic) =>
    context.authorize("DESCRIBE", topicResource(topic)),
  );
  return isAllowed ? undefined : refusedConsumerHeartbeat(errorCode.topicAuthorizationFailed);
}
