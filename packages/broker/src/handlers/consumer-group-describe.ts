import {
  consumerGroupDescribeApi,
  type ConsumerGroupDescribeRequest,
  type ConsumerGroupDescribeResponse,
} from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import {
  type DescribedConsumerGroup,
  unknownConsumerGroup,
} from "../coordinator/group/consumer/describe-consumer-group.ts";
import type { GroupCoordinator } from "../coordinator/group/group-coordinator.ts";
import { groupResource, type RequestContext, topicResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { authorizedOperations } from "./authorized-operations.ts";
import { answeredNames } from "./count-names.ts";
import type { GroupProtocols } from "./group-protocols.ts";

/*
 * ConsumerGroupDescribe 0-1: consumer groups with their members and assignments (KIP-848). A group that has a topic
 * which the client may not see is hidden.
 *
 * v1  which protocol a member uses
 */

export function consumerGroupDescribeHandler(
  groups: GroupCoordinator,
  protocols: GroupProtocols,
): AnsweringHandler<ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse> {
  return {
    api: consumerGroupDescribeApi,
    async handle(context, request) {
      const described = await context.turns.map(
        answeredNames(request.groupIds, (id) => id),
        (groupId) =>
          protocols.serves("consumer")
            ? describe(groups, context, { groupId, request })
            : unknownConsumerGroup(groupId, errorCode.unsupportedVersion),
      );
      return { throttleTimeMs: context.throttleMs, groups: await Promise.all(described) };
    },
  };
}

async function describe(
  groups: GroupCoordinator,
  context: RequestContext,
  asked: { readonly groupId: string; readonly request: ConsumerGroupDescribeRequest },
): Promise<DescribedConsumerGroup> {
  const { groupId, request } = asked;
  if (!context.authorize("DESCRIBE", groupResource(groupId)))
    return unknownConsumerGroup(groupId, errorCode.groupAuthorizationFailed);
  const group = await groups.describeConsumerGroup(groupId);
  if (group.errorCode !== errorCode.none) return group;
  const topics = new Set(
    group.members.flatMap(({ assignment, targetAssignment }) =>
      [...assignment.topicPartitions, ...targetAssignment.topicPartitions].map(
        ({ topicName }) => topicName,
      ),
    ),
  );
  if (![...topics].every((topic) => context.authorize("DESCRIBE", topicResource(topic))))
    return unknownConsumerGroup(
      groupId,
      errorCode.topicAuthorizationFailed,
      "The group has described topic(s) that the client is not authorized to describe.",
    );
  return request.includeAuthorizedOperations
    ? { ...group, authorizedOperations: authorizedOperations(context, groupResource(groupId)) }
    : group;
}
