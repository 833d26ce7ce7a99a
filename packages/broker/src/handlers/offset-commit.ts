import {
  offsetCommitApi,
  zeroUuid,
  type Given,
  type OffsetCommitRequest,
  type offsetCommitResponse,
} from "@millrace/protocol";
import { errorCode } from "../coordinator/error-code.ts";
import type { OffsetToCommit } from "../coordinator/group/commit-offsets.ts";
import type { GroupCoordinator } from "../coordinator/group/group-coordinator.ts";
import type { TopicLookup } from "../coordinator/topic-lookup.ts";
import { groupResource, topicResource, type RequestContext } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";

/*
 * OffsetCommit 2-10: a group's positions, kept in `__consumer_offsets`. Topics and partitions must exist.
 *
 * v2-4  a retention time     v7  static members     v9  GROUP_ID_NOT_FOUND     v10  topics by id
 */

type Response = Given<typeof offsetCommitResponse>;
type Topic = OffsetCommitRequest["topics"][number];

export function offsetCommitHandler(
  groups: GroupCoordinator,
  topics: TopicLookup,
): AnsweringHandler<OffsetCommitRequest, Response> {
  return {
    api: offsetCommitApi,
    async handle(context, request) {
      const named = request.topics.map((topic) => nameTopic(context, topics, topic));
      const isAllowed = context.authorize("READ", groupResource(request.groupId));
      const offsets: OffsetToCommit[] = [];
      // The place of each partition among the offsets, or why it is not among them.
      const places = named.map((topic) =>
        topic.partitions.map((partition) => {
          const refused = isAllowed
            ? refusePartition(topics, topic, partition.partitionIndex)
            : errorCode.groupAuthorizationFailed;
          if (refused !== errorCode.none) return { refused, index: -1 };
          offsets.push({
            topic: topic.name,
            topicId: topic.topicId,
            partition: partition.partitionIndex,
            offset: partition.committedOffset,
            leaderEpoch: partition.committedLeaderEpoch,
            metadata: partition.committedMetadata ?? "",
          });
          return { refused, index: offsets.length - 1 };
        }),
      );
      const codes =
        offsets.length === 0
          ? []
          : await groups.commitOffsets({
              ...request,
              generationId: request.generationIdOrMemberEpoch,
              kind: "plain",
              knowsGroupIdNotFound: context.apiVersion >= 9,
              offsets,
            });
      return {
        throttleTimeMs: context.throttleMs,
        topics: named.map(({ name, topicId, partitions }, topicIndex) => ({
          name,
          topicId,
          partitions: partitions.map(({ partitionIndex }, index) => {
            const place = places[topicIndex][index];
            const committed = typeof codes === "number" ? codes : codes[place.index];
            return { partitionIndex, errorCode: place.index === -1 ? place.refused : committed };
          }),
        })),
      };
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
