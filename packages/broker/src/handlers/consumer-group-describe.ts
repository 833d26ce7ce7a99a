import {
  consumerGroupDescribeApi,
  type ConsumerGroupDescribeRequest,
  type ConsumerGroupDescribeResponse,
} from "@millrace/protocol/definitions";
import type { ConsumerGroups } from "../coordinator/group/consumer/consumer-groups.ts";
import { unknownConsumerGroup } from "../coordinator/group/consumer/describe-consumer-group.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { describeAssignedGroups } from "./describe-assigned-groups.ts";
import type { GroupProtocols } from "./group-protocols.ts";

/*
 * ConsumerGroupDescribe 0-1: consumer groups with their members and assignments (KIP-848).
 *
 * v1  which protocol a member uses
 */

export function consumerGroupDescribeHandler(
  groups: ConsumerGroups,
  protocols: GroupProtocols,
): AnsweringHandler<ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse> {
  return {
    api: consumerGroupDescribeApi,
    async handle(context, request) {
      const described = await describeAssignedGroups(context, request, {
        isServed: protocols.serves("consumer"),
        describe: (groupId) => groups.describe(groupId),
        refused: unknownConsumerGroup,
        topicsOf: ({ members }) =>
          members.flatMap(({ assignment, targetAssignment }) =>
            [...assignment.topicPartitions, ...targetAssignment.topicPartitions].map(
              ({ topicName }) => topicName,
            ),
          ),
        hiddenMessage:
          "The group has described topic(s) that the client is not authorized to describe.",
      });
      return { throttleTimeMs: context.throttleMs, groups: described };
    },
  };
}
