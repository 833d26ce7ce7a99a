import type { CoordinatorRecord } from "../../coordinator-record.ts";
import type { ClassicGroup } from "./classic-group.ts";
import { groupRecord } from "./group-record.ts";

/** The group as it stands, or as it will be with these assignments by member id. */
export function snapshotRecord(
  group: ClassicGroup,
  assignments?: ReadonlyMap<string, Uint8Array>,
): CoordinatorRecord {
  return groupRecord(group.groupId, {
    protocolType: group.protocolType ?? "",
    generation: group.generationId,
    protocol: group.protocolName,
    leader: group.leaderId,
    currentStateTimestamp: group.stateTimestamp,
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: member.metadataOf(group.protocolName ?? ""),
      assignment: assignments?.get(member.memberId) ?? member.assignment,
    })),
  });
}
