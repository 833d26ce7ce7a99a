import { type Given, KafkaError } from "@millrace/protocol";
import {
  offsetForLeaderEpochApi,
  type OffsetForLeaderEpochRequest,
  type offsetForLeaderEpochResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import { checkLeaderEpoch } from "../partition/check-leader-epoch.ts";
import type { Handler, HandlerAnswer } from "../server/handler.ts";
import { after } from "../server/turns.ts";
import { clusterResource, type RequestContext, topicResource } from "../server/request-context.ts";
import { errorCodeOfFailure } from "../partition/failure-name.ts";

/*
 * OffsetForLeaderEpoch, versions 2 to 4: where an epoch ended, so that clients notice a tail that was lost (KIP-320).
 */

type Response = Given<typeof offsetForLeaderEpochResponse>;
type ResponsePartition = Response["topics"][number]["partitions"][number];
type RequestPartition = OffsetForLeaderEpochRequest["topics"][number]["partitions"][number];

export class OffsetForLeaderEpochHandler implements Handler<OffsetForLeaderEpochRequest, Response> {
  readonly api = offsetForLeaderEpochApi;
  readonly #services: BrokerServices;

  constructor(services: BrokerServices) {
    this.#services = services;
  }

  handle(context: RequestContext, request: OffsetForLeaderEpochRequest): HandlerAnswer<Response> {
    const { topics } = request;
    const answered = context.turns.mapLists(
      topics.map(({ partitions }) => partitions),
      (asked, index) => this.#partition(context, topics[index].topic, asked),
    );
    return after(answered, (answers) => ({
      throttleTimeMs: context.throttleMs,
      topics: topics.map(({ topic }, index) => ({ topic, partitions: answers[index] })),
    }));
  }

  #partition(context: RequestContext, topic: string, asked: RequestPartition): ResponsePartition {
    try {
      const isAllowed =
        context.permits("CLUSTER_ACTION", clusterResource) ||
        context.authorize("DESCRIBE", topicResource(topic));
      if (!isAllowed) throw new KafkaError("TOPIC_AUTHORIZATION_FAILED");
      const partition = this.#services.partitions.find(topic, asked.partition);
      if (partition === undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
      if (partition.failure !== undefined) throw partition.failure;
      checkLeaderEpoch(partition, asked.currentLeaderEpoch);
      const end = partition.endOffsetForEpoch(asked.leaderEpoch);
      return {
        partition: asked.partition,
        errorCode: 0,
        leaderEpoch: end?.leaderEpoch ?? -1,
        endOffset: end?.endOffset ?? -1,
      };
    } catch (error) {
      return { partition: asked.partition, errorCode: errorCodeOfFailure(error) };
    }
  }
}
