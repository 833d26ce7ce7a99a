import type { Offset } from "@millrace/model";
import {
  batchHeaderBytes,
  batchMagic,
  type controlTypes,
  decodeControlBatch,
  isControl,
  isCrcValid,
  readAttributes,
  readBaseOffset,
  readBatchSizeBytes,
  readLastOffset,
  readMagic,
} from "@millrace/protocol/records";
import { readWholeFile } from "../checkpoint/checkpoint-file.ts";
import type { LogCheckOptions, LogFinding } from "./log-finding.ts";

/** Kafka: `Snapshots.filenameFromSnapshotId`. */
const snapshotName = /^\d{20}-\d{10}\.checkpoint$/;
const [headerType, footerType]: readonly (typeof controlTypes)[number][] = [
  "snapshot-header",
  "snapshot-footer",
];

/** Of the metadata; they stand for the log that was deleted below them, so that no start and no repair mends them. */
export function checkMetadataSnapshots({
  platform: { fileSystem },
  path,
}: LogCheckOptions): readonly LogFinding[] {
  const files = fileSystem.list(path).filter((name) => snapshotName.test(name));
  return files.flatMap((name): LogFinding[] => {
    const file = `${path}/${name}`;
    const fault = faultOf(readWholeFile(fileSystem, file) ?? new Uint8Array(0));
    const none = { firstOffset: -1, lastOffset: -1 };
    return fault === undefined ? [] : [{ kind: "damage", path: file, ...fault, ...none }];
  });
}

function faultOf(
  bytes: Uint8Array,
): { readonly position: number; readonly reason: string } | undefined {
  let isEnded = false;
  let nextOffset = 0;
  let position = 0;
  for (; position < bytes.length; position += readBatchSizeBytes(bytes, position)) {
    const reason = isEnded ? "something follows its end" : batchFault(bytes, position, nextOffset);
    if (reason !== undefined) return { position, reason };
    const type = isControl(readAttributes(bytes, position))
      ? decodeControlBatch(bytes, position)?.type
      : undefined;
    if ((type === headerType) !== (position === 0))
      return { position, reason: "its header is missing, or not the first" };
    isEnded = type === footerType;
    nextOffset = readLastOffset(bytes, position) + 1;
  }
  return isEnded ? undefined : { position, reason: "its end is missing" };
}

function batchFault(bytes: Uint8Array, position: number, expected: Offset): string | undefined {
  const leftBytes = bytes.length - position;
  if (leftBytes < batchHeaderBytes) return "a batch is cut off";
  if (readMagic(bytes, position) !== batchMagic) return "no batch begins here";
  const sizeBytes = readBatchSizeBytes(bytes, position);
  if (sizeBytes < batchHeaderBytes || sizeBytes > leftBytes)
    return `a batch claims ${sizeBytes} bytes where ${leftBytes} are left`;
  if (!isCrcValid(bytes, position)) return "the checksum does not match";
  const offset = readBaseOffset(bytes, position);
  return offset === expected ? undefined : `offset ${offset} where ${expected} was expected`;
}
