import { type Given } from "@millrace/protocol";
import {
  leaveGroupApi,
  type LeaveGroupRequest,
  type leaveGroupResponse,
} from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import type { ClassicGroups } from "../coordinator/group/classic/classic-groups.ts";
import { groupResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";

/*
 * LeaveGroup 0-5: members go, and the group rebalances at once.
 *
 * v3  many members, also by their instance id alone; below it the error of the one member is that
 * of the answer
 */

type Response = Given<typeof leaveGroupResponse>;

export function leaveGroupHandler(
  groups: ClassicGroups,
): AnsweringHandler<LeaveGroupRequest, Response> {
  return {
    api: leaveGroupApi,
    async handle(context, request) {
      const throttleTimeMs = context.throttleMs;
      if (!context.authorize("READ", groupResource(request.groupId)))
        return { throttleTimeMs, errorCode: errorCode.groupAuthorizationFailed, members: [] };
      const isSingle = context.apiVersion < 3;
      const leaving = isSingle
        ? [{ memberId: request.memberId, groupInstanceId: null }]
        : request.members;
      const codes = await groups.leave(request.groupId, leaving);
      if (typeof codes === "number") return { throttleTimeMs, errorCode: codes, members: [] };
      if (isSingle) return { throttleTimeMs, errorCode: codes[0], members: [] };
      const members = leaving.map(({ memberId, groupInstanceId }, index) => ({
        memberId,
        groupInstanceId,
        errorCode: codes[index],
      }));
      return { throttleTimeMs, errorCode: errorCode.none, members };
    },
  };
}
