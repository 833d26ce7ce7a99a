import { decodeUtf8, encodeUtf8, fromHex, toHex } from "@millrace/model";
import type { TaskId } from "../../processor/task-id.ts";
import { BinaryReader, BinaryWriter } from "./binary.ts";

/** The version that is written; versions 10 and 11 are read. */
export const subscriptionVersion = 11;

/** Kafka's mark for "this member runs the task now", in place of a sum of offsets. */
export const runsNow = -2;

/** What a member tells the leader of its group (Kafka: `SubscriptionInfo`, of assignor `stream`). */
export interface SubscriptionInfo {
  readonly version: number;
  readonly latestSupportedVersion: number;
  /** UUID in text form. */
  readonly processId: string;
  /** `host:port` for queries, or empty. */
  readonly userEndPoint: string;
  /** Per task with state here: how much of its changelogs it holds, or `runsNow`. */
  readonly taskOffsetSums: readonly { readonly taskId: TaskId; readonly offsetSum: number }[];
  /** Changes at each rejoin that must not be taken for the former one. */
  readonly uniqueField: number;
  /** Not 0: the member asks the whole application to shut down. */
  readonly errorCode: number;
  readonly clientTags: ReadonlyMap<string, string>;
}

export function encodeSubscriptionInfo(info: SubscriptionInfo): Uint8Array {
  const writer = new BinaryWriter();
  writer.int32(info.version);
  writer.int32(info.latestSupportedVersion);
  writer.raw(fromHex(info.processId.replaceAll("-", "")));
  writer.bytes(encodeUtf8(info.userEndPoint));
  writer.int32(info.taskOffsetSums.length);
  for (const { taskId, offsetSum } of info.taskOffsetSums) {
    writer.int32(taskId.subtopology);
    writer.int32(taskId.partition);
    writer.int64(offsetSum);
    writer.int16(-1); // no named topology
  }
  writer.int8(info.uniqueField);
  writer.int32(info.errorCode);
  writer.int32(info.clientTags.size);
  for (const [key, value] of info.clientTags) {
    writer.bytes(encodeUtf8(key));
    writer.bytes(encodeUtf8(value));
  }
  return writer.finish();
}

/** @throws RangeError for bytes that are no subscription of version 10 or 11 */
export function decodeSubscriptionInfo(bytes: Uint8Array): SubscriptionInfo {
  const reader = new BinaryReader(bytes);
  const version = reader.int32();
  if (version < 10 || version > subscriptionVersion) {
    throw new RangeError(`subscription of version ${version}; versions 10 to 11 are read`);
  }
  const latestSupportedVersion = reader.int32();
  const processId = uuidText(reader.raw(16));
  const userEndPoint = decodeUtf8(reader.bytes());
  const taskOffsetSums = Array.from({ length: reader.count(18) }, () => {
    const taskId = { subtopology: reader.int32(), partition: reader.int32() };
    const offsetSum = reader.int64();
    const nameLength = reader.int16();
    if (nameLength > 0) reader.raw(nameLength);
    return { taskId, offsetSum };
  });
  const uniqueField = reader.int8();
  const errorCode = reader.int32();
  const clientTags = new Map<string, string>();
  if (version >= 11) {
    for (let left = reader.count(8); left > 0; left--) {
      clientTags.set(decodeUtf8(reader.bytes()), decodeUtf8(reader.bytes()));
    }
  }
  return {
    version,
    latestSupportedVersion,
    processId,
    userEndPoint,
    taskOffsetSums,
    uniqueField,
    errorCode,
    clientTags,
  };
}

function uuidText(bytes: Uint8Array): string {
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
