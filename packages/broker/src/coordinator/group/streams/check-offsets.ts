import { errorCode } from "../../error-code.ts";
import type { StreamsGroup } from "./streams-group.ts";
import type { StreamsMember } from "./streams-member.ts";
import { readerOf } from "./topology.ts";

export interface StreamsCommit {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** Epoch of the member. */
  readonly generationId: number;
  readonly kind: "plain" | "transactional";
  readonly knowsGroupIdNotFound: boolean;
}

/** Error code of a commit's partition. */
export type CommitCheck = (topic: string, partition: number) => number;

const accepted: CommitCheck = () => errorCode.none;

/**
 * Who may commit to a streams group: an error code, or a check of each partition. A member that has
 * yet to hear of its new epoch may commit for the tasks that it had before.
 */
export function checkStreamsCommit(
  group: StreamsGroup,
  commit: StreamsCommit,
): CommitCheck | number {
  const { memberId, generationId } = commit;
  const isPlain = commit.kind === "plain";
  if (generationId < 0 && group.members.size === 0) return accepted;
  if (!isPlain && generationId === -1 && memberId === "" && commit.groupInstanceId === null)
    return accepted;
  const member = group.members.get(memberId);
  if (member === undefined) return errorCode.unknownMemberId;
  if (isPlain && !commit.knowsGroupIdNotFound) return errorCode.unsupportedVersion;
  if (generationId === member.memberEpoch) return accepted;
  const stale = isPlain ? errorCode.staleMemberEpoch : errorCode.illegalGeneration;
  if (generationId > member.memberEpoch) return stale;
  return (topic, partition) =>
    generationId >= taskEpoch(group, member, { topic, partition }) ? errorCode.none : stale;
}

/** The epoch that gave the member the partition's task; infinite where it has no such task. */
function taskEpoch(
  { topology }: StreamsGroup,
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

export interface AskingMember {
  readonly memberId: string;
  readonly memberEpoch: number;
}

/** Who may read offsets of a streams group: members by their epoch, and everybody else. */
export function checkStreamsFetch(group: StreamsGroup, asking: AskingMember | null): number {
  if (asking === null) return errorCode.none;
  const member = group.members.get(asking.memberId);
  if (member === undefined) return errorCode.unknownMemberId;
  return asking.memberEpoch === member.memberEpoch ? errorCode.none : errorCode.staleMemberEpoch;
}
