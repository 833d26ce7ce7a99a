import type { CoordinatorRecord } from "../../coordinator-record.ts";
import type { CommittedOffset } from "./committed-offsets.ts";
import type { Group, GroupResult, GroupWorld } from "../group-world.ts";
import { offsetRecord } from "./offset-record.ts";

/** Tombstones that are written in one go; what is left comes with the next one. */
const tombstonesMax = 1000;

/**
 * Forgets offsets whose time is over (Kafka: `cleanupGroupMetadata`), and groups without members of which nothing is
 * left. What members are subscribed to stays, and what a transaction is about to commit. Gives how many records that took.
 */
export function expireOffsets(world: GroupWorld): GroupResult<number> {
  const records: CoordinatorRecord[] = [];
  for (const group of world.groups.values()) {
    if (records.length >= tombstonesMax) break;
    // Share groups keep no offsets here.
    if (group.type !== "share") records.push(...expireOffsetsOf(world, group));
  }
  return { records, response: records.length };
}

function expireOffsetsOf(world: GroupWorld, group: Group): readonly CoordinatorRecord[] {
  const { groupId } = group;
  const { offsets } = world;
  const places = offsets.placesOf(groupId);
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
