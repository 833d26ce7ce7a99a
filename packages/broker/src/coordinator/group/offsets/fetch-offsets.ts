import { zeroUuid } from "@millrace/protocol/wire";
import { errorCode } from "../../error-code.ts";
import type { AskingMember, GroupWorld } from "../group-world.ts";
import type { OffsetPlace } from "./offset-table.ts";

export interface FetchOffsetsRequest {
  readonly groupId: string;
  readonly places: "all" | readonly PlaceToFetch[];
  /** An offset that an open transaction is about to change is refused (KIP-447). */
  readonly requireStable: boolean;
  /** The member that asks; null: nobody of the group. */
  readonly member: AskingMember | null;
}

export interface PlaceToFetch {
  readonly topic: string;
  /** An offset that was committed for another topic of the same name does not count; zero: any. */
  readonly topicId: string;
  readonly partition: number;
}

export interface FetchedOffset extends OffsetPlace {
  readonly errorCode: number;
  /** -1: none. */
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
}

/** Kafka: `OffsetMetadataManager.fetchOffsets` and `fetchAllOffsets`. */
export function fetchOffsets(
  world: GroupWorld,
  request: FetchOffsetsRequest,
): readonly FetchedOffset[] | number {
  const { groupId, places, requireStable } = request;
  const refused = world.groups.get(groupId)?.refuseFetch(request.member) ?? errorCode.none;
  if (refused !== errorCode.none) return refused;
  if (places === "all")
    return world.offsets
      .placesOf(groupId)
      .map((place) => fetchOffset(world, place, { topicId: zeroUuid, requireStable }));
  return places.map(({ topic, topicId, partition }) =>
    fetchOffset(world, { groupId, topic, partition }, { topicId, requireStable }),
  );
}

function fetchOffset(
  world: GroupWorld,
  place: OffsetPlace,
  wanted: { readonly topicId: string; readonly requireStable: boolean },
): FetchedOffset {
  const isUnstable = world.offsets.isPending(place);
  const committed = world.groups.has(place.groupId) ? world.offsets.get(place) : undefined;
  const none = { ...place, errorCode: errorCode.none, offset: -1, leaderEpoch: -1, metadata: "" };
  if (wanted.requireStable && isUnstable)
    return { ...none, errorCode: errorCode.unstableOffsetCommit };
  if (committed === undefined || isOther(committed.topicId, wanted.topicId)) return none;
  const { offset, leaderEpoch, metadata } = committed;
  return { ...none, offset, leaderEpoch, metadata };
}

function isOther(committedTopicId: string, topicId: string): boolean {
  return committedTopicId !== zeroUuid && topicId !== zeroUuid && committedTopicId !== topicId;
}
