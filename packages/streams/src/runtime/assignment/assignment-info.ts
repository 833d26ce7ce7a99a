import { topicPartitionName, type TopicPartition } from "@millrace/model";
import type { TaskId } from "../../processor/task-id.ts";
import { BinaryReader, BinaryWriter } from "./binary.ts";
import { latestVersion } from "./subscription-info.ts";

/** What the leader refuses the group with (Kafka: `AssignorError`). */
export const assignorErrors = {
  none: 0,
  missingSourceTopics: 1,
  assignmentFailed: 2,
  shutdownRequested: 3,
} as const;

/** Of a process with an address for queries: the inputs of its tasks (Kafka: `HostInfo` and its partitions). */
export interface HostPartitions {
  readonly host: string;
  readonly port: number;
  readonly partitions: readonly TopicPartition[];
}

export interface StandbyTask {
  readonly taskId: TaskId;
  /** Its inputs. */
  readonly partitions: readonly TopicPartition[];
}

/**
 * What the leader tells a member (Kafka: `AssignmentInfo`): the tasks that belong to the
 * partitions of the assignment, one by one in the same order, and the tasks that it keeps copies of.
 */
export interface AssignmentInfo {
  /** Of the bytes: no newer than the oldest that a member has used. */
  readonly version: number;
  /** The newest that all members know. -1 in versions 1 and 2. */
  readonly commonlySupportedVersion: number;
  /** As many as the assignment has partitions; a task with two inputs stands twice. */
  readonly activeTasks: readonly TaskId[];
  readonly standbyTasks: readonly StandbyTask[];
  readonly activeHosts: readonly HostPartitions[];
  readonly standbyHosts: readonly HostPartitions[];
  readonly errorCode: number;
  /** When this member is to have the group assigned anew: 0 at once, `Infinity` never; by the wall clock. */
  readonly nextRebalanceMs: number;
  /**
   * Behind what Kafka reads. With an error: what is wrong. Else what the assignment was made for, see `encodeBasis`.
   * Empty from Kafka.
   */
  readonly detail: string;
}

export function encodeAssignmentInfo(info: AssignmentInfo): Uint8Array {
  const { version } = info;
  const writer = new BinaryWriter();
  writer.int32(version);
  if (version >= 3) writer.int32(info.commonlySupportedVersion);
  writer.int32(info.activeTasks.length);
  for (const task of info.activeTasks) writeTaskId(writer, task, version);
  writer.int32(info.standbyTasks.length);
  for (const { taskId, partitions } of info.standbyTasks) {
    writeTaskId(writer, taskId, version);
    writePartitions(writer, partitions, (topic) => writer.text(topic));
  }
  if (version >= 5) writeHostsByDictionary(writer, info);
  else if (version >= 2) writeHosts(writer, info.activeHosts, (topic) => writer.text(topic));
  if (version >= 4) writer.int32(info.errorCode);
  if (version >= 7) {
    writer.int64(info.nextRebalanceMs);
    if (info.detail !== "") writer.text(info.detail);
  }
  return writer.finish();
}

/** @throws RangeError for bytes that are no assignment, or of a version that is not known */
export function decodeAssignmentInfo(bytes: Uint8Array): AssignmentInfo {
  const reader = new BinaryReader(bytes);
  const version = reader.int32();
  if (version < 1 || version > latestVersion)
    throw new RangeError(
      `assignment of version ${version}; versions 1 to ${latestVersion} are read`,
    );
  const commonlySupportedVersion = version >= 3 ? reader.int32() : -1;
  const isKnown = commonlySupportedVersion >= version && commonlySupportedVersion <= latestVersion;
  // It would be told on as this member's own version, or asked for again and again.
  if (version >= 3 && !isKnown)
    throw new RangeError(
      `assignment of version ${version} for members that all know ${commonlySupportedVersion}`,
    );
  const taskBytesMin = version >= 10 ? 12 : 8;
  const text = (): string => reader.text();
  return {
    version,
    commonlySupportedVersion,
    activeTasks: Array.from({ length: reader.count(taskBytesMin) }, () =>
      readTaskId(reader, version),
    ),
    standbyTasks: Array.from({ length: reader.count(taskBytesMin + 4) }, () => ({
      taskId: readTaskId(reader, version),
      partitions: readPartitions(reader, text),
    })),
    ...readAllHosts(reader, version),
    errorCode: version >= 4 ? reader.int32() : assignorErrors.none,
    nextRebalanceMs: version >= 7 ? timeOf(reader.int64()) : Infinity,
    detail: version >= 7 && reader.remaining > 2 ? reader.text() : "",
  };
}

