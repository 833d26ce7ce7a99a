import type { TransactionMarker } from "../coordinator-log.ts";
import type { CoordinatorShard, RecordOrigin } from "../coordinator-shard.ts";
import { errorCode } from "../error-code.ts";
import { ClassicGroup } from "./classic-group.ts";
import { CommittedOffsets, type CommittedOffset } from "./committed-offsets.ts";
import { GroupMember } from "./group-member.ts";
import type { GroupRecord, GroupSnapshot } from "./group-record.ts";
import {
  groupOrNew,
  heartbeatTimer,
  joinTimer,
  syncTimer,
  type GroupResult,
  type GroupWorld,
} from "./group-world.ts";
import type { OffsetPlace } from "./offset-table.ts";
import { prepareRebalance, restartSession } from "./rebalance.ts";
import { replayStreams } from "./streams/replay-streams.ts";
import { deleteStreamsGroup, startStreamsGroups } from "./streams/streams-upkeep.ts";

/** Groups and offsets of one partition of `__consumer_offsets`. */
export class GroupShard implements CoordinatorShard<GroupRecord> {
  readonly world: GroupWorld;
  readonly #offsets = new CommittedOffsets();

  constructor(world: GroupWorld) {
    this.world = world;
  }

  replay(record: GroupRecord, origin: RecordOrigin): void {
    if (record.kind === "streams") {
      // A group that only has offsets becomes one of streams with its first member.
      if (record.value !== null) this.world.groups.delete(record.groupId);
      replayStreams(this.world.streams.groups, record);
    } else if (record.kind === "offset") this.#replayOffset(record, origin);
    else if (record.snapshot === null) this.#forget(record.groupId);
    // A group that lives is ahead of its snapshots.
    else if (origin.isLoading) this.#restore(record.groupId, record.snapshot);
  }

  replayMarker(marker: TransactionMarker): void {
    this.#offsets.decide(marker.producerId, marker.result);
  }

  /** Members have their session's length from now on to be heard of. */
  loaded(): void {
    startStreamsGroups(this.world.streams);
    for (const group of this.world.groups.values()) {
      for (const member of group.members.values()) restartSession(this.world, group, member);
      if (group.members.size > this.world.config.sizeMax) prepareRebalance(this.world, group);
    }
  }

  /**
   * The offset that counts; undefined: none. `isUnstable` while a transaction that commits it is
   * open.
   */
  offsetOf(place: OffsetPlace): {
    readonly committed: CommittedOffset | undefined;
    readonly isUnstable: boolean;
  } {
    const isUnstable = this.#offsets.isPending(place);
    if (!this.world.groups.has(place.groupId) && !this.world.streams.groups.has(place.groupId))
      return { committed: undefined, isUnstable };
    return { committed: this.#offsets.get(place), isUnstable };
  }

  /** What all groups have committed. */
  allCommitted(): readonly (OffsetPlace & CommittedOffset)[] {
    return this.#offsets.all();
  }

  placesOf(groupId: string): readonly OffsetPlace[] {
    return this.#offsets.placesOf(groupId);
  }

  /** Kafka's DeleteGroups: an empty group and its offsets. Gives an error code. */
  deleteGroup(groupId: string): GroupResult<number> {
    const streamsGroup = this.world.streams.groups.get(groupId);
    if (streamsGroup !== undefined)
      return deleteStreamsGroup(
        this.world.streams,
        streamsGroup,
        this.#offsets.allPlacesOf(groupId).map(tombstone),
      );
    const group = this.world.groups.get(groupId);
    if (group === undefined || group.state === "Dead")
      return { records: [], response: errorCode.groupIdNotFound };
    if (group.state !== "Empty") return { records: [], response: errorCode.nonEmptyGroup };
    const records: GroupRecord[] = this.#offsets.allPlacesOf(groupId).map(tombstone);
    records.push({ kind: "group", groupId, snapshot: null });
    return { records, response: errorCode.none };
  }

  /** Kafka's OffsetDelete. An error code per place; a number alone for all. */
  deleteOffsets(
    groupId: string,
    places: readonly OffsetPlace[],
  ): GroupResult<readonly number[] | number> {
    const streamsGroup = this.world.streams.groups.get(groupId);
    const group = this.world.groups.get(groupId);
    if (streamsGroup === undefined) {
      if (group === undefined || group.state === "Dead")
        return { records: [], response: errorCode.groupIdNotFound };
      if (group.state !== "Empty" && !group.isConsumerGroup)
        return { records: [], response: errorCode.nonEmptyGroup };
    }
    const isFree = ({ topic }: OffsetPlace) =>
      streamsGroup === undefined
        ? group?.isSubscribedTo(topic) !== true
        : !streamsGroup.isSubscribedTo(topic);
    const isKept = (place: OffsetPlace) =>
      this.#offsets.get(place) !== undefined || this.#offsets.isPending(place);
    const named = new Map(places.map((place) => [`${place.topic}/${place.partition}`, place]));
    const deleted = [...named.values()].filter((place) => isFree(place) && isKept(place));
    return {
      records: deleted.map(tombstone),
      response: places.map((place) =>
        isFree(place) ? errorCode.none : errorCode.groupSubscribedToTopic,
      ),
    };
  }

  /** A topic is gone, and so are the offsets that were committed for it. */
  deleteOffsetsOfTopic(topic: string): GroupResult {
    return { records: this.#offsets.placesOfTopic(topic).map(tombstone), response: undefined };
  }

  #replayOffset(record: GroupRecord & { readonly kind: "offset" }, origin: RecordOrigin): void {
    if (record.committed === null) {
      this.#offsets.delete(record);
      return;
    }
    // A group that only commits has no other record.
    if (!this.world.streams.groups.has(record.groupId)) groupOrNew(this.world, record.groupId);
    if (origin.producer === undefined)
      this.#offsets.commit(record, origin.offset, record.committed);
    else
      this.#offsets.commitPending(record, origin.offset, {
        producerId: origin.producer.producerId,
        committed: record.committed,
      });
  }

  #forget(groupId: string): void {
    const group = this.world.groups.get(groupId);
    if (group === undefined) return;
    this.world.groups.delete(groupId);
    const { timers } = this.world;
    timers.cancel(joinTimer(groupId));
    timers.cancel(syncTimer(groupId));
    for (const memberId of [...group.members.keys(), ...group.pendingJoinMembers])
      timers.cancel(heartbeatTimer(groupId, memberId));
  }

  #restore(groupId: string, snapshot: GroupSnapshot): void {
    const group = new ClassicGroup({
      groupId,
      state: snapshot.members.length === 0 ? "Empty" : "Stable",
      generationId: snapshot.generation,
      protocolType: snapshot.protocolType === "" ? null : snapshot.protocolType,
      protocolName: snapshot.protocol,
      leaderId: snapshot.leader,
      stateTimestamp: snapshot.currentStateTimestamp,
    });
    for (const member of snapshot.members)
      group.add(
        new GroupMember({
          ...member,
          rebalanceTimeoutMs:
            member.rebalanceTimeout === -1 ? member.sessionTimeout : member.rebalanceTimeout,
          sessionTimeoutMs: member.sessionTimeout,
          protocolType: snapshot.protocolType,
          protocols: [{ name: snapshot.protocol ?? "", metadata: member.subscription }],
        }),
      );
    group.computeSubscribedTopics();
    this.world.groups.set(groupId, group);
  }
}

function tombstone({ groupId, topic, partition }: OffsetPlace): GroupRecord {
  return { kind: "offset", groupId, topic, partition, committed: null };
}
