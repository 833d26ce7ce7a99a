import { type Given } from "@millrace/protocol";
import {
  describeGroupsApi,
  type DescribeGroupsRequest,
  type describeGroupsResponse,
} from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import type { ClassicGroups } from "../coordinator/group/classic/classic-groups.ts";
import { GroupRefusal } from "../coordinator/group/refusal.ts";
import { groupResource, type RequestContext } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { answeredNames } from "./count-names.ts";
import { authorizedOperations } from "./authorized-operations.ts";

/*
 * DescribeGroups 0-6: a group's state and members. One that is not there is "Dead".
 *
 * v3  what the asker may do     v6  GROUP_ID_NOT_FOUND for a group that is not there
 */

type Response = Given<typeof describeGroupsResponse>;

const none = { protocolType: "", protocolData: "", members: [] };
export function describeGroupsHandler(
  groups: ClassicGroups,
): AnsweringHandler<DescribeGroupsRequest, Response> {
  return {
    api: describeGroupsApi,
    async handle(context, request) {
      const describe = async (groupId: string) => {
        if (!context.authorize("DESCRIBE", groupResource(groupId)))
          return {
            ...none,
            groupId,
            groupState: "",
            errorCode: errorCode.groupAuthorizationFailed,
          };
        const found = await groups.describe(groupId);
        if (typeof found === "number")
          return { ...none, groupId, groupState: "", errorCode: found };
        if (found instanceof GroupRefusal) return notFound(context, request, { groupId, found });
        return {
          errorCode: errorCode.none,
          groupId,
          groupState: found.state,
          protocolType: found.protocolType,
          protocolData: found.protocolName,
          members: found.members,
          ...authorized(context, request, groupId),
        };
      };
      const described = await context.turns.map(
        answeredNames(request.groups, (name) => name),
        describe,
      );
      return { throttleTimeMs: context.throttleMs, groups: await Promise.all(described) };
    },
  };
}

function notFound(
  context: RequestContext,
  request: DescribeGroupsRequest,
  { groupId, found }: { readonly groupId: string; readonly found: GroupRefusal },
) {
  const dead = { ...none, groupId, groupState: "Dead" };
  if (context.apiVersion < 6)
    return { ...dead, errorCode: errorCode.none, ...authorized(context, request, groupId) };
  return { ...dead, errorCode: found.errorCode, errorMessage: found.message };
}

function authorized(context: RequestContext, request: DescribeGroupsRequest, groupId: string) {
  if (!request.includeAuthorizedOperations) return {};
  return { authorizedOperations: authorizedOperations(context, groupResource(groupId)) };
}
