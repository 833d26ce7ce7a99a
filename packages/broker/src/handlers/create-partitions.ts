import { type Given } from "@millrace/protocol";
import {
  createPartitionsApi,
  type CreatePartitionsRequest,
  type createPartitionsResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import { assignmentFault, newPartition } from "../metadata/plan-topic.ts";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import type { MetadataRecord } from "../metadata/metadata-record.ts";
import type { Handler } from "../server/handler.ts";
import { type RequestContext, topicResource } from "../server/request-context.ts";
import { type ErrorAnswer, errorAnswer, noError } from "./error-answer.ts";

/*
 * CreatePartitions, versions 0 to 3: more partitions for a topic; never fewer.
 */

type Response = Given<typeof createPartitionsResponse>;
type RequestTopic = CreatePartitionsRequest["topics"][number];

export class CreatePartitionsHandler implements Handler<CreatePartitionsRequest, Response> {
  readonly api = createPartitionsApi;
  readonly #services: BrokerServices;

  constructor(services: BrokerServices) {
    this.#services = services;
  }

  async handle(context: RequestContext, request: CreatePartitionsRequest): Promise<Response> {
    const results = await this.#services.metadata.change((image) => {
      const records: MetadataRecord[] = [];
      const counts = new Map<string, number>();
      for (const { name } of request.topics) counts.set(name, (counts.get(name) ?? 0) + 1);
      const named = new Map(request.topics.map((topic) => [topic.name, topic]));
      const result = Array.from(named.values(), (topic) => {
        const answer =
          (counts.get(topic.name) ?? 0) > 1
            ? errorAnswer("INVALID_REQUEST", "named twice in one request")
            : this.#check(context, image, topic);
        if (answer === noError && !request.validateOnly) records.push(...this.#added(image, topic));
        return { name: topic.name, ...answer };
      });
      return { records, result };
    });
    const topics = request.topics.map(({ name }) => this.#services.image.topic(name));
    await this.#services.partitions.openTopics(topics.filter((topic) => topic !== undefined));
    return { throttleTimeMs: context.throttleMs, results };
  }

  #check(
    context: RequestContext,
    image: MetadataImage,
    { name, count, assignments }: RequestTopic,
  ): ErrorAnswer {
    if (!context.authorize("ALTER", topicResource(name)))
      return errorAnswer("TOPIC_AUTHORIZATION_FAILED");
    const topic = image.topic(name);
    if (topic === undefined) return errorAnswer("UNKNOWN_TOPIC_OR_PARTITION");
    if (count === topic.partitionCount)
      return errorAnswer("INVALID_PARTITIONS", `the topic has ${count} partitions already`);
    if (count < topic.partitionCount)
      return errorAnswer(
        "INVALID_PARTITIONS",
        `the topic has ${topic.partitionCount} partitions; their number can only grow`,
      );
    if (assignments === null) return noError;
    const added = count - topic.partitionCount;
    if (assignments.length !== added)
      return errorAnswer(
        "INVALID_REPLICA_ASSIGNMENT",
        `${added} partitions need as many assignments`,
      );
    for (const { brokerIds } of assignments) {
      const fault = assignmentFault(this.#services.cluster.nodeId, brokerIds);
      if (fault !== undefined) return errorAnswer("INVALID_REPLICA_ASSIGNMENT", fault);
    }
    return noError;
  }

  #added(image: MetadataImage, { name, count }: RequestTopic): MetadataRecord[] {
    const topic = image.topic(name);
    const records: MetadataRecord[] = [];
    if (topic === undefined) return records;
    const { cluster, partitions } = this.#services;
    for (let partition = topic.partitionCount; partition < count; partition++)
      records.push(newPartition(cluster.nodeId, partitions.leaderEpoch, topic.topicId, partition));
    return records;
  }
}
