import { type Given } from "@millrace/protocol";
import {
  createTopicsApi,
  type CreateTopicsRequest,
  type createTopicsResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import {
  topicConfigDefinitions,
  topicConfigEntries,
  topicConfigValue,
} from "../config/topic-config.ts";
import type { CreateTopicOutcome } from "../metadata/plan-topic.ts";
import type { TopicImage } from "../metadata/topic-image.ts";
import { createTopics } from "../partition/create-topics.ts";
import type { Handler } from "../server/handler.ts";
import { clusterResource, type RequestContext, topicResource } from "../server/request-context.ts";
import { countNames } from "./count-names.ts";
import { errorAnswer, topicRefused } from "./error-answer.ts";

/*
 * CreateTopics, versions 2 to 7.
 *   4  -1 partitions or replicas take the broker's default
 *   5  the response tells the new topic's configuration; 7 its id
 */

type Response = Given<typeof createTopicsResponse>;
type ResponseTopic = Response["topics"][number];

/** Of all topics of a request together, as in Kafka. */
export const partitionsMax = 10_000;
const metadataTopic = "__cluster_metadata";
/** Who makes too many is refused since then, and only held back before. */
const strictSince = 6;

export class CreateTopicsHandler implements Handler<CreateTopicsRequest, Response> {
  readonly api = createTopicsApi;
  readonly #services: BrokerServices;

  constructor(services: BrokerServices) {
    this.#services = services;
  }

  async handle(context: RequestContext, request: CreateTopicsRequest): Promise<Response> {
    const isAllAllowed = context.permits("CREATE", clusterResource);
    const counts = countNames(request.topics, ({ name }) => name);
    const refused: ResponseTopic[] = [];
    for (const name of new Set(request.topics.map((topic) => topic.name))) {
      if (counts(name) > 1) refused.push(refusal(name, "INVALID_REQUEST", "Duplicate topic name."));
      else if (name === metadataTopic)
        refused.push(
          refusal(
            name,
            "INVALID_REQUEST",
            `Creation of internal topic ${metadataTopic} is prohibited.`,
          ),
        );
      else if (!isAllAllowed && !context.authorize("CREATE", topicResource(name)))
        refused.push(refusal(name, "TOPIC_AUTHORIZATION_FAILED", "Authorization failed."));
    }
    const refusedNames = new Set(refused.map(({ name }) => name));
    const topics = request.topics.filter(({ name }) => !refusedNames.has(name));
    if (this.#countPartitions(topics) > partitionsMax) {
      const message = "Excessively large number of partitions per request.";
      for (const { name } of topics) refused.push(refusal(name, "POLICY_VIOLATION", message));
      return { throttleTimeMs: context.throttleMs, topics: refused };
    }
    const mode = context.apiVersion >= strictSince ? "strict" : "permissive";
    const outcomes = await createTopics(this.#services, topics, {
      validateOnly: request.validateOnly,
      admit: (partitionCount) => context.mayMutate(partitionCount, mode),
    });
    return {
      throttleTimeMs: context.throttleMs,
      topics: [...outcomes.map((outcome) => this.#respond(context, outcome)), ...refused],
    };
  }

  #countPartitions(topics: CreateTopicsRequest["topics"]): number {
    const standard = this.#services.config.number("num.partitions");
    let count = 0;
    for (const { numPartitions, assignments } of topics)
      if (assignments.length > 0) count += assignments.length;
      else count += numPartitions === -1 ? standard : Math.max(numPartitions, 0);
    return count;
  }

  #respond(context: RequestContext, outcome: CreateTopicOutcome): ResponseTopic {
    if (outcome.kind === "refused") return refusal(outcome.name, outcome.error, outcome.message);
    const { name, topicId, partitionCount } = outcome.topic;
    const created = { name, topicId, errorCode: 0, errorMessage: null };
    if (!context.permits("DESCRIBE_CONFIGS", topicResource(name)))
      return {
        ...created,
        topicConfigErrorCode: topicRefused.errorCode,
        configs: [],
      };
    return {
      ...created,
      numPartitions: partitionCount,
      replicationFactor: 1,
      configs: this.#configs(outcome.topic),
    };
  }

  #configs(topic: TopicImage): NonNullable<ResponseTopic["configs"]> {
    return [...topicConfigDefinitions.values()].map((definition) => {
      const [entry] = topicConfigEntries(definition, topic.properties, this.#services.config);
      return {
        name: definition.name,
        value: topicConfigValue(definition.name, topic.properties, this.#services.config),
        readOnly: false,
        configSource: entry.source,
        isSensitive: false,
      };
    });
  }
}

function refusal(
  name: string,
  error: Parameters<typeof errorAnswer>[0],
  message: string | null,
): ResponseTopic {
  return { name, ...errorAnswer(error, message), configs: [] };
}
