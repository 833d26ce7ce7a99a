import { errorCodeOf, type ErrorName, type Given } from "@millrace/protocol";
import {
  deleteTopicsApi,
  type DeleteTopicsRequest,
  type deleteTopicsResponse,
} from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";
import type { BrokerServices } from "../broker-services.ts";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import type { TopicImage } from "../metadata/topic-image.ts";
import type { Handler } from "../server/handler.ts";
import { type RequestContext, topicResource } from "../server/request-context.ts";

/*
 * DeleteTopics, versions 1 to 6.
 *   3  TOPIC_DELETION_DISABLED instead of INVALID_REQUEST     5  error texts     6  topics by name or by id
 */

type Response = Given<typeof deleteTopicsResponse>;
type ResponseTopic = Response["responses"][number];

interface Named {
  readonly name: string | null;
  readonly topicId: string;
}

export class DeleteTopicsHandler implements Handler<DeleteTopicsRequest, Response> {
  readonly api = deleteTopicsApi;
  readonly #services: BrokerServices;

  constructor(services: BrokerServices) {
    this.#services = services;
  }

  async handle(context: RequestContext, request: DeleteTopicsRequest): Promise<Response> {
    const asked: readonly Named[] = [
      ...request.topicNames.map((name) => ({ name, topicId: zeroUuid })),
      ...request.topics,
    ];
    const deleted: TopicImage[] = [];
    const responses = await this.#services.metadata.change((image) => {
      const result = this.#decide(context, image, asked, deleted);
      return {
        records: deleted.map(
          ({ topicId }) => ({ kind: "removeTopic", value: { topicId } }) as const,
        ),
        result,
      };
    });
    await this.#services.partitions.removeTopics(deleted);
    for (const { name } of deleted) await this.#services.topicDeleted(name);
    return { throttleTimeMs: context.throttleMs, responses };
  }

  #decide(
    context: RequestContext,
    image: MetadataImage,
    asked: readonly Named[],
    deleted: TopicImage[],
  ): ResponseTopic[] {
    const keys = asked.map(({ name, topicId }) => name ?? topicId);
    const responses = new Map<string, ResponseTopic>();
    for (const [index, topic] of asked.entries()) {
      const key = keys[index];
      const isTwice = keys.indexOf(key) !== keys.lastIndexOf(key);
      responses.set(
        `${key}/${topic.topicId}`,
        isTwice
          ? answer(topic, "INVALID_REQUEST", "named twice in one request")
          : this.#decideOne(context, image, topic, deleted),
      );
    }
    return [...responses.values()];
  }

  #decideOne(
    context: RequestContext,
    image: MetadataImage,
    asked: Named,
    deleted: TopicImage[],
  ): ResponseTopic {
    const { name, topicId } = asked;
    if (name === null && topicId === zeroUuid)
      return answer(asked, "INVALID_REQUEST", "neither a name nor an id is given");
    if (name !== null && topicId !== zeroUuid)
      return answer(asked, "INVALID_REQUEST", "give a name or an id, not both");
    const topic = name === null ? image.topicById(topicId) : image.topic(name);
    if (topic === undefined)
      return name === null
        ? answer(asked, "UNKNOWN_TOPIC_ID", "there is no topic with this id")
        : answer(asked, "UNKNOWN_TOPIC_OR_PARTITION", `there is no topic ${name}`);
    if (!context.authorize("DELETE", topicResource(topic.name)))
      return answer(asked, "TOPIC_AUTHORIZATION_FAILED", null);
    if (deleted.includes(topic))
      return answer(topic, "INVALID_REQUEST", "named twice in one request");
    if (!this.#services.config.boolean("delete.topic.enable"))
      return answer(
        asked,
        context.apiVersion < 3 ? "INVALID_REQUEST" : "TOPIC_DELETION_DISABLED",
        "delete.topic.enable is false",
      );
    deleted.push(topic);
    return answer(topic, "NONE", null);
  }
}

function answer(topic: Named, error: ErrorName, errorMessage: string | null): ResponseTopic {
  return {
    name: topic.name,
    topicId: topic.topicId,
    errorCode: errorCodeOf(error),
    errorMessage,
  };
}
