import type { Given } from "@millrace/protocol";
import {
  alterShareGroupOffsetsApi,
  type AlterShareGroupOffsetsRequest,
} from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";
import type { ShareGroups } from "../coordinator/group/share/share-groups.ts";
import type { TopicLookup } from "../coordinator/topic-lookup.ts";
import { groupResource, type RequestContext, topicResource } from "../server/request-context.ts";
import type { GroupProtocols } from "./group-protocols.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { type ErrorAnswer, errorAnswer, noError, topicRefused } from "./error-answer.ts";

/*
 * AlterShareGroupOffsets 0: where an empty share group goes on in partitions (KIP-932).
 */

type Response = Given<(typeof alterShareGroupOffsetsApi)["response"]>;

const notHosted = errorAnswer(
  "UNKNOWN_TOPIC_OR_PARTITION",
  "This server does not host this topic-partition.",
);

export function alterShareGroupOffsetsHandler(
  groups: ShareGroups,
  topics: TopicLookup,
  protocols: GroupProtocols,
): AnsweringHandler<AlterShareGroupOffsetsRequest, Response> {
  return {
    api: alterShareGroupOffsetsApi,
    async handle(context, { groupId, topics: asked }) {
      const throttleTimeMs = context.throttleMs;
      if (!protocols.serves("share"))
        return { throttleTimeMs, responses: [], ...errorAnswer("UNSUPPORTED_VERSION") };
      if (!context.authorize("READ", groupResource(groupId)))
        return { throttleTimeMs, responses: [], ...groupRefused };
      const places = asked.flatMap(({ topicName, partitions }) => {
        const topicId = topics.topicId(topicName) ?? zeroUuid;
        return partitions.map(({ partitionIndex, startOffset }) => ({
          topicName,
          topicId,
          partition: partitionIndex,
          startOffset,
          fault: faultOf(context, topics, { topicName, partitionIndex }),
        }));
      });
      const altered = places.filter(({ fault }) => fault === undefined);
      const results = await groups.alterOffsets(groupId, altered);
      if ("errorCode" in results) return { throttleTimeMs, responses: [], ...results };
      const resultOf = new Map<unknown, ErrorAnswer | undefined>(
        altered.map((place, index) => [place, results[index]]),
      );
      const byTopic = Map.groupBy(places, ({ topicName }) => topicName);
      return {
        throttleTimeMs,
        errorCode: 0,
        // A topic is answered once, however often it is named: answers must not grow faster than requests.
        responses: Array.from(byTopic, ([topicName, named]) => ({
          topicName,
          topicId: named[0].topicId,
          partitions: named.map((place) => ({
            partitionIndex: place.partition,
            ...(place.fault ?? resultOf.get(place) ?? noError),
          })),
        })),
      };
    },
  };
}

const groupRefused = errorAnswer("GROUP_AUTHORIZATION_FAILED", "Group authorization failed.");

function faultOf(
  context: RequestContext,
  topics: TopicLookup,
  { topicName, partitionIndex }: { readonly topicName: string; readonly partitionIndex: number },
): ErrorAnswer | undefined {
  if (!context.authorize("READ", topicResource(topicName))) return topicRefused;
  const count = topics.partitionCount(topicName) ?? 0;
  return partitionIndex >= 0 && partitionIndex < count ? undefined : notHosted;
}
