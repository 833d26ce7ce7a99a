import { errorCode } from "../../error-code.ts";
import type { AskingMember, CommitCheck, OffsetCommitter } from "../group-world.ts";
import { type ConsumerMember, usesClassicProtocol } from "./consumer-member.ts";

type Members = ReadonlyMap<string, ConsumerMember>;

/**
 * Who may commit to a consumer group: an error code, or a check of each partition. A member that has
 * yet to hear of its new epoch may commit for the partitions that it had before.
 */
export function checkConsumerCommit(
  members: Members,
  commit: OffsetCommitter,
): CommitCheck | number {
  const { memberId, generationId } = commit;
  const isPlain = commit.kind === "plain";
  if (generationId < 0 && members.size === 0) return errorCode.none;
  if (!isPlain && generationId === -1 && memberId === "" && commit.groupInstanceId === null)
    return errorCode.none;
  const member = members.get(memberId);
  if (member === undefined) return errorCode.unknownMemberId;
  if (isPlain && !usesClassicProtocol(member) && !commit.knowsMemberEpochs)
    return errorCode.unsupportedVersion;
  if (generationId === member.memberEpoch) return errorCode.none;
  // A transaction knows no epochs of members: it is told what it was always told.
  const stale =
    isPlain && !usesClassicProtocol(member)
      ? errorCode.staleMemberEpoch
      : errorCode.illegalGeneration;
  if (generationId > member.memberEpoch) return stale;
  return ({ topicId, partition }) => {
    const epoch =
      member.assigned.get(topicId)?.get(partition) ??
      member.revoking.get(topicId)?.get(partition) ??
      Infinity;
    return generationId >= epoch ? errorCode.none : stale;
  };
}

/** Who may read offsets of a consumer group: members by their epoch, and everybody else. */
export function checkConsumerFetch(members: Members, asking: AskingMember | null): number {
  if (asking === null) return errorCode.none;
  const member = members.get(asking.memberId);
  if (member === undefined) return errorCode.unknownMemberId;
  if (asking.memberEpoch === member.memberEpoch) return errorCode.none;
  return usesClassicProtocol(member) ? errorCode.illegalGeneration : errorCode.staleMemberEpoch;
}
