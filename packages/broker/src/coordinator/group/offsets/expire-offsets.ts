import type { CoordinatorRecord } from "../../coordinator-record.ts";
import type { CommittedOffset } from "./committed-offsets.ts";
import type { Group, GroupResult, GroupWorld } from "../group-world.ts";
import { offsetRecord } from "./offset-record.ts";
import type { OffsetPlace } from "./offset-table.ts";

/** Tombstones that are written in one go; what is left comes with the next one. */
const tombstonesMax = 1000;
/** Offsets, and groups, that are looked at before others have their turn. */
const atOnce = 5000;

/**
 * Forgets offsets whose time is over (Kafka: `cleanupGroupMetadata`), and groups without members of which nothing is
 * left. What members are subscribed to stays, and what a transaction is about to commit. Gives whether there are groups
 * left to look at.
 */
export function expireOffsets(world: GroupWorld, groups: Iterator<Group>): GroupResult<boolean> {
  const records: CoordinatorRecord[] = [];
  for (let count = 0; count < atOnce && records.length < tombstonesMax;) {
    const { done, value: group } = groups.next();
    if (done === true) return { records, response: false };
    count++;
    // Share groups keep no offsets here.
    if (group.type === "share") continue;
    const places = world.offsets.placesOf(group.groupId);
    count += places.length;
    for (const record of expireOffsetsOf(world, group, places)) records.push(record);
  }
  return { records, response: true };
}

function expireOffsetsOf(
  world: GroupWorld,
  group: Group,
  places: readonly OffsetPlace[],
): readonly CoordinatorRecord[] {
  const { groupId } = group;
  const { offsets } = world;
  const expired = places.filter((place) => {
    const committed = offsets.get(place);
    if (committed === undefined || offsets.isPending(place)) return false;
    return !group.isSubscribedTo(place.topic) && isExpired(world, group, committed);
  });
  const records = expired.map((place) => offsetRecord(place, null));
  const isForgotten = expired.length === places.length && !offsets.hasPending(groupId);
  return isForgotten && group.isEmpty ? [...records, ...group.tombstones()] : records;
}

function isExpired(
  { clock, configs }: GroupWorld,
  group: Group,
  { commitTimestamp, expireTimestamp }: CommittedOffset,
): boolean {
  const startMs = group.retentionStartMs(commitTimestamp);
  if (startMs === undefined) return false;
  const nowMs = clock.wallMs();
  // Clients of old said for how long.
  return expireTimestamp === -1
    ? nowMs - startMs >= configs.classic.offsetsRetentionMs
    : nowMs >= expireTimestamp;
}
