import { errorCodeOf } from "@millrace/protocol";
import { fetchApi, type FetchRequest } from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import { isEnough, seenOf, type SeenPartition, waitForRecords } from "../fetch/delayed-fetch.ts";
import {
  closeFetchContext,
  type FetchContext,
  openFetchContext,
  throttledFetch,
} from "../fetch/fetch-context.ts";
import type { FetchSessions } from "../fetch/fetch-sessions.ts";
import type { FetchedPartition, FetchResponse, FetchTarget } from "../fetch/fetch-types.ts";
import { type FetchLimits, readPartitions, unreadable } from "../fetch/read-partition.ts";
import type { Handler, HandlerAnswer } from "../server/handler.ts";
import { clusterResource, type RequestContext, topicResource } from "../server/request-context.ts";
import { after } from "../server/turns.ts";

/*
 * Fetch, versions 4 to 18.
 *    7  sessions                                 9  leader epochs fence           12  diverging epochs
 *   13  topics by id; a session speaks of names or of ids, never of both
 * Batches are the log's own views. A request waits for min_bytes up to max_wait, unless something cannot be read.
 */

const readUncommitted = 0;
const readCommitted = 1;
/** A debugging consumer reads as any other. */
const firstReplicaId = 0;

export class FetchHandler implements Handler<FetchRequest, FetchResponse> {
  readonly api = fetchApi;
  readonly #services: BrokerServices;
  readonly #sessions: FetchSessions;

  constructor(services: BrokerServices) {
    this.#services = services;
    this.#sessions = services.fetchSessions;
  }

  handle(context: RequestContext, request: FetchRequest): HandlerAnswer<FetchResponse> {
    const { image } = this.#services;
    const { turns, unread } = context;
    const session = openFetchContext(this.#sessions, image, request, context.apiVersion);
    if (session.kind === "refused") return closeFetchContext(this.#sessions, session, []);
    if (!isIsolationLevel(request.isolationLevel)) return this.#refuseAll(session);
    const refused: FetchedPartition[] = [];
    const targets: FetchTarget[] = [];
    for (const target of session.targets) {
      const fault = this.#faultOf(context, request, target);
      if (fault === undefined) targets.push(target);
      else refused.push(fault);
    }
    const limits = this.#limitsOf(context, request);
    const { partitions, readMemory } = this.#services;
    const world = { partitions, readMemory, turns, unread };
    return after(readPartitions(world, targets, limits), (found) => {
      const isDone =
        targets.length === 0 || request.maxWaitMs <= 0 || isEnough(found, limits.minBytes);
      if (isDone) return this.#answer(context, session, [...found, ...refused]);
      const seen = found.map((one) => seenOf(one, world));
      return this.#answerLater(context, request, { session, targets, seen, refused, limits });
    });
  }

  async #answerLater(
    context: RequestContext,
    request: FetchRequest,
    asked: {
      readonly session: FetchContext;
      readonly targets: readonly FetchTarget[];
      readonly seen: readonly SeenPartition[];
      readonly refused: readonly FetchedPartition[];
      readonly limits: FetchLimits;
    },
  ): Promise<FetchResponse | undefined> {
    const fetched = await waitForRecords({
      ...asked,
      platform: this.#services.platform,
      partitions: this.#services.partitions,
      readMemory: this.#services.readMemory,
      turns: context.turns,
      unread: context.unread,
      maxWaitMs: request.maxWaitMs,
      signal: context.signal,
    });
    if (fetched === undefined) return undefined;
    return this.#answer(context, asked.session, [...fetched, ...asked.refused]);
  }

  /** Who has fetched too much is given nothing this time, and the session stays as it is. */
  #answer(
    context: RequestContext,
    session: FetchContext,
    fetched: readonly FetchedPartition[],
  ): FetchResponse {
    const { topicMetrics, readMemory } = this.#services;
    const sizeBytes = fetched.reduce((sum, one) => sum + one.sizeBytes, 0);
    if (context.exceeds("consumer_byte_rate", sizeBytes)) {
      for (const { response } of fetched) readMemory.giveBack(response.records);
      return throttledFetch(session);
    }
    for (const { target, response, sizeBytes } of fetched)
      topicMetrics.of(target.topic).fetched(sizeBytes, response.errorCode !== 0);
    return closeFetchContext(this.#sessions, session, fetched);
  }

  /** What Kafka answers where a request makes it fail. */
  #refuseAll(session: Exclude<FetchContext, { readonly kind: "refused" }>): FetchResponse {
    const errorCode = errorCodeOf("UNKNOWN_SERVER_ERROR");
    const fetched = session.targets.map((target) => unreadable(target, errorCode, []));
    const sessionless = { kind: "sessionless", targets: [] } as const;
    return { ...closeFetchContext(this.#sessions, sessionless, fetched), errorCode };
  }

  #faultOf(
    context: RequestContext,
    request: FetchRequest,
    target: FetchTarget,
  ): FetchedPartition | undefined {
    const { topic, partition } = target;
    if (topic === undefined) return unreadable(target, errorCodeOf("UNKNOWN_TOPIC_ID"), []);
    const isOfReplica =
      Math.max(request.replicaId, request.replicaState.replicaId) >= firstReplicaId;
    const isAllowed = isOfReplica
      ? context.authorize("CLUSTER_ACTION", clusterResource)
      : context.authorize("READ", topicResource(topic));
    if (!isAllowed) return unreadable(target, errorCodeOf("TOPIC_AUTHORIZATION_FAILED"), []);
    const found = this.#services.image.topic(topic);
    if (found === undefined || partition < 0 || partition >= found.partitionCount)
      return unreadable(target, errorCodeOf("UNKNOWN_TOPIC_OR_PARTITION"), []);
    return isOfReplica
      ? unreadable(target, errorCodeOf("NOT_LEADER_OR_FOLLOWER"), null)
      : undefined;
  }

  /** More than the rate allows at once would never be given. */
  #limitsOf(context: RequestContext, request: FetchRequest): FetchLimits {
    const maxBytes = Math.min(
      request.maxBytes,
      this.#services.config.number("fetch.max.bytes"),
      Math.trunc(context.mostAtOnce("consumer_byte_rate")),
    );
    return {
      isCommittedOnly: request.isolationLevel === readCommitted,
      maxBytes,
      minBytes: Math.min(request.minBytes, maxBytes),
    };
  }
}

function isIsolationLevel(level: number): boolean {
  return level === readUncommitted || level === readCommitted;
}
