import {
  ClusterError,
  type GroupMembershipOptions,
  type MemberSubscription,
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
  /** When the group was asked for it: its session began after that. */
  readonly askedMs: number;
  /** Bytes of the assignment. */
  readonly assignment: Uint8Array;
  /** Of the leader: the partitions of the members' topics that it was made for; 0: not there. */
  readonly assignedCounts: ReadonlyMap<string, number> | undefined;
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
  const isLeader = response.leader === memberId;
  const lead = isLeader ? await leadGroup(attempt, response) : undefined;
  const askedMs = attempt.context.platform.clock.monotonicMs();
  const answer = await link.call({
    api: syncGroupApi,
    timeoutMs: (options.rebalanceTimeoutMs ?? 300_000) + joinGraceMs,
    body: (version) => ({
      groupId: options.groupId,
      generationId,
      memberId,
      ...(version >= 3 ? { groupInstanceId: options.groupInstanceId ?? null } : {}),
      ...(version >= 5 ? { protocolType: "consumer", protocolName: response.protocolName } : {}),
      assignments: lead?.assignments ?? [],
    }),
  });
  const { errorCode } = answer;
  if (errorCode !== 0) return refused(attempt, { error: KafkaError.of(errorCode), memberId });
  const { assignment } = answer;
  const assignedCounts = lead?.counts;
  return { kind: "seated", seat: { memberId, generationId, askedMs, assignment, assignedCounts } };
}

interface Lead {
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[];
  readonly counts: ReadonlyMap<string, number>;
}

/** Assigns, unless the group keeps what it has, and says for which partitions. */
async function leadGroup(attempt: JoinAttempt, response: JoinGroupResponse): Promise<Lead> {
  const { metadata } = attempt.context;
  const members = response.members.map((member) => decodeSubscription(member.metadata, member));
  const topics = [...new Set(members.flatMap((member) => member.topics))];
  metadata.track(topics);
  if (topics.length > 0) await metadata.refresh();
  const counts = topicCounts(attempt.context, topics);
  if (response.skipAssignment) return { assignments: [], counts };
  const assignments = await assign(attempt, response.protocolName, { members, counts });
  const missing = topics.filter((topic) => counts.get(topic) === 0);
  if (missing.length === 0) return { assignments, counts };
  // The assignor may have made them.
  await metadata.refresh();
  return { assignments, counts: new Map([...counts, ...topicCounts(attempt.context, missing)]) };
}

async function assign(
  { options, signal }: JoinAttempt,
  protocolName: string | null,
  group: {
    readonly members: readonly MemberSubscription[];
    readonly counts: ReadonlyMap<string, number>;
  },
): Promise<Lead["assignments"]> {
  const assignor = options.assignors.find(({ name }) => name === protocolName);
  if (assignor === undefined) throw unknownAssignor(options, protocolName);
  const { members } = group;
  const partitionCounts = new Map([...group.counts].filter(([, count]) => count > 0));
  const assigned = await assignor.assign({ members, partitionCounts }, signal);
  return [...assigned].map(([memberId, assignment]) => ({
    memberId,
    assignment: encodeAssignment(assignment),
  }));
}

function topicCounts(
  { metadata }: ClientContext,
  topics: readonly string[],
): ReadonlyMap<string, number> {
  return new Map(topics.map((name) => [name, metadata.topic(name)?.partitions.length ?? 0]));
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
