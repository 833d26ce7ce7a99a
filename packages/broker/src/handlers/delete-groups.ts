import { type Given } from "@millrace/protocol";
import {
  deleteGroupsApi,
  type DeleteGroupsRequest,
  type deleteGroupsResponse,
} from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import type { GroupCoordinator } from "../coordinator/group/group-coordinator.ts";
import { groupResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";

/*
 * DeleteGroups 0-2: groups without members, and their offsets. The same name twice counts once.
 */

type Response = Given<typeof deleteGroupsResponse>;

export function deleteGroupsHandler(
  groups: GroupCoordinator,
): AnsweringHandler<DeleteGroupsRequest, Response> {
  return {
    api: deleteGroupsApi,
    async handle(context, request) {
      const names = [...new Set(request.groupsNames)];
      const results = await context.turns.map(names, async (groupId) => ({
        groupId,
        errorCode: context.authorize("DELETE", groupResource(groupId))
          ? await groups.delete(groupId)
          : errorCode.groupAuthorizationFailed,
      }));
      return { throttleTimeMs: context.throttleMs, results: await Promise.all(results) };
    },
  };
}
