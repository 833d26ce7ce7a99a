import { type Given } from "@millrace/protocol";
import {
  offsetCommitApi,
  type OffsetCommitRequest,
  type offsetCommitResponse,
} from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";
import { errorCode } from "../coordinator/error-code.ts";
import type { GroupOffsets } from "../coordinator/group/offsets/group-offsets.ts";
import type { TopicLookup } from "../coordinator/topic-lookup.ts";
import { groupResource, topicResource, type RequestContext } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { mergeOffsetResults, partOffsets } from "./offset-results.ts";

/*
 * OffsetCommit 2-10: a group's positions, kept in `__consumer_offsets`. Topics and partitions must
 * exist.
 *
 * v2-4  a retention time     v7  static members     v9  GROUP_ID_NOT_FOUND     v10  topics by id
 */

type Response = Given<typeof offsetCommitResponse>;
type Topic = OffsetCommitRequest["topics"][number];

export function offsetCommitHandler(
  groupOffsets: GroupOffsets,
  topics: TopicLookup,
): AnsweringHandler<OffsetCommitRequest, Response> {
  return {
    api: offsetCommitApi,
    async handle(context, request) {
      const named = request.topics.map((topic) => nameTopic(context, topics, topic));
      const isAllowed = context.authorize("READ", groupResource(request.groupId));
      const parted = partOffsets(named, (topic, { partitionIndex }) =>
        isAllowed
          ? refusePartition(topics, topic, partitionIndex)
          : errorCode.groupAuthorizationFailed,
      );
      const offsets = parted.accepted.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({
          topic: topic.name,
          topicId: topic.topicId,
          partition: partition.partitionIndex,
          offset: partition.committedOffset,
          leaderEpoch: partition.committedLeaderEpoch,
          metadata: partition.committedMetadata ?? "",
        })),
      );
      const codes =
        offsets.length === 0
          ? []
          : await groupOffsets.commit({
              ...request,
              generationId: request.generationIdOrMemberEpoch,
              kind: "plain",
              knowsMemberEpochs: context.apiVersion >= 9,
              offsets,
            });
      return { throttleTimeMs: context.throttleMs, topics: mergeOffsetResults(parted, codes) };
    },
  };
}

type NamedTopic = Pick<Topic, "name" | "topicId" | "partitions"> & { readonly refused: number };

function nameTopic(context: RequestContext, topics: TopicLookup, topic: Topic): NamedTopic {
  const usesIds = context.apiVersion >= 10;
  const name = usesIds ? (topics.topicName(topic.topicId) ?? "") : topic.name;
  const topicId = usesIds ? topic.topicId : (topics.topicId(name) ?? zeroUuid);
  const { partitions } = topic;
  if (usesIds && name === "")
    return { name, topicId, partitions, refused: errorCode.unknownTopicId };
  if (!context.authorize("READ", topicResource(name)))
    return { name, topicId, partitions, refused: errorCode.topicAuthorizationFailed };
  return { name, topicId, partitions, refused: errorCode.none };
}

function refusePartition(topics: TopicLookup, topic: NamedTopic, partition: number): number {
  if (topic.refused !== errorCode.none) return topic.refused;
  const count = topics.partitionCount(topic.name) ?? 0;
  const exists = partition >= 0 && partition < count;
  return exists ? errorCode.none : errorCode.unknownTopicOrPartition;
}
