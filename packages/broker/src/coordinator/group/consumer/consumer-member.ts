import type { ConsumerGroupMemberMetadataValue } from "@millrace/protocol/definitions";
import { type PartitionEpochs, partitionEpochsEqual } from "../partition-sets.ts";

/** Kafka: `MemberState`; the numbers stand in records. */
export const memberState = { stable: 0, unrevoked: 1, unreleased: 2 } as const;

/** Epochs that a member sends, and one that a static member has, when it leaves. */
export const leaveEpoch = { forGood: -1, forAWhile: -2 } as const;

/** Who a member is, as its heartbeats have told. Names are sorted, and each stands once. */
export type MemberMetadata = ConsumerGroupMemberMetadataValue;

export const noPartitions: PartitionEpochs = new Map();

/** A member of a consumer group. Frozen: what happens to it makes another one. */
export interface ConsumerMember {
  readonly memberId: string;
  readonly metadata: MemberMetadata;
  readonly memberEpoch: number;
  /** Of its last but one answer, which may have been lost. */
  readonly previousMemberEpoch: number;
  readonly state: number;
  readonly assigned: PartitionEpochs;
  /** What it must let go before it goes on to the next epoch. */
  readonly revoking: PartitionEpochs;
}

export function newMember(memberId: string): ConsumerMember {
  return {
    memberId,
    metadata: {
      instanceId: null,
      rackId: null,
      clientId: "",
      clientHost: "",
      subscribedTopicNames: [],
      subscribedTopicRegex: "",
      rebalanceTimeoutMs: -1,
      serverAssignor: null,
      classicMemberMetadata: null,
    },
    memberEpoch: 0,
    previousMemberEpoch: 0,
    state: memberState.stable,
    assigned: noPartitions,
    revoking: noPartitions,
  };
}

/** It speaks the classic protocol, in a group that has been migrated. */
export function usesClassicProtocol({ metadata }: ConsumerMember): boolean {
  return metadata.classicMemberMetadata !== null;
}

/** The pattern that it is subscribed to; "": none. */
export function patternOf({ metadata }: ConsumerMember): string {
  return metadata.subscribedTopicRegex ?? "";
}

export function isReconciledTo(member: ConsumerMember, assignmentEpoch: number): boolean {
  return member.state === memberState.stable && member.memberEpoch === assignmentEpoch;
}

export function metadataEqual(left: MemberMetadata, right: MemberMetadata): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}

/** The same partitions, epochs and state. */
export function assignmentsEqual(left: ConsumerMember, right: ConsumerMember): boolean {
  return (
    left.memberEpoch === right.memberEpoch &&
    left.previousMemberEpoch === right.previousMemberEpoch &&
    left.state === right.state &&
    partitionEpochsEqual(left.assigned, right.assigned) &&
    partitionEpochsEqual(left.revoking, right.revoking)
  );
}
