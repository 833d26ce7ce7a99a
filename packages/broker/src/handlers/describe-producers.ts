import { type Given } from "@millrace/protocol";
import {
  describeProducersApi,
  type DescribeProducersRequest,
  type describeProducersResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import { topicNameFault } from "../metadata/topic-name.ts";
import { errorNameOf } from "../partition/failure-name.ts";
import type { Handler, HandlerAnswer } from "../server/handler.ts";
import { after } from "../server/turns.ts";
import { type RequestContext, topicResource } from "../server/request-context.ts";
import { answeredNames } from "./count-names.ts";
import { type ErrorAnswer, errorAnswer, noError, topicRefused } from "./error-answer.ts";

/*
 * DescribeProducers, version 0: what a partition knows of those who write to it.
 */

type Response = Given<typeof describeProducersResponse>;
type ResponsePartition = Response["topics"][number]["partitions"][number];

export class DescribeProducersHandler implements Handler<DescribeProducersRequest, Response> {
  readonly api = describeProducersApi;
  readonly #services: BrokerServices;

  constructor(services: BrokerServices) {
    this.#services = services;
  }

  handle(context: RequestContext, request: DescribeProducersRequest): HandlerAnswer<Response> {
    const topics = answeredNames(
      request.topics,
      ({ name, partitionIndexes }) => `${name}/${partitionIndexes}`,
    ).map(({ name, partitionIndexes }) => ({
      name,
      fault: this.#faultOf(context, name),
      indexes: answeredNames(partitionIndexes, (index) => index),
    }));
    const described = context.turns.mapLists(
      topics.map(({ indexes }) => indexes),
      (partitionIndex, list) => {
        const { name, fault } = topics[list];
        return fault === noError
          ? this.#describe(name, partitionIndex)
          : { partitionIndex, ...fault, activeProducers: [] };
      },
    );
    return after(described, (partitions) => ({
      throttleTimeMs: context.throttleMs,
      topics: topics.map(({ name }, index) => ({ name, partitions: partitions[index] })),
    }));
  }

  #faultOf(context: RequestContext, name: string): ErrorAnswer {
    const fault = topicNameFault(name);
    if (fault !== undefined) return errorAnswer("INVALID_TOPIC_EXCEPTION", fault);
    if (!context.authorize("READ", topicResource(name))) return topicRefused;
    return this.#services.image.topic(name) === undefined
      ? errorAnswer("UNKNOWN_TOPIC_OR_PARTITION", `there is no topic ${name}`)
      : noError;
  }

  #describe(topic: string, partitionIndex: number): ResponsePartition {
    const partition = this.#services.partitions.find(topic, partitionIndex);
    if (partition === undefined)
      return { partitionIndex, ...errorAnswer("UNKNOWN_TOPIC_OR_PARTITION"), activeProducers: [] };
    try {
      if (partition.failure !== undefined) throw partition.failure;
      partition.checkSound();
    } catch (error) {
      return { partitionIndex, ...errorAnswer(errorNameOf(error)), activeProducers: [] };
    }
    return {
      partitionIndex,
      ...noError,
      activeProducers: partition.producers().map((producer) => ({
        producerId: producer.producerId,
        producerEpoch: producer.producerEpoch,
        lastSequence: producer.lastSequence,
        lastTimestamp: producer.lastTimestamp,
        coordinatorEpoch: producer.coordinatorEpoch,
        currentTxnStartOffset: producer.currentTransactionStartOffset,
      })),
    };
  }
}
