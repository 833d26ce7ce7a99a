import type { Given } from "@millrace/protocol";
import {
  describeQuorumApi,
  type DescribeQuorumRequest,
  type describeQuorumResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import { metadataTopic } from "../partition/reconcile-logs.ts";
import { clusterResource, type RequestContext } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { clusterRefused, errorAnswer, noErrorText } from "./error-answer.ts";

/*
 * DescribeQuorum, versions 0 to 2: this node is the metadata's only voter, and leads them.
 *   1  times of the last fetch     2  directories, texts of errors, the voters' addresses
 */

type Response = Given<typeof describeQuorumResponse>;

export function describeQuorumHandler(
  services: BrokerServices,
): AnsweringHandler<DescribeQuorumRequest, Response> {
  const { cluster, image, partitions, platform } = services;
  return {
    api: describeQuorumApi,
    handle(context, request) {
      if (!context.authorize("DESCRIBE", clusterResource)) return { ...clusterRefused, topics: [] };
      return isOfMetadata(request) ? describe(context) : refuseAll(request);
    },
  };

  function describe({ listener }: RequestContext): Response {
    const { nodeId, endpoint } = cluster;
    const nowMs = platform.clock.wallMs();
    // Metadata are shown once they are durable: what is applied is all there is.
    const endOffset = image.appliedOffset + 1;
    const voter = {
      replicaId: nodeId,
      logEndOffset: endOffset,
      lastFetchTimestamp: nowMs,
      lastCaughtUpTimestamp: nowMs,
    };
    const partition = {
      partitionIndex: 0,
      ...noErrorText,
      leaderId: nodeId,
      leaderEpoch: partitions.leaderEpoch + 1,
      highWatermark: endOffset,
      currentVoters: [voter],
      observers: [],
    };
    return {
      ...noErrorText,
      topics: [{ topicName: metadataTopic, partitions: [partition] }],
      nodes: [{ nodeId, listeners: [{ name: listener, ...endpoint(listener) }] }],
    };
  }
}

/** Kafka describes its one quorum, and asks that it be named in full. */
function isOfMetadata({ topics }: DescribeQuorumRequest): boolean {
  const [topic] = topics;
  return (
    topics.length === 1 &&
    topic.topicName === metadataTopic &&
    topic.partitions.length === 1 &&
    topic.partitions[0].partitionIndex === 0
  );
}

function refuseAll({ topics }: DescribeQuorumRequest): Response {
  const refused = {
    ...errorAnswer("UNKNOWN_TOPIC_OR_PARTITION", "This server does not host this topic-partition."),
    leaderId: 0,
    leaderEpoch: 0,
    highWatermark: 0,
    currentVoters: [],
    observers: [],
  };
  return {
    ...noErrorText,
    topics: topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, ...refused })),
    })),
  };
}
