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
import { countNames } from "./count-names.ts";
import { type ErrorAnswer, errorAnswer, mutationsThrottled, noError } from "./error-answer.ts";

/*
 * CreatePartitions, versions 0 to 3: more partitions for a topic; never fewer.
 */

type Response = Given<typeof createPartitionsResponse>;
type RequestTopic = CreatePartitionsRequest["topics"][number];

/** Most partitions that a request makes; what Kafka answers beyond is its own failure. */
const addedMax = 10_000;
/** Who makes too many is refused since then, and only held back before. */
const strictSince = 3;

export class CreatePartitionsHandler implements Handler<CreatePartitionsRequest, Response> {
  readonly api = createPartitionsApi;
  readonly #services: BrokerServices;

  constructor(services: BrokerServices) {
    this.#services = services;
  }

  async handle(context: RequestContext, request: CreatePartitionsRequest): Promise<Response> {
    const counts = countNames(request.topics, ({ name }) => name);
    const topics = new Map(request.topics.map((topic) => [topic.name, topic]));
    const grown: string[] = [];
    const { image: now } = this.#services;
    // What is wrong already is refused in turns: the metadata wait for the rest alone.
    const refused = await context.turns.map([...topics.values()], (topic) =>
      counts(topic.name) > 1
        ? errorAnswer("INVALID_REQUEST", "Duplicate topic name.")
        : this.#check(context, now, topic),
    );
    const results = await this.#services.metadata.change((image) => {
      const records: MetadataRecord[] = [];
      let addedCount = 0;
      const result = Array.from(topics.values(), (topic, index) => {
        const { name } = topic;
        if (refused[index] !== noError) return { name, ...refused[index] };
        const answer = this.#check(context, image, topic);
        if (answer !== noError) return { name, ...answer };
        const added = topic.count - (image.topic(name)?.partitionCount ?? 0);
        const mode = context.apiVersion >= strictSince ? "strict" : "permissive";
        if (!context.mayMutate(added, mode)) return { name, ...mutationsThrottled };
        addedCount += added;
        if (addedCount > addedMax) return { name, ...errorAnswer("UNKNOWN_SERVER_ERROR") };
        const { partitionBound } = this.#services;
        const tooMany = partitionBound.refusal(image.partitionTotal + addedCount);
        if (tooMany !== undefined) {
          addedCount -= added;
          return { name, ...errorAnswer("POLICY_VIOLATION", tooMany) };
        }
        grown.push(name);
        if (!request.validateOnly)
          for (const record of this.#added(image, topic)) records.push(record);
        return { name, ...noError };
      });
      return { records, result };
    });
    const opened = request.validateOnly
      ? []
      : grown.map((name) => this.#services.image.topic(name));
    for (const topic of opened) if (topic !== undefined) this.#services.partitions.add(topic);
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
      return errorAnswer("INVALID_PARTITIONS", `Topic already has ${count} partition(s).`);
    if (count < topic.partitionCount)
      return errorAnswer(
        "INVALID_PARTITIONS",
        `The topic ${name} currently has ${topic.partitionCount} partition(s); ${count} would not be an increase.`,
      );
    if (assignments === null) return noError;
    const added = count - topic.partitionCount;
    if (assignments.length !== added)
      return errorAnswer(
        "INVALID_REPLICA_ASSIGNMENT",
        `Attempted to add ${added} additional partition(s), but only ${assignments.length} assignment(s) were specified.`,
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
