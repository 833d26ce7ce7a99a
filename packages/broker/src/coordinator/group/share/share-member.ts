import type { PartitionSets } from "../partition-sets.ts";

/** Kafka: `MemberState`; a share group's member has no other. */
export const stableState = 1;

export interface ShareMemberMetadata {
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** In order. */
  readonly subscribedTopicNames: readonly string[];
}

/** A member of a share group. Frozen: what happens to it makes another one. */
export interface ShareMember {
  readonly memberId: string;
  readonly metadata: ShareMemberMetadata;
  readonly memberEpoch: number;
  /** Of its last but one answer, which may have been lost. */
  readonly previousMemberEpoch: number;
  /** By topic id. */
  readonly assigned: PartitionSets;
}

export const noPartitions: PartitionSets = new Map();

export function newShareMember(memberId: string): ShareMember {
  return {
    memberId,
    metadata: { rackId: null, clientId: "", clientHost: "", subscribedTopicNames: [] },
    memberEpoch: 0,
    previousMemberEpoch: 0,
    assigned: noPartitions,
  };
}
