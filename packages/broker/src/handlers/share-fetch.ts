import type { Given } from "@millrace/protocol";
import { shareFetchApi, type ShareFetchRequest } from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import { errorCode } from "../coordinator/error-code.ts";
import type { Handler } from "../server/handler.ts";
import { groupResource, type RequestContext, topicResource } from "../server/request-context.ts";
import { shareFetch, type SharedRecords, type ShareTarget } from "../delivery/share-fetch.ts";
import {
  finalEpoch,
  isToBeTold,
  placeKey,
  type SharedPlace,
  type ShareSession,
} from "../delivery/share-session.ts";
import { isShareMemberId } from "./share-group-heartbeat.ts";
import { type Acknowledged, takeAcknowledgements } from "./share-acknowledgements.ts";
import { GroupProtocols } from "./group-protocols.ts";
import { noLeader } from "./share-acknowledge.ts";
import { openShareSession } from "./open-share-session.ts";

/*
 * ShareFetch 1-2: a member of a share group is given records, and tells on the way what became of others (KIP-932).
 *
 * v2  exact numbers of records (KIP-1206); locks are renewed (KIP-1222)
 */

type Response = Given<(typeof shareFetchApi)["response"]>;
type ResponsePartition = NonNullable<Response["responses"][number]["partitions"]>[number];

/** Kafka: `ShareAcquireMode.RECORD_LIMIT`. */
const recordLimitMode = 1;

/** A request that may be served. */
interface Asked {
  readonly groupId: string;
  readonly memberId: string;
  readonly request: ShareFetchRequest;
}

export class ShareFetchHandler implements Handler<ShareFetchRequest, Response> {
  readonly api = shareFetchApi;
  readonly #services: BrokerServices;
  readonly #protocols: GroupProtocols;

  constructor(services: BrokerServices) {
    this.#services = services;
    this.#protocols = new GroupProtocols(services.config, services.image);
  }

  async handle(context: RequestContext, request: ShareFetchRequest): Promise<Response | undefined> {
    const { groupId, memberId, shareSessionEpoch } = request;
    const { deliveries, image } = this.#services;
    const refuse = (code: number) => refused(context, code);
    if (!this.#protocols.serves("share")) return refuse(errorCode.unsupportedVersion);
    if (groupId === null) return refuse(errorCode.invalidRequest);
    if (!context.authorize("READ", groupResource(groupId)))
      return refuse(errorCode.groupAuthorizationFailed);
    if (!isShareMemberId(memberId) || !isRenewalAlone(request))
      return refuse(errorCode.invalidRequest);
    const hasAcknowledgements = request.topics.some(({ partitions }) =>
      partitions.some(({ acknowledgementBatches }) => acknowledgementBatches.length > 0),
    );
    const asked = { groupId, memberId, request };
    const opened = openShareSession(deliveries.sessions, context.signal, {
      ...asked,
      hasAcknowledgements,
    });
    if (opened === errorCode.shareSessionLimitReached) {
      await this.#services.platform.timers.sleep(request.maxWaitMs, context.signal);
      return refuse(opened);
    }
    if (typeof opened === "number") return refuse(opened);
    const told = { groupId, memberId, topics: request.topics, isRenewAck: request.isRenewAck };
    const acknowledging = hasAcknowledgements
      ? takeAcknowledgements({ deliveries, image, context }, told)
      : [];
    const fetching =
      opened.kind === "final" || request.isRenewAck
        ? []
        : this.#fetch(context, asked, opened.session);
    const [acknowledged, fetched] = [await acknowledging, await fetching];
    if (fetched === undefined) return undefined;
    if (shareSessionEpoch === finalEpoch) deliveries.endSession(groupId, memberId);
    const toldRecords =
      opened.kind === "subsequent"
        ? fetched.filter((one) =>
            isToBeTold(opened.session, placeKey(one), {
              hasRecords: one.records.length > 0,
              errorCode: one.errorCode,
            }),
          )
        : fetched;
    return {
      throttleTimeMs: context.throttleMs,
      errorCode: errorCode.none,
      acquisitionLockTimeoutMs: deliveries.configOf(groupId).lockMs,
      responses: byTopic(toldRecords, acknowledged),
      nodeEndpoints: [],
    };
  }

  async #fetch(
    context: RequestContext,
    { groupId, memberId, request }: Asked,
    session: ShareSession,
  ): Promise<readonly SharedRecords[] | undefined> {
    const { platform, readMemory, config, deliveries, topicMetrics, image } = this.#services;
    const failed: SharedRecords[] = [];
    const targets: ShareTarget[] = [];
    for (const place of rotated([...session.places.values()], request.shareSessionEpoch)) {
      const target = this.#targetOf(context, groupId, place);
      if (typeof target === "number") failed.push(failedRecords(place, target));
      else targets.push(target);
    }
    const { turns, unread, signal } = context;
    const maxBytes = Math.min(request.maxBytes, config.number("fetch.max.bytes"));
    const fetched = await shareFetch(
      { platform, memory: readMemory, turns, unread, signal },
      {
        memberId,
        isRecordLimit: request.shareAcquireMode === recordLimitMode,
        isCommittedOnly: deliveries.configOf(groupId).isCommittedOnly,
        batchSize: request.batchSize,
        recordsMax: request.maxRecords,
        maxBytes,
        minBytes: Math.min(request.minBytes, maxBytes),
        maxWaitMs: request.maxWaitMs,
        targets,
      },
    );
    if (fetched === undefined) return undefined;
    for (const { topicId, records, errorCode: code } of fetched) {
      let sizeBytes = 0;
      for (const part of records) sizeBytes += part.length;
      topicMetrics.of(image.topicName(topicId)).fetched(sizeBytes, code !== 0);
    }
    // What could not be loaded meanwhile.
    for (const { topicId, partition, shared } of targets)
      if (shared.failure !== undefined)
        failed.push({ ...failedRecords({ topicId, partition }, 0), ...shared.failure });
    return [...fetched, ...failed];
  }

