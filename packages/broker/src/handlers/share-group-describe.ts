import type { Given } from "@millrace/protocol";
import {
  shareGroupDescribeApi,
  type ShareGroupDescribeRequest,
} from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import {
  type DescribedShareGroup,
  unknownShareGroup,
} from "../coordinator/group/share/describe-share-group.ts";
import type { ShareGroups } from "../coordinator/group/share/share-groups.ts";
import { groupResource, type RequestContext, topicResource } from "../server/request-context.ts";
import type { GroupProtocols } from "./group-protocols.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { authorizedOperations } from "./authorized-operations.ts";
import { answeredNames } from "./count-names.ts";

/*
 * ShareGroupDescribe 1: share groups with their members, and what these are assigned (KIP-932). A group that has a
 * topic which the client may not see is hidden.
 */

type Response = Given<(typeof shareGroupDescribeApi)["response"]>;

export function shareGroupDescribeHandler(
  groups: ShareGroups,
  protocols: GroupProtocols,
): AnsweringHandler<ShareGroupDescribeRequest, Response> {
  return {
    api: shareGroupDescribeApi,
    async handle(context, request) {
      const described = await context.turns.map(
        answeredNames(request.groupIds, (id) => id),
        (groupId) =>
          protocols.serves("share")
            ? describe(groups, context, { groupId, request })
            : unknownShareGroup(groupId, errorCode.unsupportedVersion, null),
      );
      return { throttleTimeMs: context.throttleMs, groups: await Promise.all(described) };
    },
  };
}

async function describe(
  groups: ShareGroups,
  context: RequestContext,
  asked: { readonly groupId: string; readonly request: ShareGroupDescribeRequest },
): Promise<DescribedShareGroup> {
  const { groupId, request } = asked;
  if (!context.authorize("DESCRIBE", groupResource(groupId)))
    return unknownShareGroup(groupId, errorCode.groupAuthorizationFailed, null);
  const group = await groups.describe(groupId);
  if (group.errorCode !== errorCode.none) return group;
  const topics = group.members.flatMap(({ assignment }) =>
    (assignment.topicPartitions ?? []).map(({ topicName }) => topicName),
  );
  if (!topics.every((topic) => context.authorize("DESCRIBE", topicResource(topic))))
    return unknownShareGroup(
      groupId,
      errorCode.topicAuthorizationFailed,
      "The group has described topic(s) that the client is not authorized to describe.",
    );
  return request.includeAuthorizedOperations
    ? { ...group, authorizedOperations: authorizedOperations(context, groupResource(groupId)) }
    : group;
}
