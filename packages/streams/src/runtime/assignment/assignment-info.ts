import type { TaskId } from "../../processor/task-id.ts";
import { BinaryReader, BinaryWriter } from "./binary.ts";
import { subscriptionVersion } from "./subscription-info.ts";

/** What the leader refuses the group with (Kafka: `AssignorError`). */
export const assignorErrors = {
  none: 0,
  missingSourceTopics: 1,
  assignmentFailed: 2,
  shutdownRequested: 3,
} as const;

/**
 * What the leader tells a member (Kafka: `AssignmentInfo`): the tasks that belong to the
 * partitions of the assignment, one by one in the same order.
 */
export interface AssignmentInfo {
  /** As many as the assignment has partitions; a task with two inputs stands twice. */
  readonly activeTasks: readonly TaskId[];
  readonly errorCode: number;
  /** With an error: what is wrong. Else what the assignment was made for, see `encodeBasis`. */
  readonly detail: string;
}

const noProbe = 2 ** 53;

export function encodeAssignmentInfo(info: AssignmentInfo): Uint8Array {
  const writer = new BinaryWriter();
  writer.int32(subscriptionVersion);
  writer.int32(subscriptionVersion);
  writer.int32(info.activeTasks.length);
  for (const task of info.activeTasks) {
    writer.int32(task.subtopology);
    writer.int32(task.partition);
    writer.int32(0); // no named topology
  }
  writer.int32(0); // no standby tasks yet
  writer.int32(0); // topic dictionary, hosts of active and of standby partitions: for queries
  writer.int32(0);
  writer.int32(0);
  writer.int32(info.errorCode);
  writer.int64(noProbe);
  if (info.detail !== "") writer.text(info.detail);
  return writer.finish();
}

/** @throws RangeError for bytes that are no assignment of version 10 or 11 */
export function decodeAssignmentInfo(bytes: Uint8Array): AssignmentInfo {
  const reader = new BinaryReader(bytes);
  const version = reader.int32();
  if (version < 10 || version > subscriptionVersion) {
    throw new RangeError(`assignment of version ${version}; versions 10 to 11 are read`);
  }
  reader.int32();
  const activeTasks = Array.from({ length: reader.count(12) }, () => readTaskId(reader));
  for (let left = reader.count(16); left > 0; left--) {
    readTaskId(reader);
    for (let partitions = reader.count(6); partitions > 0; partitions--) skipPartition(reader);
  }
  for (let left = reader.count(6); left > 0; left--) {
    reader.int32();
    reader.text();
  }
  skipHosts(reader);
  skipHosts(reader);
  const errorCode = reader.int32();
  reader.int64();
  return { activeTasks, errorCode, detail: reader.remaining > 2 ? reader.text() : "" };
}

function readTaskId(reader: BinaryReader): TaskId {
  const id = { subtopology: reader.int32(), partition: reader.int32() };
  reader.raw(2 * reader.int32());
  return id;
}

function skipPartition(reader: BinaryReader): void {
  reader.text();
  reader.int32();
}

function skipHosts(reader: BinaryReader): void {
  for (let left = reader.count(10); left > 0; left--) {
    reader.text();
    reader.int32();
    for (let partitions = reader.count(8); partitions > 0; partitions--) {
      reader.int32();
      reader.int32();
    }
  }
}
