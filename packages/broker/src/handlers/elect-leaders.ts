import type { Given } from "@millrace/protocol";
import {
  electLeadersApi,
  type ElectLeadersRequest,
  type electLeadersResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import type { TopicImage } from "../metadata/topic-image.ts";
import { clusterResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { clusterRefused, type ErrorAnswer, errorAnswer, noError } from "./error-answer.ts";

/*
 * ElectLeaders, versions 0 to 2: of one replica the leader is elected already, unless its log is offline.
 *   1  kinds of elections     2  flexible
 */

type Response = Given<typeof electLeadersResponse>;
type Results = Response["replicaElectionResults"];

const electionTypes = { PREFERRED: 0, UNCLEAN: 1 } as const;
const isNeedless = errorAnswer(
  "ELECTION_NOT_NEEDED",
  "Leader election not needed for topic partition.",
);

export function electLeadersHandler({
  image,
  partitions,
}: BrokerServices): AnsweringHandler<ElectLeadersRequest, Response> {
  return {
    api: electLeadersApi,
    async handle(context, request) {
      const refusal = refuse(context.authorize("ALTER", clusterResource), request.electionType);
      if (refusal !== noError)
        return { throttleTimeMs: context.throttleMs, ...refuseAll(request, refusal) };
      const { topicPartitions, electionType } = request;
      const asked = topicPartitions ?? Array.from(image.topics(), allOf);
      const outcomes = await context.turns.mapLists(
        asked.map(({ partitions: indexes }) => indexes),
        (partitionId, list) => ({
          partitionId,
          ...outcomeOf(asked[list].topic, partitionId, electionType),
        }),
      );
      const replicaElectionResults = asked.map(({ topic }, index) => ({
        topic,
        // Of all partitions, those that have their leader are not told.
        partitionResult: outcomes[index].filter(
          ({ errorCode }) => topicPartitions !== null || errorCode !== isNeedless.errorCode,
        ),
      }));
      return { throttleTimeMs: context.throttleMs, errorCode: 0, replicaElectionResults };
    },
  };

  function outcomeOf(topic: string, index: number, type: number): ErrorAnswer {
    if (image.topic(topic) === undefined)
      return errorAnswer("UNKNOWN_TOPIC_OR_PARTITION", `No such topic as ${topic}`);
    const partition = partitions.find(topic, index);
    if (partition === undefined)
      return errorAnswer("UNKNOWN_TOPIC_OR_PARTITION", `No such partition as ${topic}-${index}`);
    if (partition.hasLeader) return isNeedless;
    return type === electionTypes.PREFERRED
      ? errorAnswer("PREFERRED_LEADER_NOT_AVAILABLE", "The preferred leader was not available.")
      : errorAnswer(
          "ELIGIBLE_LEADERS_NOT_AVAILABLE",
          "Eligible topic partition leaders are not available.",
        );
  }
}

function allOf({ name, partitionCount }: TopicImage) {
  return { topic: name, partitions: Array.from({ length: partitionCount }, (_, index) => index) };
}

function refuse(isAllowed: boolean, type: number): ErrorAnswer {
  if (!isAllowed) return clusterRefused;
  return type === electionTypes.PREFERRED || type === electionTypes.UNCLEAN
    ? noError
    : errorAnswer("INVALID_REQUEST", `Unknown election type ${type}`);
}

function refuseAll(
  { topicPartitions }: ElectLeadersRequest,
  refusal: ErrorAnswer,
): { readonly errorCode: number; readonly replicaElectionResults: Results } {
  const replicaElectionResults = (topicPartitions ?? []).map(({ topic, partitions }) => ({
    topic,
    partitionResult: partitions.map((partitionId) => ({ partitionId, ...refusal })),
  }));
  return { errorCode: refusal.errorCode, replicaElectionResults };
}
