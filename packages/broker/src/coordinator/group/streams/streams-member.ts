import type { StreamsGroupMemberMetadataValue } from "@millrace/protocol/definitions";
import { type AssignedTasks, assignedTasksEqual, noAssignedTasks } from "./tasks.ts";

/** Kafka: `MemberState`; the numbers stand in records. */
export const memberState = { stable: 1, unrevoked: 2, unreleased: 3 } as const;

/** Who a member is, as its heartbeats have told. */
export type MemberMetadata = StreamsGroupMemberMetadataValue;

/** A member of a streams group. Frozen: what happens to it makes another one. */
export interface StreamsMember {
  readonly memberId: string;
  readonly metadata: MemberMetadata;
  readonly memberEpoch: number;
  /** Of its last but one answer, which may have been lost. */
  readonly previousMemberEpoch: number;
  readonly state: number;
  readonly assigned: AssignedTasks;
  /** What it must let go before it goes on to the next epoch. */
  readonly revoking: AssignedTasks;
}

export function newMember(memberId: string): StreamsMember {
  return {
    memberId,
    metadata: {
      instanceId: null,
      rackId: null,
      clientId: "",
      clientHost: "",
      rebalanceTimeoutMs: -1,
      topologyEpoch: -1,
      processId: "",
      userEndpoint: null,
      clientTags: [],
    },
    memberEpoch: 0,
    previousMemberEpoch: 0,
    state: memberState.stable,
    assigned: noAssignedTasks,
    revoking: noAssignedTasks,
  };
}

export function isReconciledTo(member: StreamsMember, assignmentEpoch: number): boolean {
  return member.state === memberState.stable && member.memberEpoch === assignmentEpoch;
}

export function metadataEqual(left: MemberMetadata, right: MemberMetadata): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** The same tasks, epochs and state. */
export function assignmentsEqual(left: StreamsMember, right: StreamsMember): boolean {
  return (
    left.memberEpoch === right.memberEpoch &&
    left.previousMemberEpoch === right.previousMemberEpoch &&
    left.state === right.state &&
    assignedTasksEqual(left.assigned, right.assigned) &&
    assignedTasksEqual(left.revoking, right.revoking)
  );
}
