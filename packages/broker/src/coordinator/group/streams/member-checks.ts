import type { StreamsGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import { errorCode } from "../../error-code.ts";
import type { ConfiguredTopology } from "./configure-topology.ts";
import { GroupRefusal } from "../refusal.ts";
import type { StreamsGroup } from "./streams-group.ts";
import type { StreamsMember } from "./streams-member.ts";
import type { TaskIds } from "./tasks.ts";

export function checkSize(group: StreamsGroup, sizeMax: number): void {
  if (group.members.size >= sizeMax)
    throw new GroupRefusal(
      errorCode.groupMaxSizeReached,
      `The streams group has reached its maximum capacity of ${sizeMax} members.`,
    );
}

/**
 * The epoch before the last counts too, from a member that has nothing beyond what it was given:
 * the answer with the new one may have been lost.
 */
export function checkMemberEpoch(
  member: StreamsMember,
  request: StreamsGroupHeartbeatRequest,
): void {
  const { memberEpoch, activeTasks, standbyTasks, warmupTasks } = request;
  const { assigned } = member;
  if (memberEpoch === 0 || memberEpoch === member.memberEpoch) return;
  const isRetry =
    memberEpoch === member.previousMemberEpoch &&
    areAmong(activeTasks, assigned.active) &&
    areAmong(standbyTasks, assigned.standby) &&
    areAmong(warmupTasks, assigned.warmup);
  if (memberEpoch < member.memberEpoch && isRetry) return;
  const size = memberEpoch > member.memberEpoch ? "greater" : "smaller";
  throw new GroupRefusal(
    errorCode.fencedMemberEpoch,
    `The streams group member has a ${size} member epoch (${memberEpoch}) than the one known by the group coordinator (${member.memberEpoch}). The member must abandon all its partitions and rejoin.`,
  );
}

function areAmong(
  owned: readonly TaskIds[] | null,
  assigned: ReadonlyMap<string, ReadonlySet<number> | ReadonlyMap<number, number>>,
): boolean {
  return (
    owned !== null &&
    owned.every(({ subtopologyId, partitions }) => {
      const tasks = assigned.get(subtopologyId);
      return tasks !== undefined && partitions.every((partition) => tasks.has(partition));
    })
  );
}

/** Tasks that are told as owned exist. */
export function checkOwnedTasks(
  { subtopologies, fault }: ConfiguredTopology,
  { activeTasks, standbyTasks, warmupTasks }: StreamsGroupHeartbeatRequest,
): void {
  if (fault !== undefined || subtopologies === undefined) return;
  for (const owned of [activeTasks, standbyTasks, warmupTasks])
    for (const { subtopologyId, partitions } of owned ?? []) {
      const subtopology = subtopologies.get(subtopologyId);
      if (subtopology === undefined)
        throw invalid(`Subtopology ${subtopologyId} does not exist in the topology.`);
      const { taskCount } = subtopology;
      for (const partition of partitions)
        if (partition < 0 || partition >= taskCount)
          throw invalid(
            `Task ${partition} for subtopology ${subtopologyId} is invalid. Number of tasks for this subtopology: ${taskCount}`,
          );
    }
}

function invalid(message: string): GroupRefusal {
  return new GroupRefusal(errorCode.invalidRequest, message);
}
