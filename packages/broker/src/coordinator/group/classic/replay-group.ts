import type { RecordReplay } from "../../coordinator-record.ts";
import { classicTimersOf } from "./classic-timers.ts";
import type { GroupWorld } from "../group-world.ts";
import { ClassicGroup } from "./classic-group.ts";
import { classicGroup } from "./find-group.ts";
import { GroupMember } from "./group-member.ts";
import { groupKind, type GroupSnapshot } from "./group-record.ts";
import { prepareRebalance, restartSession } from "./rebalance.ts";

export const classicReplays: readonly RecordReplay<GroupWorld>[] = [
  groupKind.replayedBy((world: GroupWorld, { group: groupId }, snapshot, { isLoading }) => {
    if (snapshot === null) {
      const group = classicGroup(world, groupId);
      if (group === undefined) return;
      world.groups.delete(groupId);
      for (const name of classicTimersOf(group)) world.timers.cancel(groupId, name);
    }
    // A group that lives is ahead of its snapshots.
    else if (isLoading) world.groups.set(groupId, restoreGroup(groupId, snapshot));
  }),
];

/** After a start: members have their session's length from now on to be heard of. */
export function resumeClassicGroup(world: GroupWorld, group: ClassicGroup): void {
  for (const member of group.members.values()) restartSession(world, group, member);
  const isTooBig = group.members.size > world.configs.classic.sizeMax;
  const isUnshared = group.members.size > 0 && group.leaderId === null;
  if ((isTooBig || isUnshared) && group.state !== "PreparingRebalance")
    prepareRebalance(world, group);
}

export function restoreGroup(groupId: string, snapshot: GroupSnapshot): ClassicGroup {
  const group = new ClassicGroup({
    groupId,
    state: snapshot.members.length === 0 ? "Empty" : "Stable",
    generationId: snapshot.generation,
    protocolType: snapshot.protocolType === "" ? null : snapshot.protocolType,
    protocolName: snapshot.protocol,
    stateTimestamp: snapshot.currentStateTimestamp,
  });
  for (const member of snapshot.members)
    group.add(
      new GroupMember({
        ...member,
        rebalanceTimeoutMs:
          member.rebalanceTimeout === -1 ? member.sessionTimeout : member.rebalanceTimeout,
        sessionTimeoutMs: member.sessionTimeout,
        protocolType: snapshot.protocolType,
        // The bytes belong to the log.
        protocols: [{ name: snapshot.protocol ?? "", metadata: member.subscription.slice() }],
        assignment: member.assignment.slice(),
      }),
    );
  group.leaderId = snapshot.leader;
  group.computeSubscribedTopics();
  return group;
}
