import { type Given } from "@millrace/protocol";
import {
  syncGroupApi,
  type SyncGroupRequest,
  type syncGroupResponse,
} from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import { syncRefused } from "../coordinator/group/classic/group-answers.ts";
import type { ClassicGroups } from "../coordinator/group/classic/classic-groups.ts";
import { groupResource } from "../server/request-context.ts";
import { answerUntilClosed } from "./answer-until-closed.ts";
import type { AnsweringHandler } from "./answering-handler.ts";

/*
 * SyncGroup 0-5: the leader brings the assignment of all, everybody takes its own.
 *
 * v3  static members     v5  protocol type and name must be given, and are checked
 */

type Response = Given<typeof syncGroupResponse>;

export function syncGroupHandler(
  groups: ClassicGroups,
): AnsweringHandler<SyncGroupRequest, Response> {
  return {
    api: syncGroupApi,
    async handle(context, request) {
      const throttleTimeMs = context.throttleMs;
      const isComplete =
        context.apiVersion < 5 || (request.protocolType !== null && request.protocolName !== null);
      if (!isComplete)
        return { throttleTimeMs, ...syncRefused(errorCode.inconsistentGroupProtocol) };
      if (!context.authorize("READ", groupResource(request.groupId)))
        return { throttleTimeMs, ...syncRefused(errorCode.groupAuthorizationFailed) };
      const assignments = new Map(
        request.assignments.map(({ memberId, assignment }) => [memberId, assignment.slice()]),
      );
      const answer = await answerUntilClosed(
        context.signal,
        groups.sync({ ...request, assignments }),
        () => syncRefused(errorCode.notCoordinator),
      );
      return { throttleTimeMs, ...answer };
    },
  };
}
