import type { MemberAssignment } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";

import { ApplicationError, type ApplicationErrorCode } from "../error/application-error.ts";
import { compareTaskIds, taskIdText, type TaskId } from "../processor/task-id.ts";
import {
  assignorErrors,
  decodeAssignmentInfo,
  type AssignmentInfo,
} from "./assignment/assignment-info.ts";
import { decodeBasis, type AssignmentBasis } from "./assignment/assignment-basis.ts";
import type { AssignedTask } from "./task-assignments.ts";

/** What the leader of the group has decided for this member. */
export interface ReadAssignment {
  readonly active: readonly AssignedTask[];
  readonly standby: readonly TaskId[];
  /** Undefined: the leader told nothing of it. */
  readonly basis: AssignmentBasis | undefined;
  /** Undefined: the leader told nothing at all. */
  readonly info: AssignmentInfo | undefined;
}

/** @throws ApplicationError with what the leader of the group said where it gave no tasks for a reason */
export function readAssignment(assignment: MemberAssignment): ReadAssignment {
  if (assignment.userData === null)
    return { active: [], standby: [], basis: undefined, info: undefined };
  const info = readInfo(assignment.userData);
  if (info.errorCode !== assignorErrors.none) throw refusal(info);
  return {
    active: activeTasks(info, assignment.partitions.toSorted(byTopic)),
    standby: info.standbyTasks.map(({ taskId }) => taskId).toSorted(compareTaskIds),
    basis: decodeBasis(info.detail),
    info,
  };
}

function activeTasks(
  info: AssignmentInfo,
  partitions: readonly TopicPartition[],
): readonly AssignedTask[] {
  const count = info.activeTasks.length;
  if (partitions.length !== count)
    throw unreadable(new RangeError(`${count} tasks for ${partitions.length} partitions`));
  const tasks = Map.groupBy(partitions.entries(), ([index]) => taskIdText(info.activeTasks[index]));
  return [...tasks.values()]
    .map((own) => ({
      taskId: info.activeTasks[own[0][0]],
      inputs: own.map(([, input]) => input),
    }))
    .toSorted((left, right) => compareTaskIds(left.taskId, right.taskId));
}

/** The order in which the leader tells the tasks of partitions. */
function byTopic(left: TopicPartition, right: TopicPartition): number {
  if (left.topic === right.topic) return left.partition - right.partition;
  return left.topic < right.topic ? -1 : 1;
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