function timeOf(ms: number): number {
  return ms >= 2 ** 63 ? Infinity : ms;
}

function writeTaskId(writer: BinaryWriter, task: TaskId, version: number): void {
  writer.int32(task.subtopology);
  writer.int32(task.partition);
  if (version >= 10) writer.int32(0); // no named topology
}

function readTaskId(reader: BinaryReader, version: number): TaskId {
  const id = { subtopology: reader.int32(), partition: reader.int32() };
  if (version >= 10) reader.raw(2 * reader.int32());
  return id;
}

type WriteTopic = (topic: string) => void;

/** Kafka reads them as a set: each stands once. */
function writePartitions(
  writer: BinaryWriter,
  partitions: readonly TopicPartition[],
  writeTopic: WriteTopic,
): void {
  const once = new Map(
    partitions.map((one) => [topicPartitionName(one.topic, one.partition), one] as const),
  );
  writer.int32(once.size);
  for (const { topic, partition } of once.values()) {
    writeTopic(topic);
    writer.int32(partition);
  }
}

function writeHosts(
  writer: BinaryWriter,
  hosts: readonly HostPartitions[],
  writeTopic: WriteTopic,
): void {
  writer.int32(hosts.length);
  for (const { host, port, partitions } of hosts) {
    writer.text(host);
    writer.int32(port);
    writePartitions(writer, partitions, writeTopic);
  }
}

/** Topics by number; standbys from version 6 on. */
function writeHostsByDictionary(writer: BinaryWriter, info: AssignmentInfo): void {
  const standbyHosts = info.version >= 6 ? info.standbyHosts : [];
  const topics = new Map<string, number>();
  for (const { partitions } of [...info.activeHosts, ...standbyHosts])
    for (const { topic } of partitions) if (!topics.has(topic)) topics.set(topic, topics.size);
  writer.int32(topics.size);
  for (const [topic, index] of topics) {
    writer.int32(index);
    writer.text(topic);
  }
  const writeTopic: WriteTopic = (topic) => writer.int32(topics.get(topic) ?? 0);
  writeHosts(writer, info.activeHosts, writeTopic);
  if (info.version >= 6) writeHosts(writer, standbyHosts, writeTopic);
}

type ReadTopic = () => string;

function readPartitions(reader: BinaryReader, readTopic: ReadTopic): readonly TopicPartition[] {
  return Array.from({ length: reader.count(6) }, () => ({
    topic: readTopic(),
    partition: reader.int32(),
  }));
}

function readHosts(reader: BinaryReader, readTopic: ReadTopic): readonly HostPartitions[] {
  return Array.from({ length: reader.count(10) }, () => ({
    host: reader.text(),
    port: reader.int32(),
    partitions: readPartitions(reader, readTopic),
  }));
}

function readAllHosts(
  reader: BinaryReader,
  version: number,
): Pick<AssignmentInfo, "activeHosts" | "standbyHosts"> {
  if (version < 2) return { activeHosts: [], standbyHosts: [] };
  if (version < 5) return { activeHosts: readHosts(reader, () => reader.text()), standbyHosts: [] };
  const topics = new Map<number, string>();
  for (let left = reader.count(6); left > 0; left--) topics.set(reader.int32(), reader.text());
  const readTopic: ReadTopic = () => {
    const index = reader.int32();
    const topic = topics.get(index);
    if (topic === undefined) throw new RangeError(`there is no topic ${index} in the dictionary`);
    return topic;
  };
  return {
    activeHosts: readHosts(reader, readTopic),
    standbyHosts: version >= 6 ? readHosts(reader, readTopic) : [],
  };
}
