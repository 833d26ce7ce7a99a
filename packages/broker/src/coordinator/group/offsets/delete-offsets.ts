import { errorCode } from "../../error-code.ts";
import type { GroupResult, GroupWorld } from "../group-world.ts";
import { offsetRecord } from "./offset-record.ts";
import type { OffsetPlace } from "./offset-table.ts";

/** Kafka's OffsetDelete. An error code per place; a number alone for all. */
export function deleteOffsets(
  world: GroupWorld,
  groupId: string,
  places: readonly OffsetPlace[],
): GroupResult<readonly number[] | number> {
  const group = world.groups.get(groupId);
  const refused = group?.refuseOffsetDelete() ?? errorCode.groupIdNotFound;
  if (group === undefined || refused !== errorCode.none) return { records: [], response: refused };
  const isFree = (place: OffsetPlace) => !group.isSubscribedTo(place.topic);
  const isKept = (place: OffsetPlace) =>
    world.offsets.get(place) !== undefined || world.offsets.isPending(place);
  const named = new Map(places.map((place) => [`${place.topic}/${place.partition}`, place]));
  const deleted = [...named.values()].filter((place) => isFree(place) && isKept(place));
  return {
    records: deleted.map((place) => offsetRecord(place, null)),
    response: places.map((place) =>
      isFree(place) ? errorCode.none : errorCode.groupSubscribedToTopic,
    ),
  };
}

/** A topic is gone, and so are the offsets that were committed for it. */
export function deleteOffsetsOfTopic(world: GroupWorld, topic: string): GroupResult {
  const places = world.offsets.placesOfTopic(topic);
  return { records: places.map((place) => offsetRecord(place, null)), response: undefined };
}