  /** An error code where records cannot be asked of it. */
  #targetOf(context: RequestContext, groupId: string, place: SharedPlace): ShareTarget | number {
    const { topicId, partition } = place;
    const topic = this.#services.image.topicName(topicId);
    if (topic === undefined) return errorCode.unknownTopicId;
    if (!context.authorize("READ", topicResource(topic))) return errorCode.topicAuthorizationFailed;
    const shared = this.#services.deliveries.open({ groupId, topicId, partition });
    return shared === undefined
      ? errorCode.unknownTopicOrPartition
      : { topicId, partition, shared };
  }
}

/** Who renews locks asks for nothing else. */
function isRenewalAlone(request: ShareFetchRequest): boolean {
  const { isRenewAck, maxBytes, minBytes, maxRecords, maxWaitMs } = request;
  return !isRenewAck || (maxBytes === 0 && minBytes === 0 && maxRecords === 0 && maxWaitMs === 0);
}

/** Each request begins with another partition, so that none waits for long. */
function rotated(places: readonly SharedPlace[], epoch: number): readonly SharedPlace[] {
  if (places.length < 2 || epoch < 1) return places;
  const at = epoch % places.length;
  return [...places.slice(at), ...places.slice(0, at)];
}

function failedRecords({ topicId, partition }: SharedPlace, code: number): SharedRecords {
  return { topicId, partition, errorCode: code, errorMessage: null, records: [], acquired: [] };
}

function refused(context: RequestContext, code: number): Response {
  return {
    throttleTimeMs: context.throttleMs,
    errorCode: code,
    acquisitionLockTimeoutMs: 0,
    responses: [],
    nodeEndpoints: [],
  };
}

/** Of each partition what was fetched, and what became of acknowledgements. */
function byTopic(
  fetched: readonly SharedRecords[],
  acknowledged: readonly Acknowledged[],
): Response["responses"] {
  const outcomes = new Map(acknowledged.map((one) => [placeKey(one), one]));
  const known = new Set(fetched.map(placeKey));
  const others = acknowledged
    .filter((one) => !known.has(placeKey(one)))
    .map((one) => failedRecords(one, errorCode.none));
  const topics = new Map<string, ResponsePartition[]>();
  for (const one of [...fetched, ...others]) {
    const partitions = topics.get(one.topicId) ?? [];
    topics.set(one.topicId, partitions);
    const outcome = outcomes.get(placeKey(one));
    partitions.push({
      partitionIndex: one.partition,
      errorCode: one.errorCode,
      // As in Kafka, only the code is told.
      errorMessage: null,
      acknowledgeErrorCode: outcome?.errorCode ?? errorCode.none,
      acknowledgeErrorMessage: outcome?.errorMessage ?? null,
      currentLeader: noLeader,
      records: one.records,
      acquiredRecords: one.acquired,
    });
  }
  return [...topics].map(([topicId, partitions]) => ({ topicId, partitions }));
}
