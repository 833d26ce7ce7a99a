import {
  ClusterError,
  type GroupMembershipOptions,
  type PartitionAssignor,
} from "@millrace/cluster";
import { KafkaError } from "@millrace/protocol";
import { joinGroupApi, syncGroupApi, type JoinGroupResponse } from "@millrace/protocol/definitions";

import type { ClientContext } from "../client-context.ts";
import type { BrokerLane, LaneLink } from "../connection/broker-lane.ts";
import { clusterErrorOf } from "../connection/cluster-error-of.ts";
import { decodeSubscription, encodeAssignment, encodeSubscription } from "./consumer-protocol.ts";

/** A place in the group. */
export interface Seat {
  readonly memberId: string;
  readonly generationId: number;
  /** Bytes of the assignment. */
  readonly assignment: Uint8Array;
}

/** The member id that the group gave, or "" to be given one. */
export interface JoinAttempt {
  readonly context: ClientContext;
  readonly lane: BrokerLane;
  readonly options: GroupMembershipOptions;
  readonly memberId: string;
  readonly reason: string;
  readonly signal: AbortSignal | undefined;
}

/** What to do after an attempt that gave no seat: try again at once, after a while, or never. */
export type JoinOutcome =
  | { readonly kind: "seated"; readonly seat: Seat }
  | { readonly kind: "again"; readonly memberId: string; readonly isSoon: boolean };

/** What is added to the rebalance timeout until a join counts as unanswered. */
const joinGraceMs = 5000;

/**
 * One round of JoinGroup and SyncGroup.
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
  const rebalanceTimeoutMs = options.rebalanceTimeoutMs ?? 300_000;
  const response = await link.call({
    api: joinGroupApi,
    timeoutMs: rebalanceTimeoutMs + joinGraceMs,
    body: (version) => ({
      groupId,
      sessionTimeoutMs: options.sessionTimeoutMs ?? 45_000,
      rebalanceTimeoutMs,
      memberId: attempt.memberId,
      ...(version >= 5 ? { groupInstanceId: options.groupInstanceId ?? null } : {}),
      protocolType: "consumer",
      protocols: options.assignors.map((assignor) => ({
        name: assignor.name,
        metadata: encodeSubscription(options.topics(), assignor.subscriptionUserData()),
      })),
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
  const isLeader = response.leader === memberId && !response.skipAssignment;
  const assignments = isLeader ? await assign(attempt, response) : [];
  const answer = await link.call({
    api: syncGroupApi,
    timeoutMs: (options.rebalanceTimeoutMs ?? 300_000) + joinGraceMs,
    body: (version) => ({
      groupId: options.groupId,
      generationId,
      memberId,
      ...(version >= 3 ? { groupInstanceId: options.groupInstanceId ?? null } : {}),
      ...(version >= 5 ? { protocolType: "consumer", protocolName: response.protocolName } : {}),
      assignments,
    }),
  });
  const { errorCode } = answer;
  if (errorCode !== 0) return refused(attempt, { error: KafkaError.of(errorCode), memberId });
  return { kind: "seated", seat: { memberId, generationId, assignment: answer.assignment } };
}

async function assign(
  { context, options, signal }: JoinAttempt,
  response: JoinGroupResponse,
): Promise<{ memberId: string; assignment: Uint8Array }[]> {
  const assignor = options.assignors.find(({ name }) => name === response.protocolName);
  if (assignor === undefined) throw unknownAssignor(options, response.protocolName);
  const members = response.members.map(({ memberId, groupInstanceId, metadata }) =>
    decodeSubscription(metadata, { memberId, groupInstanceId }),
  );
  const topics = [...new Set(members.flatMap((member) => member.topics))];
  const partitionCounts = new Map<string, number>();
  if (topics.length > 0) await context.metadata.refresh(topics);
  for (const name of topics) {
    const topic = context.metadata.topic(name);
    if (topic !== undefined) partitionCounts.set(name, topic.partitions.length);
  }
  const assigned = await assignor.assign({ members, partitionCounts }, signal);
  return [...assigned].map(([memberId, assignment]) => ({
    memberId,
    assignment: encodeAssignment(assignment),
  }));
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
    case "UNKNOWN_MEMBER_ID":
    case "ILLEGAL_GENERATION":
      return { kind: "again", memberId: "", isSoon: true };
    case "FENCED_INSTANCE_ID":
      throw memberFenced(options, error);
    default:
      break;
  }
  if (!error.retriable)
    throw clusterErrorOf(`group ${options.groupId} does not take this member`, error);
  context.coordinators.forgetAfter("group", options.groupId, error);
  return { kind: "again", memberId, isSoon: false };
}

export function memberFenced(options: GroupMembershipOptions, cause: unknown): ClusterError {
  return new ClusterError(
    "MEMBER_FENCED",
    `another process has joined group ${options.groupId} as ${options.groupInstanceId}; give each process an instance id (or a state directory) of its own`,
    { cause },
  );
}

function unknownAssignor(
  { groupId, assignors }: GroupMembershipOptions,
  name: string | null,
): ClusterError {
  const known = assignors.map((assignor: PartitionAssignor) => assignor.name).join(", ");
  return new ClusterError(
    "GROUP_REFUSED",
    `group ${groupId} has chosen the assignor ${name}, this member has ${known}`,
  );
}
