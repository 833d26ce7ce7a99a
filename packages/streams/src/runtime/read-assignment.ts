import type { MemberAssignment } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";

import { ApplicationError, type ApplicationErrorCode } from "../error/application-error.ts";
import { parseTaskId, taskIdText } from "../processor/task-id.ts";
import { decodeAssignmentInfo } from "./assignment/assignment-info.ts";
import { decodeBasis, type AssignmentBasis } from "./assignment/assignment-basis.ts";
import type { AssignedTask } from "./task-assignments.ts";

/** What the leader of the group has decided for this member. */
export interface ReadAssignment {
  readonly assigned: readonly AssignedTask[];
  /** Undefined: the leader told nothing of it. */
  readonly basis: AssignmentBasis | undefined;
}

/** @throws ApplicationError with what the leader of the group said where it gave no tasks for a reason */
export function readAssignment(assignment: MemberAssignment): ReadAssignment {
  if (assignment.userData === null) return { assigned: [], basis: undefined };
  const info = readInfo(assignment.userData);
  if (info.errorCode !== 0) throw refusal(info.detail);
  const inputs = new Map<string, TopicPartition[]>();
  for (const [index, taskId] of info.activeTasks.entries()) {
    const name = taskIdText(taskId);
    const own = inputs.get(name) ?? [];
    own.push(assignment.partitions[index]);
    inputs.set(name, own);
  }
  const assigned = [...inputs].flatMap(([name, own]) => {
    const taskId = parseTaskId(name);
    return taskId === undefined ? [] : [{ taskId, inputs: own }];
  });
  return { assigned: assigned.toSorted(byTaskId), basis: decodeBasis(info.detail) };
}

function byTaskId({ taskId: left }: AssignedTask, { taskId: right }: AssignedTask): number {
  return left.subtopology - right.subtopology || left.partition - right.partition;
}

function readInfo(userData: Uint8Array): ReturnType<typeof decodeAssignmentInfo> {
  try {
    return decodeAssignmentInfo(userData);
  } catch (cause) {
    throw new ApplicationError(
      "ASSIGNMENT_UNREADABLE",
      "the leader of the group sent an assignment that cannot be read. Do all members run the same version of Millrace, and nothing else under this applicationId?",
      { cause },
    );
  }
}

const refusals: Readonly<Record<string, ApplicationErrorCode>> = {
  MISSING_SOURCE_TOPIC: "MISSING_SOURCE_TOPIC",
  TOPIC_MATCHED_TWICE: "TOPIC_MATCHED_TWICE",
  PARTITIONS_DIFFER: "PARTITIONS_DIFFER",
  INTERNAL_TOPIC_MISMATCH: "INTERNAL_TOPIC_MISMATCH",
};

function refusal(detail: string): ApplicationError {
  const [, code, message] = /^([A-Z_]+): (.*)$/s.exec(detail) ?? ["", "", detail];
  const known = refusals[code];
  if (known !== undefined) return new ApplicationError(known, message);
  return otherTopology(message);
}

/** @param what who runs which topology */
export function otherTopology(what: string): ApplicationError {
  return new ApplicationError(
    "TOPOLOGY_MISMATCH",
    `${what}. All members of an application must have the same sub-topologies, sources, stores and internal topics: stop the old ones first, or use a new applicationId.`,
  );
}
