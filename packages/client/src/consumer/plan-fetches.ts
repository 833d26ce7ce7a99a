import type { ClusterMetadata } from "../metadata/cluster-metadata.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import type { FetchPlan } from "./broker-fetcher.ts";
import type { FetchTarget } from "./fetch-session.ts";

/** Kafka: `fetch.max.bytes`. */
const responseBytesMax = 52_428_800;
/** What a partition of which nothing is held may bring although the bound is reached. */
const shareBytes = 64 * 1024;

export interface FetchBounds {
  readonly bufferBytesMax: number;
  readonly partitionBytesMax: number;
}

/** What to ask of every broker that leads something which may be fetched now. */
export function planFetches(
  partitions: Iterable<AssignedPartition>,
  metadata: ClusterMetadata,
  {
    nowMs,
    heldBytes,
    bounds,
  }: { readonly nowMs: number; readonly heldBytes: number; readonly bounds: FetchBounds },
): { readonly plans: ReadonlyMap<number, FetchPlan>; readonly isLeaderMissing: boolean } {
  const byNode = new Map<number, { targets: FetchTarget[]; isHeldBack: boolean }>();
  const roomBytes = Math.max(0, bounds.bufferBytesMax - heldBytes);
  let isLeaderMissing = false;
  for (const assigned of partitions) {
    if (assigned.failure !== undefined || assigned.isLost || assigned.notBeforeMs > nowMs) continue;
    const { topic, partition } = assigned;
    const nodeId = metadata.leaderId(topic, partition);
    if (nodeId === undefined) {
      isLeaderMissing = true;
      continue;
    }
    let group = byNode.get(nodeId);
    if (group === undefined) byNode.set(nodeId, (group = { targets: [], isHeldBack: false }));
    const bytesMax = bytesMaxOf(assigned, roomBytes, bounds);
    if (bytesMax === 0) {
      group.isHeldBack = true;
      continue;
    }
    const topicId = (assigned.topicId ??= metadata.topic(topic)?.topicId);
    const leaderEpoch = metadata.leaderEpoch(topic, partition);
    const { fetchOffset } = assigned;
    // It is in no checksum, and none is later than that of the leader.
    const isKnown = assigned.lastEpoch >= 0 && assigned.lastEpoch <= leaderEpoch;
    const lastEpoch = isKnown ? assigned.lastEpoch : -1;
    group.targets.push({ assigned, topicId, leaderEpoch, fetchOffset, lastEpoch, bytesMax });
  }
  const plans = new Map<number, FetchPlan>();
  for (const [nodeId, { targets, isHeldBack }] of byNode) {
    const shares = targets.filter(({ assigned }) => assigned.held.sizeBytes === 0).length;
    const wanted = Math.max(roomBytes, shares * shareBytes, 1);
    const plan = { targets, isHeldBack, responseBytesMax: Math.min(responseBytesMax, wanted) };
    plans.set(nodeId, plan);
  }
  return { plans, isLeaderMissing };
}

/**
 * 0: the partition is held back. A paused partition is fetched ahead as well, so that there is something to go on
 * with when it resumes.
 */
function bytesMaxOf(
  { held }: AssignedPartition,
  roomBytes: number,
  { partitionBytesMax }: FetchBounds,
): number {
  if (held.sizeBytes === 0)
    return roomBytes > 0 ? partitionBytesMax : Math.min(shareBytes, partitionBytesMax);
  return roomBytes > 0 && held.sizeBytes < 2 * partitionBytesMax ? partitionBytesMax : 0;
}
