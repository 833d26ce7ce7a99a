import { errorCode } from "../error-code.ts";
import type { ClassicGroup } from "./classic-group.ts";
import type { CommittedOffset } from "./committed-offsets.ts";
import type { GroupRecord } from "./group-record.ts";
import { groupOrNew, nothing, type GroupResult, type GroupWorld } from "./group-world.ts";
import { restartSession } from "./rebalance.ts";
import { checkStreamsCommit, type CommitCheck } from "./streams/check-offsets.ts";

/**
 * A plain commit, or one within a transaction; who commits for no member says generation -1 and "".
 */
export interface CommitOffsetsRequest {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly kind: "plain" | "transactional";
  /** A group that is not there is named by its own error from OffsetCommit v9 on. */
  readonly knowsGroupIdNotFound: boolean;
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
  if (typeof check === "number") return { ...nothing, response: check };
  const nowMs = world.clock.wallMs();
  // Of a partition that is named twice the last offset counts, and is written alone.
  const records = new Map<string, GroupRecord>();
  const response = request.offsets.map((offset) => {
    // UTF-16 units, as Kafka counts.
    if (offset.metadata.length > world.config.offsetMetadataLengthMax)
      return errorCode.offsetMetadataTooLarge;
    const refused = check(offset.topic, offset.partition);
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
    const record = {
      kind: "offset",
      groupId: request.groupId,
      topic,
      partition,
      committed,
    } as const;
    records.set(`${topic}/${partition}`, record);
    return errorCode.none;
  });
  return { records: [...records.values()], response };
}

function checkCommit(world: GroupWorld, request: CommitOffsetsRequest): CommitCheck | number {
  const streamsGroup = world.streams.groups.get(request.groupId);
  if (streamsGroup !== undefined) return checkStreamsCommit(streamsGroup, request);
  const refused = refuseCommit(world, request);
  return refused === errorCode.none ? () => errorCode.none : refused;
}

function refuseCommit(world: GroupWorld, request: CommitOffsetsRequest): number {
  const isPlain = request.kind === "plain";
  const known = world.groups.get(request.groupId);
  if (known === undefined && request.generationId >= 0)
    return isPlain && request.knowsGroupIdNotFound
      ? errorCode.groupIdNotFound
      : errorCode.illegalGeneration;
  const group = known ?? groupOrNew(world, request.groupId);
  const refused = refuseCommitTo(group, request);
  if (refused !== errorCode.none) return refused;
  const member = group.members.get(request.memberId);
  const keepsSession = group.state === "Stable" || group.state === "PreparingRebalance";
  if (isPlain && keepsSession && member !== undefined) restartSession(world, group, member);
  return errorCode.none;
}

/** Fences by member, instance and generation (KIP-447 brings it to transactions). */
function refuseCommitTo(group: ClassicGroup, request: CommitOffsetsRequest): number {
  const { memberId, groupInstanceId, generationId } = request;
  if (group.state === "Dead") return errorCode.coordinatorNotAvailable;
  if (generationId < 0 && group.state === "Empty") return errorCode.none;
  const isPlain = request.kind === "plain";
  if (generationId >= 0 || memberId !== "" || groupInstanceId !== null) {
    const refused = group.refuseMember(memberId, groupInstanceId);
    if (refused !== errorCode.none) return refused;
    if (generationId !== group.generationId) return errorCode.illegalGeneration;
  } else if (isPlain) return errorCode.unknownMemberId;
  return isPlain && group.state === "CompletingRebalance"
    ? errorCode.rebalanceInProgress
    : errorCode.none;
}
