import { type Given } from "@millrace/protocol";
import {
  streamsGroupHeartbeatApi,
  type StreamsGroupHeartbeatRequest,
  type streamsGroupHeartbeatResponse,
} from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import type { StreamsGroups } from "../coordinator/group/streams/streams-groups.ts";
import type { NewTopic } from "../coordinator/group/streams/new-topic.ts";
import {
  type HeartbeatOutcome,
  refusedHeartbeat,
} from "../coordinator/group/streams/streams-heartbeat.ts";
import { topicsOf } from "../coordinator/group/streams/topology.ts";
import { statusCode } from "../coordinator/group/streams/topology-fault.ts";
import { isInternalTopic } from "../metadata/topic-image.ts";
import { topicNameFault } from "../metadata/topic-name.ts";
import {
  clusterResource,
  groupResource,
  type RequestContext,
  topicResource,
} from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import type { GroupProtocols } from "./group-protocols.ts";

/*
 * StreamsGroupHeartbeat 0: a Kafka Streams client joins, stays in, and leaves its group (KIP-1071).
 * Internal topics that its topology lacks are made in the background.
 */

type Response = Given<typeof streamsGroupHeartbeatResponse>;

/** Makes internal topics, and remembers for a while which ones it could not make. */
export interface InternalTopics {
  create(topics: readonly NewTopic[], retryAfterMs: number): void;
  /** By topic, why it could not be made. */
  failures(topics: readonly NewTopic[]): ReadonlyMap<string, string>;
}

export function streamsGroupHeartbeatHandler(
  groups: StreamsGroups,
  internalTopics: InternalTopics,
  protocols: GroupProtocols,
): AnsweringHandler<StreamsGroupHeartbeatRequest, Response> {
  return {
    api: streamsGroupHeartbeatApi,
    async handle(context, request) {
      const outcome = protocols.serves("streams")
        ? (refuse(context, request) ?? (await beat(groups, context, request)))
        : refusedHeartbeat(errorCode.unsupportedVersion);
      const response = createTopics(context, internalTopics, outcome);
      return { throttleTimeMs: context.throttleMs, ...response };
    },
  };
}

function beat(
  groups: StreamsGroups,
  context: RequestContext,
  request: StreamsGroupHeartbeatRequest,
): Promise<HeartbeatOutcome> {
  return groups.heartbeat(request, {
    clientId: context.clientId ?? "",
    clientHost: `/${context.clientAddress}`,
  });
}

/** Undefined: the group decides. */
function refuse(
  context: RequestContext,
  request: StreamsGroupHeartbeatRequest,
): HeartbeatOutcome | undefined {
  if (!context.authorize("READ", groupResource(request.groupId)))
    return refusedHeartbeat(errorCode.groupAuthorizationFailed);
  if (request.topology === null) return undefined;
  const topics = [...topicsOf(request.topology)];
  const internal = topics.filter(isInternalTopic);
  if (internal.length > 0)
    return refusedHeartbeat(
      errorCode.streamsInvalidTopology,
      `Use of Kafka internal topics ${internal.join(",")} in a Kafka Streams topology is prohibited.`,
    );
  const misnamed = topics.filter((topic) => topicNameFault(topic) !== undefined);
  if (misnamed.length > 0)
    return refusedHeartbeat(
      errorCode.streamsInvalidTopology,
      `Topic names ${misnamed.join(",")} are not valid topic names.`,
    );
  const isAllowed = topics.every((topic) => context.authorize("DESCRIBE", topicResource(topic)));
  return isAllowed ? undefined : refusedHeartbeat(errorCode.topicAuthorizationFailed);
}

function createTopics(
  context: RequestContext,
  internalTopics: InternalTopics,
  { response, topicsToCreate }: HeartbeatOutcome,
): HeartbeatOutcome["response"] {
  if (topicsToCreate.length === 0) return response;
  const denied = context.permits("CREATE", clusterResource)
    ? []
    : topicsToCreate.filter(({ name }) => !context.authorize("CREATE", topicResource(name)));
  if (denied.length > 0)
    return withDetail(
      response,
      `Unauthorized to CREATE on topics ${denied.map(({ name }) => name).join(", ")}.`,
    );
  internalTopics.create(topicsToCreate, 2 * response.heartbeatIntervalMs);
  const failures = [...internalTopics.failures(topicsToCreate)];
  if (failures.length === 0) return response;
  const shown = failures.slice(0, failuresShown).map(([topic, why]) => `${topic} (${why})`);
  const more = failures.length - shown.length;
  const rest = more > 0 ? ` and ${more} more` : "";
  return withDetail(response, `Creation failed: ${shown.join(", ")}${rest}.`);
}

const failuresShown = 3;

function withDetail(
  response: HeartbeatOutcome["response"],
  detail: string,
): HeartbeatOutcome["response"] {
  const status = (response.status ?? []).map((entry) =>
    entry.statusCode === statusCode.missingInternalTopics
      ? { ...entry, statusDetail: `${entry.statusDetail}; ${detail}` }
      : entry,
  );
  return { ...response, status };
}
