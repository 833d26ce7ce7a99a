import { offsetCommitRecord } from "@millrace/protocol/definitions";
import { RecordKind, type CoordinatorRecord, type RecordReplay } from "../../coordinator-record.ts";
import type { RecordOrigin } from "../../coordinator-shard.ts";
import { groupOrSimple } from "../classic/find-group.ts";
import type { GroupWorld } from "../group-world.ts";
import type { CommittedOffset } from "./committed-offsets.ts";
import type { OffsetPlace } from "./offset-table.ts";

const valueVersion = 4;
/** The one that can hold when an offset expires. */
const expiringValueVersion = 1;

const offsetKind = new RecordKind(offsetCommitRecord, ({ expireTimestamp }) =>
  expireTimestamp === -1 ? valueVersion : expiringValueVersion,
);
/** Kafka's oldest ones are read, and not written. */
const legacyKind = new RecordKind({ ...offsetCommitRecord, type: 0 }, expiringValueVersion);

export const offsetReplays: readonly RecordReplay<GroupWorld>[] = [
  offsetKind.replayedBy(replay),
  legacyKind.replayedBy(replay),
];

export function offsetRecord(
  { groupId, topic, partition }: OffsetPlace,
  committed: CommittedOffset | null,
): CoordinatorRecord {
  return offsetKind.record({ group: groupId, topic, partition }, committed);
}

type OffsetKey = Pick<OffsetPlace, "topic" | "partition"> & { readonly group: string };

function replay(
  world: GroupWorld,
  { group: groupId, topic, partition }: OffsetKey,
  committed: CommittedOffset | null,
  origin: RecordOrigin,
): void {
  const place = { groupId, topic, partition };
  if (committed === null) return world.offsets.delete(place);
  // A group that only commits has no other record.
  groupOrSimple(world, groupId);
  if (origin.producer === undefined) return world.offsets.commit(place, origin.offset, committed);
  const { producerId } = origin.producer;
  world.offsets.commitPending(place, origin.offset, { producerId, committed });
}
