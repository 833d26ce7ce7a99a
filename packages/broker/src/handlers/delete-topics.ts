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
import { countNames } from "./count-names.ts";
import { mutationsThrottled, topicRefused } from "./error-answer.ts";
import { clusterResource, type RequestContext, topicResource } from "../server/request-context.ts";

/*
 * DeleteTopics, versions 1 to 6.
 *   3  TOPIC_DELETION_DISABLED instead of INVALID_REQUEST     5  error texts     6  topics by name or by id
 */

type Response = Given<typeof deleteTopicsResponse>;
type ResponseTopic = Response["responses"][number];

/** Who removes too many is refused since then, and only held back before. */
const strictSince = 5;

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
    // What is not there is answered in turns: the metadata wait for the decision about the rest alone.
    const isKnown = (named: Named) => topicOf(this.#services.image, named) !== undefined;
    const absent = await this.#refuseAbsent(
      context,
      asked.filter((named) => !isKnown(named)),
    );
    const known = asked.filter(isKnown);
    const deleted: TopicImage[] = [];
    const decided = await this.#services.metadata.change((image) => {
      const result = this.#decide(context, image, known, deleted);
      return {
        records: deleted.map(
          ({ topicId }) => ({ kind: "removeTopic", value: { topicId } }) as const,
        ),
        result,
      };
    });
    await this.#services.partitions.removeTopics(deleted);
    for (const topic of deleted) await this.#services.topicDeleted(topic);
    return { throttleTimeMs: context.throttleMs, responses: [...decided, ...absent] };
  }

  async #refuseAbsent(
    context: RequestContext,
    asked: readonly Named[],
  ): Promise<readonly ResponseTopic[]> {
    const counts = countNames(asked, keyOf);
    const once = [...new Map(asked.map((named) => [keyOf(named), named])).values()];
    return context.turns.map(once, (named) =>
      counts(keyOf(named)) > 1
        ? answer(named, "INVALID_REQUEST", duplicateOf(named))
        : this.#decideOne(context, named, undefined, []),
    );
  }

  #decide(
    context: RequestContext,
    image: MetadataImage,
    asked: readonly Named[],
    deleted: TopicImage[],
  ): ResponseTopic[] {
    const counts = countNames(asked, keyOf);
    const namesOf = new Map<TopicImage, Set<string>>();
    for (const named of asked) {
      const topic = topicOf(image, named);
      if (topic === undefined) continue;
      namesOf.set(topic, (namesOf.get(topic) ?? new Set()).add(keyOf(named)));
    }
    const responses = new Map<string, ResponseTopic>();
    for (const named of asked) {
      const topic = topicOf(image, named);
      const isNamedOtherwise = topic !== undefined && (namesOf.get(topic)?.size ?? 0) > 1;
      const isTwice = isNamedOtherwise || counts(keyOf(named)) > 1;
      responses.set(
        topic?.topicId ?? keyOf(named),
        isTwice
          ? answer(
              isNamedOtherwise ? topic : named,
              "INVALID_REQUEST",
              isNamedOtherwise
                ? "The provided topic name maps to an ID that was already supplied."
                : duplicateOf(named),
            )
          : this.#decideOne(context, named, topic, deleted),
      );
    }
    return [...responses.values()];
  }

  #decideOne(
    context: RequestContext,
    asked: Named,
    topic: TopicImage | undefined,
    deleted: TopicImage[],
  ): ResponseTopic {
    const { name, topicId } = asked;
    if (name === null && topicId === zeroUuid)
      return answer(asked, "INVALID_REQUEST", "Neither topic name nor id were specified.");
    if (name !== null && topicId !== zeroUuid)
      return answer(asked, "INVALID_REQUEST", "You may not specify both topic name and topic id.");
    if (topic === undefined && name === null)
      return answer(asked, "UNKNOWN_TOPIC_ID", "This server does not host this topic ID.");
    const resource = topicResource(topic?.name ?? name ?? "");
    const mayDeleteAll = context.permits("DELETE", clusterResource);
    const maySee = mayDeleteAll || context.authorize("DESCRIBE", resource);
    // Whether there is such a topic is told to who may see it alone.
    if (topic === undefined && maySee)
      return answer(
        asked,
        "UNKNOWN_TOPIC_OR_PARTITION",
        "This server does not host this topic-partition.",
      );
    if (topic === undefined || !maySee)
      return answer(asked, "TOPIC_AUTHORIZATION_FAILED", topicRefused.errorMessage);
    if (!mayDeleteAll && !context.authorize("DELETE", resource)) {
      const named = name === null ? topic : asked;
      return answer(named, "TOPIC_AUTHORIZATION_FAILED", topicRefused.errorMessage);
    }
    if (!this.#services.config.boolean("delete.topic.enable"))
      return answer(
        asked,
        context.apiVersion < 3 ? "INVALID_REQUEST" : "TOPIC_DELETION_DISABLED",
        context.apiVersion < 3
          ? "This version does not support topic deletion."
          : "Topic deletion is disabled.",
      );
    const mode = context.apiVersion >= strictSince ? "strict" : "permissive";
    if (!context.mayMutate(topic.partitionCount, mode))
      return answer(topic, "THROTTLING_QUOTA_EXCEEDED", mutationsThrottled.errorMessage);
    deleted.push(topic);
    return answer(topic, "NONE", null);
  }
}

function topicOf(image: MetadataImage, { name, topicId }: Named): TopicImage | undefined {
  return name === null ? image.topicById(topicId) : image.topic(name);
}

function duplicateOf({ name }: Named): string {
  return name === null ? "Duplicate topic id." : "Duplicate topic name.";
}

function keyOf({ name, topicId }: Named): string {
  return `${name}/${topicId}`;
}

function answer(topic: Named, error: ErrorName, errorMessage: string | null): ResponseTopic {
  return {
    name: topic.name,
    topicId: topic.topicId,
    errorCode: errorCodeOf(error),
    errorMessage,
  };
}
