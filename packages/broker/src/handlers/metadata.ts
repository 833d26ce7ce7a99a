import { errorCodeOf, type ErrorName, type Given } from "@millrace/protocol";
import {
  metadataApi,
  type MetadataRequest,
  type metadataResponse,
} from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";
import type { BrokerServices } from "../broker-services.ts";
import { isInternalTopic, type TopicImage } from "../metadata/topic-image.ts";
import { topicNameFault } from "../metadata/topic-name.ts";
import { createTopics } from "../partition/create-topics.ts";
import { leaderOf } from "./leader-of.ts";
import type { Handler, HandlerAnswer } from "../server/handler.ts";
import { clusterResource, type RequestContext, topicResource } from "../server/request-context.ts";
import { after } from "../server/turns.ts";
import { partitionsMax } from "./create-topics.ts";
import { authorizedOperations, clusterOperations } from "./authorized-operations.ts";

/*
 * Metadata, versions 0 to 13.
 *    0  an empty list asks for all topics; from 1 on, null does
 *    4  automatic creation may be forbidden; before, it is always allowed
 *    8  authorized operations                   10, 11  ids stand in the request and must not be used
 *   12  topics may be asked for by id           13  an error of the whole response
 * A topic that is being created is unknown in the first answer, as in Kafka.
 */

type Response = Given<typeof metadataResponse>;
type ResponseTopic = Response["topics"][number];

export class MetadataHandler implements Handler<MetadataRequest, Response> {
  readonly api = metadataApi;
  readonly #services: BrokerServices;

  constructor(services: BrokerServices) {
    this.#services = services;
  }

