import { noBytes } from "@millrace/model";
import type { ClassicGroup } from "./classic-group.ts";
import type { GroupState } from "./group-state.ts";

/** What DescribeGroups tells. */
export interface GroupDescription {
  readonly groupId: string;
  readonly protocolType: string;
  readonly state: GroupState;
  /** Empty unless stable. */
  readonly protocolName: string;
  readonly members: readonly MemberDescription[];
}

export interface MemberDescription {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** Empty unless the group is stable. */
  readonly memberMetadata: Uint8Array;
  readonly memberAssignment: Uint8Array;
}

export function describeGroup(group: ClassicGroup): GroupDescription {
  const protocolName = group.state === "Stable" ? group.protocolName : null;
  return {
    groupId: group.groupId,
    protocolType: group.protocolType ?? "",
    state: group.state,
    protocolName: protocolName ?? "",
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: protocolName === null ? noBytes : member.metadataOf(protocolName),
      memberAssignment: member.assignment,
    })),
  };
}
