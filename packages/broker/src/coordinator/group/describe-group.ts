import { noBytes } from "@millrace/model";
import type { ClassicGroup } from "./classic-group.ts";
import type { GroupState } from "./group-state.ts";
import type { StreamsGroup, StreamsGroupState } from "./streams/streams-group.ts";

export interface GroupListing {
  readonly groupId: string;
  readonly protocolType: string;
  readonly state: GroupState | StreamsGroupState;
  readonly groupType: "classic" | "streams";
}

export interface GroupDescription extends GroupListing {
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

export function listGroup(group: ClassicGroup): GroupListing {
  const { groupId, state } = group;
  return { groupId, protocolType: group.protocolType ?? "", state, groupType: "classic" };
}

export function listStreamsGroup({ groupId, state }: StreamsGroup): GroupListing {
  return { groupId, protocolType: "streams", state, groupType: "streams" };
}

export function describeGroup(group: ClassicGroup): GroupDescription {
  const protocolName = group.state === "Stable" ? group.protocolName : null;
  return {
    ...listGroup(group),
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
