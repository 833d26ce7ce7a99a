import { type Given } from "@millrace/protocol";
import {
  offsetDeleteApi,
  type OffsetDeleteRequest,
  type offsetDeleteResponse,
} from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";
import { errorCode } from "../coordinator/error-code.ts";
import type { GroupOffsets } from "../coordinator/group/offsets/group-offsets.ts";
import type { TopicLookup } from "../coordinator/topic-lookup.ts";
import { groupResource, topicResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { mergeOffsetResults, partOffsets } from "./offset-results.ts";

/*
 * OffsetDelete 0: a group forgets positions, except of topics that its members subscribe to.
 */

type Response = Given<typeof offsetDeleteResponse>;

export function offsetDeleteHandler(
  groupOffsets: GroupOffsets,
  topics: TopicLookup,
): AnsweringHandler<OffsetDeleteRequest, Response> {
  return {
    api: offsetDeleteApi,
    async handle(context, request) {
      const { groupId } = request;
      const throttleTimeMs = context.throttleMs;
      if (!context.authorize("DELETE", groupResource(groupId)))
        return { throttleTimeMs, errorCode: errorCode.groupAuthorizationFailed, topics: [] };
      const named = request.topics.map((topic) => ({ ...topic, topicId: zeroUuid }));
      const parted = partOffsets(named, ({ name }, { partitionIndex }) => {
        if (!context.authorize("READ", topicResource(name)))
          return errorCode.topicAuthorizationFailed;
        const exists = partitionIndex >= 0 && partitionIndex < (topics.partitionCount(name) ?? 0);
        return exists ? errorCode.none : errorCode.unknownTopicOrPartition;
      });
      const places = parted.accepted.flatMap(({ topic, partitions }) =>
        partitions.map(({ partitionIndex }) => ({
          groupId,
          topic: topic.name,
          partition: partitionIndex,
        })),
      );
      const codes = await groupOffsets.delete(groupId, places);
      if (typeof codes === "number") return { throttleTimeMs, errorCode: codes, topics: [] };
      return {
        throttleTimeMs,
        errorCode: errorCode.none,
        topics: mergeOffsetResults(parted, codes),
      };
    },
  };
}
