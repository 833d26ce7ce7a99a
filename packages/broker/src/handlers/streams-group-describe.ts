import { type Given } from "@millrace/protocol";
import {
  streamsGroupDescribeApi,
  type StreamsGroupDescribeRequest,
  type streamsGroupDescribeResponse,
} from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import type { GroupCoordinator } from "../coordinator/group/group-coordinator.ts";
import {
  type DescribedStreamsGroup,
  unknownStreamsGroup,
} from "../coordinator/group/streams/describe-streams-group.ts";
import { topicsOf } from "../coordinator/group/streams/topology.ts";
import { groupResource, type RequestContext, topicResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { authorizedOperations } from "./authorized-operations.ts";
import { answeredNames } from "./count-names.ts";
import type { GroupProtocols } from "./group-protocols.ts";

/*
 * StreamsGroupDescribe 0: streams groups with their topology, members, and tasks (KIP-1071). A group
 * that uses a topic which the client may not see is hidden.
 */

type Response = Given<typeof streamsGroupDescribeResponse>;

export function streamsGroupDescribeHandler(
  groups: GroupCoordinator,
  protocols: GroupProtocols,
): AnsweringHandler<StreamsGroupDescribeRequest, Response> {
  return {
    api: streamsGroupDescribeApi,
    async handle(context, request) {
      const described = await context.turns.map(
        answeredNames(request.groupIds, (id) => id),
        (groupId) =>
          protocols.serves("streams")
            ? describe(groups, context, { groupId, request })
            : unknownStreamsGroup(groupId, errorCode.unsupportedVersion, null),
      );
      return { throttleTimeMs: context.throttleMs, groups: await Promise.all(described) };
    },
  };
}

async function describe(
  groups: GroupCoordinator,
  context: RequestContext,
  asked: { readonly groupId: string; readonly request: StreamsGroupDescribeRequest },
): Promise<DescribedStreamsGroup> {
  const { groupId, request } = asked;
  if (!context.authorize("DESCRIBE", groupResource(groupId)))
    return unknownStreamsGroup(groupId, errorCode.groupAuthorizationFailed, null);
  const group = await groups.describeStreamsGroup(groupId);
  if (group.errorCode !== errorCode.none) return group;
  const topics = [...topicsOf({ subtopologies: group.topology?.subtopologies ?? [] })];
  if (!topics.every((topic) => context.authorize("DESCRIBE", topicResource(topic))))
    return unknownStreamsGroup(
      groupId,
      errorCode.topicAuthorizationFailed,
      "The described group uses topics that the client is not authorized to describe.",
    );
  return request.includeAuthorizedOperations
    ? { ...group, authorizedOperations: authorizedOperations(context, groupResource(groupId)) }
    : group;
}
