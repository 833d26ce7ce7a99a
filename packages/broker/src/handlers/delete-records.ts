import { type Given, KafkaError } from "@millrace/protocol";
import {
  deleteRecordsApi,
  type DeleteRecordsRequest,
  type deleteRecordsResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import { configList } from "../config/config-definition.ts";
import { topicConfigValue } from "../config/topic-config.ts";
import { isInternalTopic } from "../metadata/topic-image.ts";
import type { Handler } from "../server/handler.ts";
import { type RequestContext, topicResource } from "../server/request-context.ts";
import { errorCodeOfFailure } from "../partition/failure-name.ts";

/*
 * DeleteRecords, versions 0 to 2. An offset of -1 means up to the high watermark; a compacted topic that does not
 * delete as well is refused. Of a partition that is named twice the last offset counts.
 */

type Response = Given<typeof deleteRecordsResponse>;

const toHighWatermark = -1;

export class DeleteRecordsHandler implements Handler<DeleteRecordsRequest, Response> {
  readonly api = deleteRecordsApi;
  readonly #services: BrokerServices;

  constructor(services: BrokerServices) {
    this.#services = services;
  }

  async handle(context: RequestContext, request: DeleteRecordsRequest): Promise<Response> {
    const topics = new Map<string, Map<number, number>>();
    for (const { name, partitions } of request.topics) {
      const offsets = topics.get(name) ?? new Map<number, number>();
      topics.set(name, offsets);
      for (const { partitionIndex, offset } of partitions) offsets.set(partitionIndex, offset);
    }
    const names = [...topics.keys()];
    const deleting = await context.turns.mapLists(
      Array.from(topics.values(), (offsets) => [...offsets]),
      async ([partitionIndex, offset], index) => ({
        partitionIndex,
        ...(await this.#delete(context, names[index], partitionIndex, offset)),
      }),
    );
    const answers = names.map(async (name, index) => ({
      name,
      partitions: await Promise.all(deleting[index]),
    }));
    return { throttleTimeMs: context.throttleMs, topics: await Promise.all(answers) };
  }

  async #delete(context: RequestContext, topic: string, index: number, offset: number) {
    try {
      return { errorCode: 0, lowWatermark: await this.#move(context, topic, index, offset) };
    } catch (error) {
      return { errorCode: errorCodeOfFailure(error), lowWatermark: -1 };
    }
  }

  #move(context: RequestContext, topic: string, index: number, offset: number): Promise<number> {
    if (!context.authorize("DELETE", topicResource(topic)))
      throw new KafkaError("TOPIC_AUTHORIZATION_FAILED");
    const found = this.#services.image.topic(topic);
    if (found === undefined || index < 0 || index >= found.partitionCount)
      throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
    if (isInternalTopic(topic)) throw new KafkaError("INVALID_TOPIC_EXCEPTION");
    const policy = topicConfigValue("cleanup.policy", found.properties, this.#services.config);
    const policies = configList(policy);
    if (policies.includes("compact") && !policies.includes("delete"))
      throw new KafkaError("POLICY_VIOLATION");
    const partition = this.#services.partitions.find(topic, index);
    if (partition === undefined) throw new KafkaError("NOT_LEADER_OR_FOLLOWER");
    const target = offset === toHighWatermark ? partition.highWatermark : offset;
    if (target < 0) throw new KafkaError("OFFSET_OUT_OF_RANGE");
    return partition.deleteRecordsBefore(target);
  }
}
