import { type Given } from "@millrace/protocol";
import {
  joinGroupApi,
  type JoinGroupRequest,
  type joinGroupResponse,
} from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import { joinRefused } from "../coordinator/group/classic/group-answers.ts";
import type { ClassicGroups } from "../coordinator/group/classic/classic-groups.ts";
import { principalText } from "../server/principal.ts";
import { groupResource } from "../server/request-context.ts";
import { answerUntilClosed } from "./answer-until-closed.ts";
import type { AnsweringHandler } from "./answering-handler.ts";

/*
 * JoinGroup 0-9: becomes or stays a member of a classic group; the answer comes with the next
 * generation.
 *
 * v0  the session timeout is the rebalance timeout too     v4  a new member is told its id first
 * v5  static members                                       v7  a protocol's name may be null:
 * before it is "" v9  the leader may be told to skip the assignment
 */

type Response = Given<typeof joinGroupResponse>;

export function joinGroupHandler(
  groups: ClassicGroups,
): AnsweringHandler<JoinGroupRequest, Response> {
  return {
    api: joinGroupApi,
    async handle(context, request) {
      const answer = context.authorize("READ", groupResource(request.groupId))
        ? await answerUntilClosed(
            context.signal,
            groups.join({
              ...request,
              rebalanceTimeoutMs:
                context.apiVersion === 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs,
              clientId: context.clientId ?? "",
              clientHost: `/${context.clientAddress}`,
              principal: principalText(context.principal),
              protocols: request.protocols.map(({ name, metadata }) => ({
                name,
                // The group keeps it longer than the request's frame should live.
                metadata: metadata.slice(),
              })),
              requiresKnownMemberId: context.apiVersion >= 4,
              canSkipAssignment: context.apiVersion >= 9,
            }),
            () => joinRefused(errorCode.notCoordinator, ""),
          )
        : joinRefused(errorCode.groupAuthorizationFailed, "");
      const protocolName = answer.protocolName ?? (context.apiVersion >= 7 ? null : "");
      return { throttleTimeMs: context.throttleMs, ...answer, protocolName };
    },
  };
}
