import { comparePartitions } from "../compare-partitions.ts";
import {
  merged,
  overlap,
  type PartitionEpochs,
  type PartitionSets,
  withEpoch,
} from "../partition-sets.ts";
import {
  type ConsumerMember,
  isReconciledTo,
  memberState,
  noPartitions,
} from "./consumer-member.ts";

/** What is told of a group to bring one of its members towards its target. */
export interface ReconcileContext {
  readonly targetEpoch: number;
  readonly target: PartitionSets;
  /** The member's subscription has changed: what is not of it any more goes at once. */
  readonly hasSubscriptionChanged: boolean;
  /** Ids of the topics that it is subscribed to. */
  readonly topicIds: ReadonlySet<string>;
  /** What the member says it has; undefined: it did not say. */
  readonly owned: PartitionSets | undefined;
  /** True if a member has the partition, or has yet to let it go. */
  readonly isOwned: (topicId: string, partition: number) => boolean;
}

/**
 * The next step of a member (Kafka: `CurrentAssignmentBuilder`). It lets go of what it is not to
 * have before it goes on to the target's epoch, and gets a partition once nobody else has it:
 *
 *     stable ──target──▶ unrevoked ──let go──▶ unreleased ──others let go──▶ stable
 */
export function reconcileMember(member: ConsumerMember, context: ReconcileContext): ConsumerMember {
  const { hasSubscriptionChanged, targetEpoch } = context;
  if (member.state === memberState.unrevoked && stillHas(context, member.revoking))
    return hasSubscriptionChanged ? withoutUnsubscribed(member, context) : member;
  if (isReconciledTo(member, targetEpoch))
    return hasSubscriptionChanged ? withoutUnsubscribed(member, context) : member;
  return nextAssignment(member, context);
}

/** A member that does not say what it has still has all. */
function stillHas({ owned }: ReconcileContext, partitions: PartitionEpochs): boolean {
  return owned === undefined || overlap(owned, partitions);
}

/** The assignment so far, without topics that the member has left. */
function withoutUnsubscribed(member: ConsumerMember, context: ReconcileContext): ConsumerMember {
  const assigned = new Map<string, ReadonlyMap<number, number>>();
  const left = new Map<string, ReadonlyMap<number, number>>();
  for (const [topicId, epochs] of member.assigned)
    (context.topicIds.has(topicId) ? assigned : left).set(topicId, epochs);
  if (left.size === 0) return member;
  const revoking = merged(member.revoking, left);
  const next = { assigned, previousMemberEpoch: member.memberEpoch };
  return stillHas(context, revoking)
    ? { ...member, ...next, revoking, state: memberState.unrevoked }
    : { ...member, ...next };
}

function nextAssignment(member: ConsumerMember, context: ReconcileContext): ConsumerMember {
  const { target, targetEpoch, topicIds, isOwned } = context;
  const wanted = new Map([...target].filter(([topicId]) => topicIds.has(topicId)));
  const { kept, revoked, added, isWaiting } = comparePartitions(
    member.assigned,
    withEpoch(wanted, targetEpoch),
    (topicId, partition) =>
      isOwned(topicId, partition) && member.revoking.get(topicId)?.has(partition) !== true,
  );
  const previousMemberEpoch = member.memberEpoch;
  if (revoked.size > 0 && stillHas(context, revoked))
    return {
      ...member,
      previousMemberEpoch,
      state: memberState.unrevoked,
      assigned: kept,
      revoking: revoked,
    };
  return {
    ...member,
    previousMemberEpoch,
    memberEpoch: targetEpoch,
    state: isWaiting ? memberState.unreleased : memberState.stable,
    assigned: merged(kept, added),
    revoking: noPartitions,
  };
}
