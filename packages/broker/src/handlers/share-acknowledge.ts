import type { Given } from "@millrace/protocol";
import { shareAcknowledgeApi, type ShareAcknowledgeRequest } from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import { errorCode } from "../coordinator/error-code.ts";
import { groupResource, type RequestContext } from "../server/request-context.ts";
import { finalEpoch, initialEpoch, nextEpoch } from "../delivery/share-session.ts";
import { GroupProtocols } from "./group-protocols.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { type Acknowledged, takeAcknowledgements } from "./share-acknowledgements.ts";
import { isShareMemberId } from "./share-group-heartbeat.ts";

/*
 * ShareAcknowledge 1-2: a member of a share group tells what became of records (KIP-932).
 *
 * v2  locks are renewed (KIP-1222), and how long they last is told
 */

type Response = Given<(typeof shareAcknowledgeApi)["response"]>;

export class ShareAcknowledgeHandler implements AnsweringHandler<
  ShareAcknowledgeRequest,
  Response
> {
  readonly api = shareAcknowledgeApi;
  readonly #services: BrokerServices;
  readonly #protocols: GroupProtocols;

  constructor(services: BrokerServices) {
    this.#services = services;
    this.#protocols = new GroupProtocols(services.config, services.image);
  }

  async handle(context: RequestContext, request: ShareAcknowledgeRequest): Promise<Response> {
    const { groupId, memberId, shareSessionEpoch, topics, isRenewAck = false } = request;
    const { deliveries, image } = this.#services;
    const throttleTimeMs = context.throttleMs;
    const refuse = (code: number) => ({ throttleTimeMs, ...refusal(code) });
    if (!this.#protocols.serves("share")) return refuse(errorCode.unsupportedVersion);
    if (groupId === null) return refuse(errorCode.invalidRequest);
    if (!context.authorize("READ", groupResource(groupId)))
      return refuse(errorCode.groupAuthorizationFailed);
    if (!isShareMemberId(memberId)) return refuse(errorCode.invalidRequest);
    if (shareSessionEpoch === initialEpoch) return refuse(errorCode.invalidShareSessionEpoch);
    const session = deliveries.sessions.get(groupId, memberId);
    if (session === undefined) return refuse(errorCode.shareSessionNotFound);
    if (shareSessionEpoch !== finalEpoch) {
      if (session.epoch !== shareSessionEpoch) return refuse(errorCode.invalidShareSessionEpoch);
      session.epoch = nextEpoch(session.epoch);
    }
    const told = { groupId, memberId, topics, isRenewAck };
    const acknowledged = await takeAcknowledgements({ deliveries, image, context }, told);
    if (shareSessionEpoch === finalEpoch) deliveries.endSession(groupId, memberId);
    return {
      throttleTimeMs,
      errorCode: errorCode.none,
      acquisitionLockTimeoutMs: deliveries.configOf(groupId).lockMs,
      responses: byTopic(acknowledged),
      nodeEndpoints: [],
    };
  }
}

function refusal(code: number): Omit<Response, "throttleTimeMs"> {
  return { errorCode: code, responses: [], nodeEndpoints: [] };
}

function byTopic(acknowledged: readonly Acknowledged[]): Response["responses"] {
  const topics = Map.groupBy(acknowledged, ({ topicId }) => topicId);
  return Array.from(topics, ([topicId, partitions]) => ({
    topicId,
    partitions: partitions.map(({ partition, errorCode: code, errorMessage }) => ({
      partitionIndex: partition,
      errorCode: code,
      errorMessage,
      currentLeader: noLeader,
    })),
  }));
}

/** Told only where somebody else leads, which is never. */
export const noLeader = Object.freeze({ leaderId: 0, leaderEpoch: 0 });
