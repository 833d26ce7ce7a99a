import type { Given } from "@millrace/protocol";
import {
  shareGroupHeartbeatApi,
  type ShareGroupHeartbeatRequest,
} from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import {
  refusedShareHeartbeat,
  type ShareHeartbeatAnswer,
} from "../coordinator/group/share/share-heartbeat.ts";
import type { ShareGroups } from "../coordinator/group/share/share-groups.ts";
import { topicNamesFault } from "../coordinator/group/subscription-bound.ts";
import { principalText } from "../server/principal.ts";
import { groupResource, type RequestContext, topicResource } from "../server/request-context.ts";
import type { GroupProtocols } from "./group-protocols.ts";
import type { AnsweringHandler } from "./answering-handler.ts";

/*
 * ShareGroupHeartbeat 1: a member of a share group joins, stays in, and leaves it (KIP-932).
 */

type Response = Given<(typeof shareGroupHeartbeatApi)["response"]>;

/** A UUID as people read it. */
const memberIdLengthMax = 36;

export function shareGroupHeartbeatHandler(
  groups: ShareGroups,
  protocols: GroupProtocols,
): AnsweringHandler<ShareGroupHeartbeatRequest, Response> {
  return {
    api: shareGroupHeartbeatApi,
    async handle(context, request) {
      const client = {
        clientId: context.clientId ?? "",
        clientHost: `/${context.clientAddress}`,
        principal: principalText(context.principal),
      };
      const answer = protocols.serves("share")
        ? (refuse(context, request) ?? (await groups.heartbeat(request, client)))
        : refusedShareHeartbeat(errorCode.unsupportedVersion);
      return { throttleTimeMs: context.throttleMs, ...answer };
    },
  };
}

export function isShareMemberId(memberId: string | null): memberId is string {
  return memberId !== null && memberId !== "" && memberId.length <= memberIdLengthMax;
}

/** Undefined: the group decides. */
function refuse(
  context: RequestContext,
  { groupId, memberId, subscribedTopicNames }: ShareGroupHeartbeatRequest,
): ShareHeartbeatAnswer | undefined {
  if (!context.authorize("READ", groupResource(groupId)))
    return refusedShareHeartbeat(errorCode.groupAuthorizationFailed);
  if (!isShareMemberId(memberId)) return refusedShareHeartbeat(errorCode.invalidRequest);
  const fault = topicNamesFault(subscribedTopicNames);
  if (fault !== undefined) return refusedShareHeartbeat(errorCode.invalidRequest, fault);
  const names = [...new Set(subscribedTopicNames)];
  if (names.every((name) => context.authorize("DESCRIBE", topicResource(name)))) return undefined;
  return refusedShareHeartbeat(errorCode.topicAuthorizationFailed);
}
