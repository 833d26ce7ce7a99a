import { errorCode } from "../../error-code.ts";
import type { CoordinatorRecord } from "../../coordinator-record.ts";
import type { CommittedOffset } from "./committed-offsets.ts";
import { ClassicGroup } from "../classic/classic-group.ts";
import { groupOrSimple } from "../classic/find-group.ts";
import { keepSession } from "../classic/rebalance.ts";
import {
  nothing,
  type CommitCheck,
  type GroupResult,
  type GroupWorld,
  type OffsetCommitter,
} from "../group-world.ts";
import { offsetRecord } from "./offset-record.ts";

/**
 * A plain commit, or one within a transaction; who commits for no member says generation -1 and "".
 */
export interface CommitOffsetsRequest extends OffsetCommitter {
  readonly groupId: string;
  /** -1: as long as the broker keeps offsets. */
  readonly retentionTimeMs: number;
  readonly offsets: readonly OffsetToCommit[];
}

export interface OffsetToCommit {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
}

/**
 * Kafka: `OffsetMetadataManager.commitOffset`. An error code per offset; a number alone for all.
 */
export function commitOffsets(
  world: GroupWorld,
  request: CommitOffsetsRequest,
): GroupResult<readonly number[] | number> {
  const check = checkCommit(world, request);
  if (typeof check === "number" && check !== errorCode.none) return { ...nothing, response: check };
  const stale =
    request.kind === "transactional" ? firstRefusal(check, request.offsets) : errorCode.none;
  if (stale !== errorCode.none) return { ...nothing, response: stale };
  const nowMs = world.clock.wallMs();
  // Of a partition that is named twice the last offset counts, and is written alone.
  const records = new Map<string, CoordinatorRecord>();
  const response = request.offsets.map((offset) => {
    // UTF-16 units, as Kafka counts.
    if (offset.metadata.length > world.configs.classic.offsetMetadataLengthMax)
      return errorCode.offsetMetadataTooLarge;
    const refused = typeof check === "number" ? check : check(offset);
    if (refused !== errorCode.none) return refused;
    const committed: CommittedOffset = {
      offset: offset.offset,
      leaderEpoch: offset.leaderEpoch,
      metadata: offset.metadata,
      commitTimestamp: nowMs,
      expireTimestamp: request.retentionTimeMs === -1 ? -1 : nowMs + request.retentionTimeMs,
      topicId: offset.topicId,
    };
    const { topic, partition } = offset;
    const place = { groupId: request.groupId, topic, partition };
    records.set(`${topic}/${partition}`, offsetRecord(place, committed));
    return errorCode.none;
  });
  return { records: [...records.values()], response };
}

/** Offsets of a transaction stand or fall together. */
function firstRefusal(check: number | CommitCheck, offsets: readonly OffsetToCommit[]): number {
  if (typeof check === "number") return check;
  return offsets.map(check).find((refused) => refused !== errorCode.none) ?? errorCode.none;
}

function checkCommit(world: GroupWorld, request: CommitOffsetsRequest): number | CommitCheck {
  const known = world.groups.get(request.groupId);
  if (known === undefined && request.generationId >= 0)
    // A group that is not there is named by its own error from OffsetCommit v9 on.
    return request.kind === "plain" && request.knowsMemberEpochs
      ? errorCode.groupIdNotFound
      : errorCode.illegalGeneration;
  const group = known ?? groupOrSimple(world, request.groupId);
  const check = group.checkCommit(request);
  if (check === errorCode.none && request.kind === "plain" && group instanceof ClassicGroup)
    keepSession(world, group, request.memberId);
  return check;
}
