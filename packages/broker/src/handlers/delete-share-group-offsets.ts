import type { Given } from "@millrace/protocol";
import {
  deleteShareGroupOffsetsApi,
  type DeleteShareGroupOffsetsRequest,
} from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";
import type { ShareGroups } from "../coordinator/group/share/share-groups.ts";
import type { TopicLookup } from "../coordinator/topic-lookup.ts";
import { groupResource, topicResource } from "../server/request-context.ts";
import type { GroupProtocols } from "./group-protocols.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { errorAnswer, noError, topicRefused } from "./error-answer.ts";

/*
 * DeleteShareGroupOffsets 0: an empty share group forgets topics (KIP-932).
 */

type Response = Given<(typeof deleteShareGroupOffsetsApi)["response"]>;

export function deleteShareGroupOffsetsHandler(
  groups: ShareGroups,
  topics: TopicLookup,
  protocols: GroupProtocols,
): AnsweringHandler<DeleteShareGroupOffsetsRequest, Response> {
  return {
    api: deleteShareGroupOffsetsApi,
    async handle(context, { groupId, topics: asked }) {
      const throttleTimeMs = context.throttleMs;
      if (!protocols.serves("share"))
        return { throttleTimeMs, responses: [], ...errorAnswer("UNSUPPORTED_VERSION") };
      if (!context.authorize("DELETE", groupResource(groupId)))
        return { throttleTimeMs, responses: [], ...groupRefused };
      const names = [...new Set(asked.map(({ topicName }) => topicName))];
      const mayRead = (name: string) => context.authorize("READ", topicResource(name));
      const results = await groups.deleteOffsets(groupId, names.filter(mayRead));
      if ("errorCode" in results) return { throttleTimeMs, responses: [], ...results };
      return {
        throttleTimeMs,
        errorCode: 0,
        responses: names.map((topicName) => {
          const refused = results.has(topicName) ? results.get(topicName) : topicRefused;
          const topicId = refused === undefined ? topics.topicId(topicName) : undefined;
          return { topicName, topicId: topicId ?? zeroUuid, ...(refused ?? noError) };
        }),
      };
    },
  };
}

const groupRefused = errorAnswer("GROUP_AUTHORIZATION_FAILED", "Group authorization failed.");
