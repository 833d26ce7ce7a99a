import type { GroupMetadata } from "@millrace/cluster";

/** A member of a group, as far as its commits go: what it is at the moment. */
export interface CommittingMember {
  readonly isMember: boolean;
  /** How often others may have been given all that it had. */
  readonly lossCount: number;
  readonly groupMetadata: GroupMetadata;
  /** Resolves once it is known whether the group has gone on. */
  readonly renew: (signal: AbortSignal | undefined) => Promise<void>;
}

export interface GuardedCommit {
  readonly member: CommittingMember;
  readonly commit: (as: GroupMetadata) => Promise<void>;
  /** The commit was refused for nothing but a generation, or epoch, that may have gone on. */
  readonly isOutdated: (error: unknown) => boolean;
  /** What it is refused with where it is not made again: the partitions are lost, or the group has not gone on. */
  readonly refusal: (error: unknown, isLost: boolean) => unknown;
  readonly signal: AbortSignal | undefined;
}

/**
 * What a member is now that its group has gone on while its partitions stayed its own; undefined: others may have been
 * given them since, or the group has not gone on.
 */
export async function renewed(
  member: CommittingMember,
  before: { readonly generationId: number; readonly lossCount: number },
  signal: AbortSignal | undefined,
): Promise<GroupMetadata | undefined> {
  await member.renew(signal);
  if (!member.isMember || member.lossCount !== before.lossCount) return undefined;
  const next = member.groupMetadata;
  return next.generationId === before.generationId ? undefined : next;
}

/**
 * Commits, and once more where the group has gone on meanwhile; where that is outdated too, it is refused as the first
 * would be. Never for partitions that were lost in between, though the member has joined again: what another one has
 * committed since would be undone.
 */
export async function commitAsMember(guarded: GuardedCommit): Promise<void> {
  const { member, commit, isOutdated, refusal, signal } = guarded;
  if (!member.isMember) throw refusal(undefined, true);
  const { lossCount, groupMetadata } = member;
  const refused = (error: unknown): unknown =>
    refusal(error, !member.isMember || member.lossCount !== lossCount);
  try {
    await commit(groupMetadata);
  } catch (error) {
    if (!isOutdated(error)) throw error;
    const { generationId } = groupMetadata;
    const next = await renewed(member, { generationId, lossCount }, signal);
    if (next === undefined) throw refused(error);
    await commit(next).catch((again: unknown) => {
      throw isOutdated(again) ? refused(again) : again;
    });
  }
}
