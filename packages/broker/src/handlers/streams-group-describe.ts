import { type Given } from "@millrace/protocol";
import {
  streamsGroupDescribeApi,
  type StreamsGroupDescribeRequest,
  type streamsGroupDescribeResponse,
} from "@millrace/protocol/definitions";
import { unknownStreamsGroup } from "../coordinator/group/streams/describe-streams-group.ts";
import type { StreamsGroups } from "../coordinator/group/streams/streams-groups.ts";
import { topicsOf } from "../coordinator/group/streams/topology.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { describeAssignedGroups } from "./describe-assigned-groups.ts";
import type { GroupProtocols } from "./group-protocols.ts";

/*
 * StreamsGroupDescribe 0: streams groups with their topology, members, and tasks (KIP-1071).
 */

type Response = Given<typeof streamsGroupDescribeResponse>;

export function streamsGroupDescribeHandler(
  groups: StreamsGroups,
  protocols: GroupProtocols,
): AnsweringHandler<StreamsGroupDescribeRequest, Response> {
  return {
    api: streamsGroupDescribeApi,
    async handle(context, request) {
      const described = await describeAssignedGroups(context, request, {
        isServed: protocols.serves("streams"),
        describe: (groupId) => groups.describe(groupId),
        refused: unknownStreamsGroup,
        topicsOf: ({ topology }) => topicsOf({ subtopologies: topology?.subtopologies ?? [] }),
        hiddenMessage:
          "The described group uses topics that the client is not authorized to describe.",
      });
      return { throttleTimeMs: context.throttleMs, groups: described };
    },
  };
}
