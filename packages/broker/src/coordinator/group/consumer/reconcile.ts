import type { CoordinatorRecord } from "../../coordinator-record.ts";
import type { GroupWorld } from "../group-world.ts";
import type { PartitionSets } from "../partition-sets.ts";
import type { GroupStep } from "./advance-group.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import {
  assignmentsEqual,
  type ConsumerMember,
  isReconciledTo,
  memberState,
  usesClassicProtocol,
} from "./consumer-member.ts";
import { currentRecord } from "./consumer-records.ts";
import { rebalanceTimer } from "./consumer-timers.ts";
import { startRevocation } from "./leave-consumer-group.ts";
import { reconcileMember } from "./reconcile-member.ts";

export interface Reconciliation {
  readonly group: ConsumerGroup;
  readonly member: ConsumerMember;
  readonly step: GroupStep;
  readonly owned: PartitionSets | undefined;
  readonly records: CoordinatorRecord[];
}

/** Brings the member a step towards its target; gives it as it is then. */
export function reconcile(world: GroupWorld, reconciliation: Reconciliation): ConsumerMember {
  const { group, member, step, owned, records } = reconciliation;
  const { groupId } = group;
  if (!step.hasSubscriptionChanged && isReconciledTo(member, step.targetEpoch)) return member;
  const next = reconcileMember(member, {
    ...step,
    topicIds: new Set(group.topicIdsOf(member, world.topics)),
    owned,
    isOwned: (topicId, partition) => group.isOwned(topicId, partition),
  });
  if (assignmentsEqual(next, member)) return next;
  records.push(currentRecord(groupId, next));
  // Members of the classic protocol have the timers of joins and syncs.
  if (usesClassicProtocol(next)) return next;
  if (next.state === memberState.unrevoked) startRevocation(world, groupId, next);
  else world.timers.cancel(groupId, rebalanceTimer(next.memberId));
  return next;
}
