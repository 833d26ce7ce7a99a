import { ClusterError, type ClusterAdmin, type GroupMembershipOptions } from "@millrace/cluster";
import type { Clock } from "@millrace/platform";

import { kafkajsFailureOf } from "../link/kafkajs-failure.ts";
import type { KafkajsLink } from "../link/kafkajs-link.ts";
import { assignmentBytes, subscriptionBytes, subscriptionOf } from "./group-bytes.ts";
import { groupCallsOf, type GroupCalls, type JoinedGroup } from "./group-calls.ts";

/** How long a rebalance may take; kafkajs waits for its answer as long, also when it is closed. */
const rebalanceTimeoutMsDefault = 60_000;
const sessionTimeoutMsDefault = 45_000;

export interface Seat {
  readonly memberId: string;
  readonly generationId: number;
  /** When the group was asked for it: its session began after that. */
  readonly askedMs: number;
  /** The same by the wall clock. */
  readonly askedWallMs: number;
  readonly assignment: Buffer;
  /** Of the leader: the partitions that it was made for, by topic; 0: not there. */
  readonly counts: ReadonlyMap<string, number> | undefined;
}

export interface JoinParts {
  readonly clock: Pick<Clock, "monotonicMs" | "wallMs">;
  readonly link: KafkajsLink;
  readonly admin: ClusterAdmin;
  readonly options: GroupMembershipOptions;
  /** Told under which id the group knows this member, whatever comes then. */
  readonly onKnown: (memberId: string) => void;
}

/** The group has moved on, or has forgotten this member: join again, at once. */
export class JoinAgain extends Error {
  readonly memberId: string;

  constructor(memberId: string, cause: unknown) {
    super("join again", { cause });
    this.memberId = memberId;
  }
}

/** One round of JoinGroup and SyncGroup. */
export async function joinOnce(
  parts: JoinParts,
  memberId: string,
  signal: AbortSignal,
): Promise<Seat> {
  return parts.link.through(async (ready) =>
    joinAt(groupCallsOf(await ready.coordinator(parts.options.groupId)), parts, {
      memberId,
      signal,
    }),
  );
}

async function joinAt(
  coordinator: GroupCalls,
  parts: JoinParts,
  { memberId, signal }: { readonly memberId: string; readonly signal: AbortSignal },
): Promise<Seat> {
  const { groupId, sessionTimeoutMs, rebalanceTimeoutMs, assignors, topics } = parts.options;
  const joining = coordinator.joinGroup({
    groupId,
    memberId,
    sessionTimeout: sessionTimeoutMs ?? sessionTimeoutMsDefault,
    rebalanceTimeout: rebalanceTimeoutMs ?? rebalanceTimeoutMsDefault,
    groupProtocols: assignors.map((assignor) => ({
      name: assignor.name,
      metadata: subscriptionBytes(topics(), assignor.subscriptionUserData(-1)),
    })),
  });
  const joined = await joining.catch((error: unknown) => {
    throw againOr(error, memberId);
  });
  parts.onKnown(joined.memberId);
  const lead =
    joined.leaderId === joined.memberId ? await leadGroup(parts, joined, signal) : undefined;
  const { generationId } = joined;
  const [askedMs, askedWallMs] = [parts.clock.monotonicMs(), parts.clock.wallMs()];
  const synchronizing = coordinator.syncGroup({
    groupId,
    generationId,
    memberId: joined.memberId,
    groupAssignment: lead?.assignments ?? [],
  });
  const { memberAssignment } = await synchronizing.catch((error: unknown) => {
    throw againOr(error, joined.memberId);
  });
  return {
    memberId: joined.memberId,
    generationId,
    askedMs,
    askedWallMs,
    assignment: memberAssignment,
    counts: lead?.counts,
  };
}

/** @param memberId under which the group knows this member */
function againOr(error: unknown, memberId: string): unknown {
  const { type } = kafkajsFailureOf(error);
  if (type === "UNKNOWN_MEMBER_ID") return new JoinAgain("", error);
  const isSoon = type === "REBALANCE_IN_PROGRESS" || type === "ILLEGAL_GENERATION";
  return isSoon ? new JoinAgain(memberId, error) : error;
}

interface Lead {
  readonly assignments: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[];
  readonly counts: ReadonlyMap<string, number>;
}

async function leadGroup(
  { admin, options }: JoinParts,
  { members, groupProtocol }: JoinedGroup,
  signal: AbortSignal,
): Promise<Lead> {
  const subscriptions = members.map(({ memberId, memberMetadata }) =>
    subscriptionOf(memberId, memberMetadata),
  );
  const topics = [...new Set(subscriptions.flatMap((member) => member.topics))];
  const assignor = options.assignors.find(({ name }) => name === groupProtocol);
  if (assignor === undefined) throw unknownAssignor(options, groupProtocol);
  const partitionCounts = await countsOf(admin, topics, signal);
  const assigned = await assignor.assign({ members: subscriptions, partitionCounts }, signal);
  // The assignor may have made topics.
  const isAll = topics.every((topic) => partitionCounts.has(topic));
  const after = isAll ? partitionCounts : await countsOf(admin, topics, signal);
  return {
    assignments: [...assigned].map(([memberId, assignment]) => ({
      memberId,
      memberAssignment: assignmentBytes(assignment),
    })),
    counts: new Map(topics.map((topic) => [topic, after.get(topic) ?? 0])),
  };
}

/** Those that are there. */
export async function countsOf(
  admin: ClusterAdmin,
  topics: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const found = await admin.describeTopics(topics, signal);
  return new Map([...found].map(([name, { partitionCount }]) => [name, partitionCount]));
}

function unknownAssignor(
  { groupId, assignors }: GroupMembershipOptions,
  name: string,
): ClusterError {
  const known = assignors.map((assignor) => assignor.name).join(", ");
  return new ClusterError(
    "GROUP_REFUSED",
    `group ${groupId} has chosen the assignor ${name}, this member has ${known}`,
  );
}
