import type { TopicPartition } from "@millrace/model";

/** An offset to commit, with the text that is kept beside it. */
export interface OffsetAndMetadata extends TopicPartition {
  /** The next offset to read. */
  readonly offset: number;
  /** -1 where unknown. */
  readonly leaderEpoch?: number;
  readonly metadata?: string;
}

/** Who commits: fences offset commits of members that left the group (KIP-447). */
export interface GroupMetadata {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /**
   * Asked where the group has refused offsets for what this says: what holds now for the same partitions, once that is
   * known. Undefined: they may be another member's.
   */
  readonly renewed?: (signal?: AbortSignal) => Promise<GroupMetadata | undefined>;
}
