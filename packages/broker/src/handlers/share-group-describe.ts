import type { Given } from "@millrace/protocol";
import {
  shareGroupDescribeApi,
  type ShareGroupDescribeRequest,
} from "@millrace/protocol/definitions";
import { unknownShareGroup } from "../coordinator/group/share/describe-share-group.ts";
import type { ShareGroups } from "../coordinator/group/share/share-groups.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { describeAssignedGroups } from "./describe-assigned-groups.ts";
import type { GroupProtocols } from "./group-protocols.ts";

/*
 * ShareGroupDescribe 1: share groups with their members, and what these are assigned (KIP-932).
 */

type Response = Given<(typeof shareGroupDescribeApi)["response"]>;

export function shareGroupDescribeHandler(
  groups: ShareGroups,
  protocols: GroupProtocols,
): AnsweringHandler<ShareGroupDescribeRequest, Response> {
  return {
    api: shareGroupDescribeApi,
    async handle(context, request) {
      const described = await describeAssignedGroups(context, request, {
        isServed: protocols.serves("share"),
        describe: (groupId) => groups.describe(groupId),
        refused: unknownShareGroup,
        topicsOf: ({ members }) =>
          members.flatMap(({ assignment }) =>
            (assignment.topicPartitions ?? []).map(({ topicName }) => topicName),
          ),
        hiddenMessage:
          "The group has described topic(s) that the client is not authorized to describe.",
      });
      return { throttleTimeMs: context.throttleMs, groups: described };
    },
  };
}
