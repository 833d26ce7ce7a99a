import { decodeUtf8, encodeUtf8, fromHex, toHex } from "@millrace/model";
import type { TaskId } from "../../processor/task-id.ts";
import { BinaryReader, BinaryWriter } from "./binary.ts";

/** The newest version of the bytes of subscriptions and assignments; all from the first on are read and written. */
export const latestVersion = 11;

/** Kafka's mark for "this member runs the task now", in place of a sum of offsets. */
export const runsNow = -2;

/** Kafka's mark for "holds some of it, nobody knows how much". */
export const unknownOffsetSum = -3;

/** How much of a task's changelogs a member holds, `runsNow`, or `unknownOffsetSum`. */
export interface TaskOffsetSum {
  readonly taskId: TaskId;
  readonly offsetSum: number;
}

/** What a member tells the leader of its group (Kafka: `SubscriptionInfo`, of assignor `stream`). */
export interface SubscriptionInfo {
  readonly version: number;
  /** -1 in versions 1 and 2. */
  readonly latestSupportedVersion: number;
  /** UUID in text form. */
  readonly processId: string;
  /** `host:port` for queries, or empty. */
  readonly userEndPoint: string;
  readonly taskOffsetSums: readonly TaskOffsetSum[];
  /** Changes at each rejoin that must not be taken for the former one. */
  readonly uniqueField: number;
  /** Not 0: the member asks the whole application to shut down. */
  readonly errorCode: number;
  readonly clientTags: ReadonlyMap<string, string>;
}

export function encodeSubscriptionInfo(info: SubscriptionInfo): Uint8Array {
  const { version } = info;
  const writer = new BinaryWriter();
  writer.int32(version);
  if (version >= 3) writer.int32(info.latestSupportedVersion);
  writer.raw(fromHex(info.processId.replaceAll("-", "")));
  if (version <= 6) {
    writeTaskIds(writer, info.taskOffsetSums.filter(isRunning));
    writeTaskIds(
      writer,
      info.taskOffsetSums.filter((one) => !isRunning(one)),
    );
  }
  if (version >= 2) writer.bytes(encodeUtf8(info.userEndPoint));
  if (version >= 10) writeOffsetSums(writer, info.taskOffsetSums);
  else if (version >= 7) writeGroupedOffsetSums(writer, info.taskOffsetSums);
  if (version >= 8) writer.int8(info.uniqueField);
  if (version >= 9) writer.int32(info.errorCode);
  if (version >= 11) writeTags(writer, info.clientTags);
  return writer.finish();
}

/**
 * Of a version that is newer than the latest one no more is read than its number and what it supports: the member is
 * told which version to use instead.
 *
 * @throws RangeError for bytes that are no subscription
 */
export function decodeSubscriptionInfo(bytes: Uint8Array): SubscriptionInfo {
  const reader = new BinaryReader(bytes);
  const version = reader.int32();
  if (version < 1) throw new RangeError(`subscription of version ${version}`);
  const latestSupportedVersion = version >= 3 ? reader.int32() : -1;
  if (version >= 3 && latestSupportedVersion < version)
    throw new RangeError(
      `subscription of version ${version} by one who knows ${latestSupportedVersion}`,
    );
  if (version > latestVersion) return { ...empty, version, latestSupportedVersion };
  const processId = uuidText(reader.raw(16));
  const previous =
    version <= 6 ? [...readTaskIds(reader, runsNow), ...readTaskIds(reader, unknownOffsetSum)] : [];
  const userEndPoint = version >= 2 ? decodeUtf8(reader.bytes()) : "";
  return {
    version,
    latestSupportedVersion,
    processId,
    userEndPoint,
    taskOffsetSums: version >= 7 ? readOffsetSums(reader, version) : previous,
    uniqueField: version >= 8 ? reader.int8() : 0,
    errorCode: version >= 9 ? reader.int32() : 0,
    clientTags: version >= 11 ? readTags(reader) : new Map(),
  };
}

const empty = {
  processId: "",
  userEndPoint: "",
  taskOffsetSums: [],
  uniqueField: 0,
  errorCode: 0,
  clientTags: new Map<string, string>(),
};

function isRunning({ offsetSum }: TaskOffsetSum): boolean {
  return offsetSum === runsNow;
}

function writeTaskIds(writer: BinaryWriter, tasks: readonly TaskOffsetSum[]): void {
  writer.int32(tasks.length);
  for (const { taskId } of tasks) {
    writer.int32(taskId.subtopology);
    writer.int32(taskId.partition);
  }
}

function readTaskIds(reader: BinaryReader, offsetSum: number): readonly TaskOffsetSum[] {
  return Array.from({ length: reader.count(8) }, () => ({
    taskId: { subtopology: reader.int32(), partition: reader.int32() },
    offsetSum,
  }));
}

function writeOffsetSums(writer: BinaryWriter, sums: readonly TaskOffsetSum[]): void {
  writer.int32(sums.length);
  for (const { taskId, offsetSum } of sums) {
    writer.int32(taskId.subtopology);
    writer.int32(taskId.partition);
    writer.int64(offsetSum);
    writer.int16(-1); // no named topology
  }
}

/** Versions 7 to 9 have the partitions of a sub-topology together. */
function writeGroupedOffsetSums(writer: BinaryWriter, sums: readonly TaskOffsetSum[]): void {
  const subtopologies = [...new Set(sums.map(({ taskId }) => taskId.subtopology))];
  writer.int32(subtopologies.length);
  for (const subtopology of subtopologies) {
    const own = sums.filter(({ taskId }) => taskId.subtopology === subtopology);
    writer.int32(subtopology);
    writer.int32(own.length);
    for (const { taskId, offsetSum } of own) {
      writer.int32(taskId.partition);
      writer.int64(offsetSum);
    }
  }
}

function readOffsetSums(reader: BinaryReader, version: number): readonly TaskOffsetSum[] {
  if (version >= 10)
    return Array.from({ length: reader.count(18) }, () => {
      const taskId = { subtopology: reader.int32(), partition: reader.int32() };
      const offsetSum = reader.int64();
      reader.raw(Math.max(0, reader.int16())); // a named topology
      return { taskId, offsetSum };
    });
  return Array.from({ length: reader.count(8) }, () => {
    const subtopology = reader.int32();
    return Array.from({ length: reader.count(12) }, () => ({
      taskId: { subtopology, partition: reader.int32() },
      offsetSum: reader.int64(),
    }));
  }).flat();
}

function writeTags(writer: BinaryWriter, tags: ReadonlyMap<string, string>): void {
  writer.int32(tags.size);
  for (const [key, value] of tags) {
    writer.bytes(encodeUtf8(key));
    writer.bytes(encodeUtf8(value));
  }
}

function readTags(reader: BinaryReader): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  for (let left = reader.count(8); left > 0; left--)
    tags.set(decodeUtf8(reader.bytes()), decodeUtf8(reader.bytes()));
  return tags;
}

function uuidText(bytes: Uint8Array): string {
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
