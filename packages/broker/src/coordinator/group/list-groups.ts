import type { Group, GroupType, GroupWorld } from "./group-world.ts";

/** What ListGroups tells of a group of any type. */
export interface GroupListing {
  readonly groupId: string;
  readonly protocolType: string;
  readonly state: string;
  readonly type: GroupType;
}

export function listGroups(world: GroupWorld): readonly GroupListing[] {
  return [...world.groups.values()].map((group: Group) => ({
    groupId: group.groupId,
    protocolType: group.protocolType ?? "",
    state: group.stateName,
    type: group.type,
  }));
}
