import { errorCodeOf, type ErrorName, type Given } from "@millrace/protocol";
import {
  describeTopicPartitionsApi,
  type DescribeTopicPartitionsRequest,
  type describeTopicPartitionsResponse,
} from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";
import type { BrokerServices } from "../broker-services.ts";
import { isInternalTopic, type TopicImage } from "../metadata/topic-image.ts";
import { topicNameFault } from "../metadata/topic-name.ts";
import { leaderOf } from "./leader-of.ts";
import type { Handler } from "../server/handler.ts";
import { type RequestContext, topicResource } from "../server/request-context.ts";
import { authorizedOperations } from "./authorized-operations.ts";

/*
 * DescribeTopicPartitions, version 0: topics in the order of their names, page by page (KIP-966). A cursor names the
 * partition where the next page begins.
 */

type Response = Given<typeof describeTopicPartitionsResponse>;
type ResponseTopic = Response["topics"][number];
type ResponsePartition = ResponseTopic["partitions"][number];

/** `max.request.partition.size.limit` */
const partitionsMax = 2000;

export class DescribeTopicPartitionsHandler implements Handler<
  DescribeTopicPartitionsRequest,
  Response
> {
  readonly api = describeTopicPartitionsApi;
  readonly #services: BrokerServices;

  constructor(services: BrokerServices) {
    this.#services = services;
  }

  handle(context: RequestContext, request: DescribeTopicPartitionsRequest): Response {
    const { cursor } = request;
    const isAll = request.topics.length === 0;
    const asked = isAll
      ? Array.from(this.#services.image.topics(), ({ name }) => name)
      : request.topics.map(({ name }) => name);
    const from = cursor?.topicName ?? "";
    const names = [...new Set(asked)].filter((name) => name >= from).sort();
    const isCursorLost = cursor !== null && !isAll && !names.includes(cursor.topicName);
    if (isCursorLost || (cursor !== null && cursor.partitionIndex < 0))
      return { throttleTimeMs: 0, topics: asked.map((name) => refused(name, "INVALID_REQUEST")) };
    return { throttleTimeMs: context.throttleMs, ...this.#page(context, request, names, isAll) };
  }

  #page(
    context: RequestContext,
    request: DescribeTopicPartitionsRequest,
    names: readonly string[],
    isAll: boolean,
  ): Pick<Response, "topics" | "nextCursor"> {
    let room = Math.max(1, Math.min(partitionsMax, request.responsePartitionLimit));
    const topics: ResponseTopic[] = [];
    for (const name of names) {
      const isAllowed = isAll
        ? context.permits("DESCRIBE", topicResource(name))
        : context.authorize("DESCRIBE", topicResource(name));
      const topic = this.#services.image.topic(name);
      if (!isAllowed || topic === undefined) {
        if (!isAll) topics.push(absent(context, name, isAllowed));
        continue;
      }
      const first = request.cursor?.topicName === name ? request.cursor.partitionIndex : 0;
      if (room === 0) return { topics, nextCursor: { topicName: name, partitionIndex: first } };
      const end = Math.min(topic.partitionCount, first + room);
      topics.push({
        ...this.#describe(topic, first, end),
        topicAuthorizedOperations: authorizedOperations(context, topicResource(name)),
      });
      room -= Math.max(0, end - first);
      if (end < topic.partitionCount)
        return { topics, nextCursor: { topicName: name, partitionIndex: end } };
    }
    return { topics };
  }

  #describe(topic: TopicImage, first: number, end: number): ResponseTopic {
    const { nodeId } = this.#services.cluster;
    const partitions: ResponsePartition[] = [];
    for (let partitionIndex = first; partitionIndex < end; partitionIndex++)
      partitions.push({
        ...leaderOf(this.#services, topic.name, partitionIndex),
        partitionIndex,
        leaderEpoch: this.#services.partitions.leaderEpoch,
        replicaNodes: [nodeId],
        isrNodes: [nodeId],
        eligibleLeaderReplicas: [],
        lastKnownElr: [],
      });
    const { name, topicId } = topic;
    const isInternal = isInternalTopic(name);
    return { errorCode: 0, name, topicId, isInternal, partitions };
  }
}

function absent(context: RequestContext, name: string, isAllowed: boolean): ResponseTopic {
  if (!isAllowed) return refused(name, "TOPIC_AUTHORIZATION_FAILED");
  const error =
    topicNameFault(name) === undefined ? "UNKNOWN_TOPIC_OR_PARTITION" : "INVALID_TOPIC_EXCEPTION";
  const topicAuthorizedOperations = authorizedOperations(context, topicResource(name));
  return { ...refused(name, error), topicAuthorizedOperations };
}

function refused(name: string, error: ErrorName): ResponseTopic {
  return {
    errorCode: errorCodeOf(error),
    name,
    topicId: zeroUuid,
    isInternal: isInternalTopic(name),
    partitions: [],
  };
}
