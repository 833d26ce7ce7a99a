import { errorCode } from "../error-code.ts";
import type { GroupResult, GroupWorld } from "./group-world.ts";
import { offsetRecord } from "./offsets/offset-record.ts";

/** Kafka's DeleteGroups: a group without members, and its offsets. Gives an error code. */
export function deleteGroup(world: GroupWorld, groupId: string): GroupResult<number> {
  const group = world.groups.get(groupId);
  const refused = group?.refuseDelete() ?? errorCode.groupIdNotFound;
  if (group === undefined || refused !== errorCode.none) return { records: [], response: refused };
  const offsets = world.offsets.allPlacesOf(groupId).map((place) => offsetRecord(place, null));
  return { records: [...offsets, ...group.tombstones()], response: errorCode.none };
}