  handle(context: RequestContext, request: MetadataRequest): HandlerAnswer<Response> {
    const version = context.apiVersion;
    if (version < 12 && request.topics?.some(isAskedById))
      return this.#refuseAll(request, "INVALID_REQUEST");
    if (request.topics?.some(({ name, topicId }) => name === null && topicId === zeroUuid))
      return this.#refuseAll(request, "UNKNOWN_SERVER_ERROR");
    const { endpoint, nodeId, clusterId } = this.#services.cluster;
    const asksOperations =
      version >= 8 && version <= 10 && request.includeClusterAuthorizedOperations;
    return after(this.#topics(context, request), (topics) => ({
      throttleTimeMs: context.throttleMs,
      brokers: [
        { nodeId, ...endpoint(context.listener), rack: this.#services.config.text("broker.rack") },
      ],
      clusterId,
      controllerId: nodeId,
      topics,
      ...(asksOperations ? { clusterAuthorizedOperations: clusterOperations(context) } : {}),
    }));
  }

  #topics(
    context: RequestContext,
    request: MetadataRequest,
  ): readonly ResponseTopic[] | Promise<readonly ResponseTopic[]> {
    const { image } = this.#services;
    const { turns } = context;
    const isAll =
      request.topics === null || (context.apiVersion === 0 && request.topics.length === 0);
    const withOperations = context.apiVersion >= 8 && request.includeTopicAuthorizedOperations;
    const describe = (topic: TopicImage) => this.#describe(context, topic, withOperations);
    if (isAll)
      return turns.map(
        [...image.topics()].filter(({ name }) => context.permits("DESCRIBE", topicResource(name))),
        describe,
      );
    const ids = new Set(
      (request.topics ?? []).map(({ topicId }) => topicId).filter((id) => id !== zeroUuid),
    );
    if (ids.size > 0) return turns.map([...ids], (id) => this.#byId(context, id, describe));
    const names = new Set((request.topics ?? []).map(({ name }) => name ?? ""));
    const missing: string[] = [];
    const answers = turns.map([...names], (name) => {
      const topic = this.#services.image.topic(name);
      if (!context.authorize("DESCRIBE", topicResource(name)))
        return absent("TOPIC_AUTHORIZATION_FAILED", name);
      return topic === undefined ? this.#absent(context, request, name, missing) : describe(topic);
    });
    return after(answers, (topics) => {
      if (missing.length > 0) this.#create(context, missing);
      return topics;
    });
  }

  #byId(
    context: RequestContext,
    topicId: string,
    describe: (topic: TopicImage) => ResponseTopic,
  ): ResponseTopic {
    const topic = this.#services.image.topicById(topicId);
    if (topic === undefined) return absent("UNKNOWN_TOPIC_ID", null, topicId);
    if (!context.authorize("DESCRIBE", topicResource(topic.name)))
      return absent("TOPIC_AUTHORIZATION_FAILED", null, topicId);
    return describe(topic);
  }

  /** Notes what is to be made. */
  #absent(
    context: RequestContext,
    request: MetadataRequest,
    name: string,
    missing: string[],
  ): ResponseTopic {
    if (topicNameFault(name) !== undefined) return absent("INVALID_TOPIC_EXCEPTION", name);
    const mayCreate =
      request.allowAutoTopicCreation && this.#services.config.boolean("auto.create.topics.enable");
    if (!mayCreate) return absent("UNKNOWN_TOPIC_OR_PARTITION", name);
    const isAllowed =
      context.permits("CREATE", clusterResource) ||
      context.authorize("CREATE", topicResource(name));
    if (!isAllowed) return absent("TOPIC_AUTHORIZATION_FAILED", name);
    missing.push(name);
    return absent("UNKNOWN_TOPIC_OR_PARTITION", name);
  }

  /** In the background: the client asks again. As in Kafka none is made where they are too many for one request. */
  #create(context: RequestContext, names: readonly string[]): void {
    const { logger } = this.#services.platform;
    const partitionCount = names.length * this.#services.config.number("num.partitions");
    if (partitionCount > partitionsMax) {
      logger.log("warn", "broker.topic-create-refused", { topics: names.length, partitionCount });
      return;
    }
    const standard = { numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] };
    const topics = names.map((name) => ({ name, ...standard }));
    const admit = (count: number) => context.mayMutate(count, "permissive");
    createTopics(this.#services, topics, { validateOnly: false, admit }).catch((error: unknown) =>
      logger.log("error", "broker.topic-create-failed", { names, error }),
    );
  }

  #describe(context: RequestContext, topic: TopicImage, withOperations: boolean): ResponseTopic {
    const { nodeId } = this.#services.cluster;
    const leaderEpoch = this.#services.partitions.leaderEpoch;
    const partitions: NonNullable<ResponseTopic["partitions"]>[number][] = [];
    for (let partitionIndex = 0; partitionIndex < topic.partitionCount; partitionIndex++)
      partitions.push({
        ...leaderOf(this.#services, topic.name, partitionIndex),
        partitionIndex,
        leaderEpoch,
        replicaNodes: [nodeId],
        isrNodes: [nodeId],
      });
    return {
      errorCode: 0,
      name: topic.name,
      topicId: topic.topicId,
      isInternal: isInternalTopic(topic.name),
      partitions,
      ...(withOperations
        ? { topicAuthorizedOperations: authorizedOperations(context, topicResource(topic.name)) }
        : {}),
    };
  }

  /** Kafka answers an invalid request without brokers, each topic with the error. */
  #refuseAll(request: MetadataRequest, error: ErrorName): Response {
    return {
      brokers: [],
      topics: (request.topics ?? []).map(({ name, topicId }) => absent(error, name ?? "", topicId)),
      errorCode: errorCodeOf(error),
    };
  }
}

function isAskedById(topic: { readonly name: string | null; readonly topicId: string }): boolean {
  return topic.name === null || topic.topicId !== zeroUuid;
}

function absent(error: ErrorName, name: string | null, topicId: string = zeroUuid): ResponseTopic {
  return {
    errorCode: errorCodeOf(error),
    name,
    topicId,
    isInternal: name !== null && isInternalTopic(name),
    partitions: [],
  };
}
