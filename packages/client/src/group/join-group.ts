import { ClusterError } from "@millrace/cluster";
import { KafkaError } from "@millrace/protocol";
import { joinGroupApi, syncGroupApi, type JoinGroupResponse } from "@millrace/protocol/definitions";

import type { ClientContext } from "../client-context.ts";
import type { BrokerLane, LaneLink } from "../connection/broker-lane.ts";
import { clusterErrorOf } from "../connection/cluster-error-of.ts";
import { askedNow, type Asked } from "./asked.ts";
import type { GroupProtocol, GroupSettings, OfferingMember } from "./group-protocol.ts";
import { groupRefusal } from "./group-refusal.ts";

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

/** The member id that the group gave, or "" to be given one. */
export interface JoinAttempt {
  readonly context: ClientContext;
  readonly lane: BrokerLane;
  readonly options: GroupSettings;
  readonly protocol: GroupProtocol;
  readonly memberId: string;
  /** What it has kept. */
  readonly kept: OfferingMember;
  readonly reason: string;
  /** Called once the group has taken it into a generation, before it knows what it is assigned. */
  readonly onJoined: (joined: { readonly memberId: string; readonly generationId: number }) => void;
  readonly signal: AbortSignal | undefined;
}

/** What to do after an attempt that gave no seat: try again at once, after a while, or never. */
export type JoinOutcome =
  | { readonly kind: "seated"; readonly seat: Seat }
  | { readonly kind: "again"; readonly memberId: string; readonly isSoon: boolean };

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
  const { options, context, lane } = attempt;
  const { groupId } = options;
  const link = lane.link(await context.coordinators.find("group", groupId));
  const response = await link.call({
    api: joinGroupApi,
    body: (version) => ({
      groupId,
      sessionTimeoutMs: options.sessionTimeoutMs ?? 45_000,
      rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? 300_000,
      memberId: attempt.memberId,
      ...(version >= 5 ? { groupInstanceId: options.groupInstanceId ?? null } : {}),
      protocolType: attempt.protocol.type,
      protocols: attempt.protocol.offers(attempt.kept),
      ...(version >= 8 ? { reason: attempt.reason } : {}),
    }),
  });
  const { errorCode, memberId } = response;
  if (errorCode !== 0) return refused(attempt, { error: KafkaError.of(errorCode), memberId });
  return synchronize(attempt, link, response);
}

async function synchronize(
  attempt: JoinAttempt,
  link: LaneLink,
  response: JoinGroupResponse,
): Promise<JoinOutcome> {
  const { options } = attempt;
  const { memberId, generationId } = response;
  attempt.onJoined({ memberId, generationId });
  const isLeader = response.leader === memberId;
  const lead = isLeader ? await attempt.protocol.lead(response, attempt.signal) : undefined;
  const asked = askedNow(attempt.context.platform.clock);
  const answer = await link.call({
    api: syncGroupApi,
    body: (version) => ({
      groupId: options.groupId,
      generationId,
      memberId,
      ...(version >= 3 ? { groupInstanceId: options.groupInstanceId ?? null } : {}),
      ...(version >= 5
        ? { protocolType: attempt.protocol.type, protocolName: response.protocolName }
        : {}),
      assignments: lead?.assignments ?? [],
    }),
  });
  const { errorCode } = answer;
  if (errorCode !== 0) return refused(attempt, { error: KafkaError.of(errorCode), memberId });
  const { assignment } = answer;
  const assignedCounts = lead?.counts;
  return { kind: "seated", seat: { memberId, generationId, asked, assignment, assignedCounts } };
}

function refused(
  { context, options, memberId }: JoinAttempt,
  given: { readonly error: KafkaError; readonly memberId: string },
): JoinOutcome {
  const { error } = given;
  switch (error.code) {
    case "MEMBER_ID_REQUIRED":
      return { kind: "again", memberId: given.memberId, isSoon: true };
    case "REBALANCE_IN_PROGRESS":
      return { kind: "again", memberId: given.memberId, isSoon: true };
    case "ILLEGAL_GENERATION":
      return { kind: "again", memberId: given.memberId, isSoon: true };
    case "UNKNOWN_MEMBER_ID":
      return { kind: "again", memberId: "", isSoon: true };
    case "FENCED_INSTANCE_ID":
      throw memberFenced(options, error);
    default:
      break;
  }
  if (!error.retriable) throw clusterErrorOf(groupRefusal(options.groupId, error), error);
  context.coordinators.forgetAfter("group", options.groupId, error);
  return { kind: "again", memberId, isSoon: false };
}

export function memberFenced(options: GroupSettings, cause: unknown): ClusterError {
  return new ClusterError(
    "MEMBER_FENCED",
    `another process has joined group ${options.groupId} as ${options.groupInstanceId}; give each process an instance id (or a state directory) of its own`,
    { cause },
  );
}
