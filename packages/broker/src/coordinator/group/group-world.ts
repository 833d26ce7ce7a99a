import type { Clock, Random } from "@millrace/platform";
import type { ShardResult, ShardTimers } from "../coordinator-shard.ts";
import { ClassicGroup } from "./classic-group.ts";
import type { GroupConfig } from "./group-config.ts";
import type { GroupRecord, GroupSnapshot } from "./group-record.ts";
import type { StreamsWorld } from "./streams/streams-world.ts";

/** What the phases of a group's life need of the shard that they run in. */
export interface GroupWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: ShardTimers<GroupRecord>;
  readonly config: GroupConfig;
  /** Groups of this shard by id. */
  readonly groups: Map<string, ClassicGroup>;
  /** Streams groups of this shard. */
  readonly streams: StreamsWorld;
  /** Kafka's error code for a failure of the log. */
  readonly codeOfFailure: (failure: Error) => number;
}

export type GroupResult<Response = void> = ShardResult<GroupRecord, Response>;

export const nothing: GroupResult = Object.freeze({ records: [], response: undefined });

/** Timer keys. Ids are free texts: the length keeps them apart. */
export function heartbeatTimer(groupId: string, memberId: string): string {
  return `heartbeat ${groupId.length} ${groupId} ${memberId}`;
}

export function joinTimer(groupId: string): string {
  return `join ${groupId}`;
}

export function syncTimer(groupId: string): string {
  return `sync ${groupId}`;
}

/**
 * The group of an id, made if it is not there: one that has only committed offsets starts so too.
 */
export function groupOrNew(world: GroupWorld, groupId: string): ClassicGroup {
  const known = world.groups.get(groupId);
  if (known !== undefined) return known;
  const group = new ClassicGroup({ groupId, stateTimestamp: world.clock.wallMs() });
  world.groups.set(groupId, group);
  return group;
}

export function snapshotRecord(
  group: ClassicGroup,
  assignments?: ReadonlyMap<string, Uint8Array>,
): GroupRecord {
  const snapshot: GroupSnapshot = {
    protocolType: group.protocolType ?? "",
    generation: group.generationId,
    protocol: group.protocolName,
    leader: group.leaderId,
    currentStateTimestamp: group.stateTimestamp,
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: member.metadataOf(group.protocolName ?? ""),
      assignment: assignments?.get(member.memberId) ?? member.assignment,
    })),
  };
  return { kind: "group", groupId: group.groupId, snapshot };
}
