import { errorCodeOf, type ErrorName } from "@millrace/protocol";
import { type FetchRequest } from "@millrace/protocol/definitions";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import { type FetchSession, toTarget } from "./fetch-session.ts";
import type { FetchSessions } from "./fetch-sessions.ts";
import {
  type FetchedPartition,
  fetchKey,
  type FetchResponse,
  type FetchResponseTopic,
  type FetchTarget,
} from "./fetch-types.ts";

const initialEpoch = 0;
const finalEpoch = -1;

/**
 * How a request stands to its session (Kafka: `FetchContext`).
 *
 * - `sessionless`: everything is named and everything told.
 * - `full`: the same, and a session begins.
 * - `incremental`: changes are named and news told.
 */
export type FetchContext =
  | { readonly kind: "refused"; readonly error: ErrorName }
  | { readonly kind: "sessionless"; readonly targets: readonly FetchTarget[] }
  | { readonly kind: "full"; readonly targets: readonly FetchTarget[]; readonly usesIds: boolean }
  | {
      readonly kind: "incremental";
      readonly targets: readonly FetchTarget[];
      readonly session: FetchSession;
      readonly epoch: number;
    };

export function openFetchContext(
  sessions: FetchSessions,
  image: MetadataImage,
  request: FetchRequest,
  version: number,
): FetchContext {
  const usesIds = version >= 13;
  const { sessionId, sessionEpoch } = request;
  if (sessionEpoch === initialEpoch || sessionEpoch === finalEpoch) {
    if (sessionId !== 0) sessions.remove(sessionId);
    const targets = targetsOf(request, image, usesIds);
    return sessionEpoch === finalEpoch
      ? { kind: "sessionless", targets }
      : { kind: "full", targets, usesIds };
  }
  const session = sessions.find(sessionId);
  if (session === undefined) return { kind: "refused", error: "FETCH_SESSION_ID_NOT_FOUND" };
  if (session.epoch !== sessionEpoch)
    return { kind: "refused", error: "INVALID_FETCH_SESSION_EPOCH" };
  if (session.usesIds !== usesIds)
    return { kind: "refused", error: "FETCH_SESSION_TOPIC_ID_ERROR" };
  const told = targetsOf(request, image, usesIds);
  if (!sessions.hasRoomFor(told.length)) {
    // It begins anew, and goes on without a session if there is no room still.
    sessions.remove(sessionId);
    return { kind: "refused", error: "FETCH_SESSION_ID_NOT_FOUND" };
  }
  session.update(told, request.forgottenTopicsData);
  const targets = session.targets(image);
  if (session.size === 0) {
    sessions.remove(session.id);
    return { kind: "sessionless", targets };
  }
  sessions.touch(session);
  session.epoch = session.epoch === 0x7fffffff ? 1 : session.epoch + 1;
  return { kind: "incremental", targets, session, epoch: session.epoch };
}

/** What is told of what was fetched; sessions begin and move here. */
export function closeFetchContext(
  sessions: FetchSessions,
  context: FetchContext,
  fetched: readonly FetchedPartition[],
): FetchResponse {
  switch (context.kind) {
    case "refused":
      return { throttleTimeMs: 0, errorCode: errorCodeOf(context.error), responses: [] };
    case "sessionless":
      return { throttleTimeMs: 0, responses: groupByTopic(fetched) };
    case "full": {
      const session = sessions.create(context.usesIds, fetched.length);
      session?.begin(fetched);
      return { throttleTimeMs: 0, sessionId: session?.id ?? 0, responses: groupByTopic(fetched) };
    }
    case "incremental": {
      const { session, epoch } = context;
      if (session.epoch !== epoch)
        return {
          throttleTimeMs: 0,
          errorCode: errorCodeOf("INVALID_FETCH_SESSION_EPOCH"),
          responses: [],
        };
      return {
        throttleTimeMs: 0,
        sessionId: session.id,
        responses: groupByTopic(session.selectNews(fetched)),
      };
    }
  }
}

/** What is told who has to wait: no partition, in a session that goes on. */
export function throttledFetch(context: FetchContext): FetchResponse {
  const sessionId = context.kind === "incremental" ? context.session.id : 0;
  return { throttleTimeMs: 0, sessionId, responses: [] };
}

/** A partition that is named twice keeps its first place and what is said last. */
function targetsOf(
  request: FetchRequest,
  image: MetadataImage,
  usesIds: boolean,
): readonly FetchTarget[] {
  const targets = new Map<string, FetchTarget>();
  for (const { topic, topicId, partitions } of request.topics) {
    const name = usesIds ? image.topicName(topicId) : topic;
    for (const asked of partitions)
      targets.set(
        fetchKey(topic, topicId, asked.partition, usesIds),
        toTarget(name, topicId, asked),
      );
  }
  return [...targets.values()];
}

/** Neighbours of one topic share an entry; the order stays. */
function groupByTopic(fetched: readonly FetchedPartition[]): FetchResponseTopic[] {
  const topics: { topic: string; topicId: string; partitions: FetchedPartition["response"][] }[] =
    [];
  for (const { target, response } of fetched) {
    const topic = target.topic ?? "";
    const last = topics.at(-1);
    if (last !== undefined && last.topic === topic && last.topicId === target.topicId)
      last.partitions.push(response);
    else topics.push({ topic, topicId: target.topicId, partitions: [response] });
  }
  return topics;
}
