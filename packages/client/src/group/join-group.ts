import { ClusterError } from "@millrace/cluster";
import { KafkaError } from "@millrace/protocol";
import { joinGroupApi, syncGroupApi, type JoinGroupResponse } from "@millrace/protocol/definitions";

import type { ClientContext } from "../client-context.ts";
import type { BrokerConnection } from "../connection/broker-connection.ts";
import type { BrokerLane, LaneLink } from "../connection/broker-lane.ts";
import { clusterErrorOf } from "../connection/cluster-error-of.ts";
import { askedNow, type Asked } from "./asked.ts";
import type { GroupProtocol, GroupSettings, OfferingMember } from "./group-protocol.ts";
import { groupRefusal } from "./group-refusal.ts";
import type { UnansweredJoins } from "./unanswered-joins.ts";

/** A place in the group. */
export interface Seat {
  readonly memberId: string;
  readonly generationId: number;
  /** When the group was asked for it: its session began after that. */
  readonly asked: Asked;
  /** Bytes of the assignment. */
  readonly assignment: Uint8Array;
  /** Of the leader: the partitions of the members' topics that it was made for; 0: not there. */
  readonly assignedCounts: ReadonlyMap<string, number> | undefined;
}

/** As whom a member asks. */
export interface GivenId {
  /** That the group gave, or "" to be given one. */
  readonly memberId: string;
  /**
   * Of one without a seat yet: the connection that it came over. Until then it is in no log, so that a coordinator that
   * has started again, or another one, knows a static member by the id before.
   */
  readonly givenOver: BrokerConnection | undefined;
}

export const noId: GivenId = { memberId: "", givenOver: undefined };

export interface JoinAttempt {
  readonly context: ClientContext;
  readonly lane: BrokerLane;
  readonly options: GroupSettings;
  readonly protocol: GroupProtocol;
  readonly id: GivenId;
  /** Hears of this one, too, where it asks without an id. */
  readonly unanswered: UnansweredJoins;
  /** What it has kept. */
  readonly kept: OfferingMember;
  readonly reason: string;
  /** Called once the group has taken it into a generation, before it knows what it is assigned: it is asked for as that from then on. */
  readonly onJoined: (given: GivenId, generationId: number) => void;
  readonly signal: AbortSignal | undefined;
}

/** What to do after an attempt that gave no seat: try again at once, after a while, or never. */
export type JoinOutcome =
  | { readonly kind: "seated"; readonly seat: Seat }
  | { readonly kind: "again"; readonly id: GivenId; readonly isSoon: boolean };

/**
 * One round of JoinGroup and SyncGroup. The group may answer late, as it waits for its other members; or the connection
 * has died, and it never does. Nobody can tell, so that both are asked again after the time of any request: a coordinator
 * takes a member that asks twice for the same one, and answers at once where it had answered already.
 *
 * ```
 *  JoinGroup ──> leader: assign ──> SyncGroup ──> seated
 *      └──────── follower ─────────────┘
 * ```
 *
 * @throws ClusterError `MEMBER_FENCED`, `GROUP_REFUSED`, `NOT_AUTHORIZED`; what the assignor throws
 */
export async function joinGroup(attempt: JoinAttempt): Promise<JoinOutcome> {
  const { options, context, lane, id, unanswered } = attempt;
  const { groupId } = options;
  const link = lane.link(await context.coordinators.find("group", groupId));
  let askedOver: BrokerConnection | undefined;
  const response = await link.call({
    api: joinGroupApi,
    body: (version) => {
      askedOver = link.connection.connection;
      if (id.memberId === "") unanswered.sent();
      return {
        groupId,
        sessionTimeoutMs: options.sessionTimeoutMs ?? 45_000,
        rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? 300_000,
        memberId: id.memberId,
        ...(version >= 5 ? { groupInstanceId: options.groupInstanceId ?? null } : {}),
        protocolType: attempt.protocol.type,
        protocols: attempt.protocol.offers(attempt.kept),
        ...(version >= 8 ? { reason: attempt.reason } : {}),
      };
    },
  });
  if (id.memberId === "") unanswered.answered();
  const { errorCode, memberId } = response;
  const hasHadSeat = id.memberId === memberId && id.givenOver === undefined;
  const given = { memberId, givenOver: hasHadSeat ? undefined : askedOver };
  if (errorCode === 0) return synchronize(attempt, { link, response, given });
  const isForgotten = isUnknownOver(askedOver, id);
  return refused(attempt, {
    error: KafkaError.of(errorCode),
    given: memberId === "" ? id : { ...id, memberId },
    isForgotten,
  });
}

async function synchronize(
  attempt: JoinAttempt,
  joined: {
    readonly link: LaneLink;
    readonly response: JoinGroupResponse;
    readonly given: GivenId;
  },
): Promise<JoinOutcome> {
  const { options } = attempt;
  const { link, response, given } = joined;
  const { memberId, generationId } = response;
  attempt.onJoined(given, generationId);
  const isLeader = response.leader === memberId;
  const lead = isLeader ? await attempt.protocol.lead(response, attempt.signal) : undefined;
  const asked = askedNow(attempt.context.platform.clock);
  let isForgotten = false;
  const answer = await link.call({
    api: syncGroupApi,
    body: (version) => {
      isForgotten = isUnknownOver(link.connection.connection, given);
      return {
        groupId: options.groupId,
        generationId,
        memberId,
        ...(version >= 3 ? { groupInstanceId: options.groupInstanceId ?? null } : {}),
        ...(version >= 5
          ? { protocolType: attempt.protocol.type, protocolName: response.protocolName }
          : {}),
        assignments: lead?.assignments ?? [],
      };
    },
  });
  const { errorCode } = answer;
  if (errorCode !== 0)
    return refused(attempt, { error: KafkaError.of(errorCode), given, isForgotten });
  const { assignment } = answer;
  const assignedCounts = lead?.counts;
  return { kind: "seated", seat: { memberId, generationId, asked, assignment, assignedCounts } };
}

function isUnknownOver(connection: BrokerConnection | undefined, { givenOver }: GivenId): boolean {
  return givenOver !== undefined && givenOver !== connection;
}

function refused(
  { context, options }: JoinAttempt,
  refusal: {
    readonly error: KafkaError;
    readonly given: GivenId;
    /** The coordinator may have forgotten that it has given the id. */
    readonly isForgotten: boolean;
  },
): JoinOutcome {
  const { error, given, isForgotten } = refusal;
  switch (error.code) {
    case "MEMBER_ID_REQUIRED":
      return { kind: "again", id: given, isSoon: true };
    case "REBALANCE_IN_PROGRESS":
      return { kind: "again", id: given, isSoon: true };
    case "ILLEGAL_GENERATION":
      return { kind: "again", id: given, isSoon: true };
    case "UNKNOWN_MEMBER_ID":
      return { kind: "again", id: noId, isSoon: true };
    case "FENCED_INSTANCE_ID":
      // Perhaps by the id that it had before. Where it is another process, that one hears of it: its seat is taken.
      if (isForgotten) return { kind: "again", id: noId, isSoon: true };
      throw memberFenced(options, error);
    default:
      break;
  }
  if (!error.retriable) throw clusterErrorOf(groupRefusal(options.groupId, error), error);
  context.coordinators.forgetAfter("group", options.groupId, error);
  return { kind: "again", id: given, isSoon: false };
}

export function memberFenced(options: GroupSettings, cause: unknown): ClusterError {
  return new ClusterError(
    "MEMBER_FENCED",
    `another process has joined group ${options.groupId} as ${options.groupInstanceId}; give each process an instance id (or a state directory) of its own`,
    { cause },
  );
}
