import { messageOf } from "@millrace/model";

import {
  batchHeaderBytes,
  batchMagic,
  isControl,
  isCrcValid,
  readAttributes,
  readBaseOffset,
  readBatchSizeBytes,
  readLastOffset,
  readMagic,
} from "./batch-header.ts";
import { decodeControlBatch } from "./control-batch.ts";

/** What is wrong with a snapshot, and from which byte on. */
export interface SnapshotDamage {
  readonly position: number;
  readonly reason: string;
}

/**
 * Goes over the batches of a snapshot of the metadata, between its header and its footer (Kafka: `RecordsSnapshotReader`), and
 * calls with where each one begins that holds records. Gives what is wrong; what came before was sound.
 */
export function walkSnapshot(
  bytes: Uint8Array,
  visit: (position: number) => void,
): SnapshotDamage | undefined {
  let nextOffset = 0;
  let isEnded = false;
  for (let position = 0; position < bytes.length;) {
    const reason = isEnded ? "something follows its end" : batchFault(bytes, position, nextOffset);
    if (reason !== undefined) return { position, reason };
    try {
      const isOfControl = isControl(readAttributes(bytes, position));
      const type = isOfControl ? decodeControlBatch(bytes, position)?.type : undefined;
      if ((type === "snapshot-header") !== (position === 0))
        return { position, reason: "its header is missing, or not the first" };
      isEnded = type === "snapshot-footer";
      if (!isOfControl) visit(position);
    } catch (error) {
      return { position, reason: messageOf(error) };
    }
    nextOffset = readLastOffset(bytes, position) + 1;
    position += readBatchSizeBytes(bytes, position);
  }
  return isEnded ? undefined : { position: bytes.length, reason: "its end is missing" };
}

function batchFault(bytes: Uint8Array, position: number, offset: number): string | undefined {
  const leftBytes = bytes.length - position;
  if (leftBytes < batchHeaderBytes) return "a batch is cut off";
  if (readMagic(bytes, position) !== batchMagic) return "no batch begins here";
  const sizeBytes = readBatchSizeBytes(bytes, position);
  if (sizeBytes < batchHeaderBytes || sizeBytes > leftBytes)
    return `a batch claims ${sizeBytes} bytes where ${leftBytes} are left`;
  if (!isCrcValid(bytes, position)) return "the checksum does not match";
  const found = readBaseOffset(bytes, position);
  return found === offset ? undefined : `offset ${found} where ${offset} was expected`;
}
