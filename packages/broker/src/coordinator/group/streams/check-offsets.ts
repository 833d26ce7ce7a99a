import { errorCode } from "../../error-code.ts";
import type { AskingMember, CommitCheck, OffsetCommitter } from "../group-world.ts";
import type { StreamsMember } from "./streams-member.ts";
import { readerOf, type Topology } from "./topology.ts";

/** What a streams group says of its members and their tasks. */
interface Owners {
  readonly members: ReadonlyMap<string, StreamsMember>;
  readonly topology: Topology | undefined;
}

const accepted: CommitCheck = () => errorCode.none;

/**
 * Who may commit to a streams group: an error code, or a check of each partition. A member that has
 * yet to hear of its new epoch may commit for the tasks that it had before.
 */
export function checkStreamsCommit(group: Owners, commit: OffsetCommitter): CommitCheck | number {
  const { memberId, generationId } = commit;
  const isPlain = commit.kind === "plain";
  if (generationId < 0 && group.members.size === 0) return accepted;
  if (!isPlain && generationId === -1 && memberId === "" && commit.groupInstanceId === null)
    return accepted;
  const member = group.members.get(memberId);
  if (member === undefined) return errorCode.unknownMemberId;
  if (isPlain && !commit.knowsMemberEpochs) return errorCode.unsupportedVersion;
  if (generationId === member.memberEpoch) return accepted;
  const stale = isPlain ? errorCode.staleMemberEpoch : errorCode.illegalGeneration;
  if (generationId > member.memberEpoch) return stale;
  return ({ topic, partition }) =>
    generationId >= taskEpoch(group, member, { topic, partition }) ? errorCode.none : stale;
}

/** The epoch that gave the member the partition's task; infinite where it has no such task. */
function taskEpoch(
  { topology }: Owners,
  { assigned, revoking }: StreamsMember,
  { topic, partition }: { readonly topic: string; readonly partition: number },
): number {
  const reader = topology && readerOf(topology, topic);
  if (reader === undefined) return Infinity;
  const { subtopologyId } = reader;
  return (
    assigned.active.get(subtopologyId)?.get(partition) ??
    revoking.active.get(subtopologyId)?.get(partition) ??
    Infinity
  );
}

/** Who may read offsets of a streams group: members by their epoch, and everybody else. */
export function checkStreamsFetch(group: Owners, asking: AskingMember | null): number {
  if (asking === null) return errorCode.none;
  const member = group.members.get(asking.memberId);
  if (member === undefined) return errorCode.unknownMemberId;
  return asking.memberEpoch === member.memberEpoch ? errorCode.none : errorCode.staleMemberEpoch;
}
