import type { ProducerDescription } from "@millrace/log";
import {
  describeProducersApi,
  type DescribeProducersRequest,
  type describeProducersResponse,
  type Given,
} from "@millrace/protocol";
import { errorCode } from "../coordinator/error-code.ts";
import type { TopicLookup } from "../coordinator/topic-lookup.ts";
import { topicResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";

/*
 * DescribeProducers 0: what partitions know of the producers that wrote to them.
 */

type Response = Given<typeof describeProducersResponse>;
type ProducersOf = (topic: string, partition: number) => readonly ProducerDescription[] | undefined;

export function describeProducersHandler(
  topics: TopicLookup,
  producersOf: ProducersOf,
): AnsweringHandler<DescribeProducersRequest, Response> {
  return {
    api: describeProducersApi,
    handle(context, request) {
      const described = request.topics.map(({ name, partitionIndexes }) => {
        const mayRead = context.authorize("READ", topicResource(name));
        const isKnown = topics.partitionCount(name) !== undefined;
        const refused = mayRead
          ? isKnown
            ? errorCode.none
            : errorCode.unknownTopicOrPartition
          : errorCode.topicAuthorizationFailed;
        const partitions = partitionIndexes.map((partitionIndex) =>
          refused === errorCode.none
            ? describe(partitionIndex, producersOf(name, partitionIndex))
            : { ...none, partitionIndex, errorCode: refused, errorMessage: refusalText(name) },
        );
        return { name, partitions };
      });
      return { throttleTimeMs: context.throttleMs, topics: described };
    },
  };
}

const none = { errorMessage: null, activeProducers: [] };

function refusalText(topic: string): string {
  return `topic ${topic} is not there, or may not be read`;
}

function describe(partitionIndex: number, producers: readonly ProducerDescription[] | undefined) {
  if (producers === undefined)
    return { ...none, partitionIndex, errorCode: errorCode.unknownTopicOrPartition };
  return {
    partitionIndex,
    errorCode: errorCode.none,
    errorMessage: null,
    activeProducers: producers.map((producer) => ({
      producerId: producer.producerId,
      producerEpoch: producer.producerEpoch,
      lastSequence: producer.lastSequence,
      lastTimestamp: producer.lastTimestamp,
      coordinatorEpoch: producer.coordinatorEpoch,
      currentTxnStartOffset: producer.currentTransactionStartOffset,
    })),
  };
}
