import type { MemberAssignment } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";

import { ApplicationError, type ApplicationErrorCode } from "../error/application-error.ts";
import { parseTaskId, taskIdText } from "../processor/task-id.ts";
import {
  assignorErrors,
  decodeAssignmentInfo,
  type AssignmentInfo,
} from "./assignment/assignment-info.ts";
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
  if (info.errorCode !== assignorErrors.none) throw refusal(info);
  const inputs = new Map<string, TopicPartition[]>();
  const partitions = assignment.partitions.toSorted(byTopic);
  if (partitions.length !== info.activeTasks.length)
    throw unreadable(
      new RangeError(`${info.activeTasks.length} tasks for ${partitions.length} partitions`),
    );
  for (const [index, taskId] of info.activeTasks.entries()) {
    const name = taskIdText(taskId);
    const own = inputs.get(name) ?? [];
    own.push(partitions[index]);
    inputs.set(name, own);
  }
  const assigned = [...inputs].flatMap(([name, own]) => {
    const taskId = parseTaskId(name);
    return taskId === undefined ? [] : [{ taskId, inputs: own }];
  });
  return { assigned: assigned.toSorted(byTaskId), basis: decodeBasis(info.detail) };
}

/** The order in which the leader tells the tasks of partitions. */
function byTopic(left: TopicPartition, right: TopicPartition): number {
  if (left.topic === right.topic) return left.partition - right.partition;
  return left.topic < right.topic ? -1 : 1;
}

function byTaskId({ taskId: left }: AssignedTask, { taskId: right }: AssignedTask): number {
  return left.subtopology - right.subtopology || left.partition - right.partition;
}

function readInfo(userData: Uint8Array): AssignmentInfo {
  try {
    return decodeAssignmentInfo(userData);
  } catch (cause) {
    throw unreadable(cause);
  }
}

function unreadable(cause: unknown): ApplicationError {
  return new ApplicationError(
    "ASSIGNMENT_UNREADABLE",
    "the leader of the group sent an assignment that cannot be read. Do all members run Millrace or Kafka Streams, and nothing else under this applicationId?",
    { cause },
  );
}

const refusals: Readonly<Record<string, ApplicationErrorCode>> = {
  MISSING_SOURCE_TOPIC: "MISSING_SOURCE_TOPIC",
  TOPIC_MATCHED_TWICE: "TOPIC_MATCHED_TWICE",
  PARTITIONS_DIFFER: "PARTITIONS_DIFFER",
  INTERNAL_TOPIC_MISMATCH: "INTERNAL_TOPIC_MISMATCH",
  APPLICATION_SHUT_DOWN: "APPLICATION_SHUT_DOWN",
};

/** Kafka Streams, where it leads, tells no more than a number. */
function refusal({ errorCode, detail }: AssignmentInfo): ApplicationError {
  switch (detail === "" ? errorCode : assignorErrors.none) {
    case assignorErrors.missingSourceTopics:
      return new ApplicationError(
        "MISSING_SOURCE_TOPIC",
        "the cluster lacks a topic that the application reads, as the leader of the group says, whose log names it. Create what the application reads before it starts.",
      );
    case assignorErrors.assignmentFailed:
      return new ApplicationError(
        "ASSIGNMENT_FAILED",
        "the leader of the group, which runs Kafka Streams, could not assign tasks; its log says why",
      );
    case assignorErrors.shutdownRequested:
      return new ApplicationError(
        "APPLICATION_SHUT_DOWN",
        "a member of the group has asked all to end",
      );
    default:
  }
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
