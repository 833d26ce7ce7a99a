import { openSync, closeSync, fstatSync, readSync } from "node:fs";

import { decodeUtf8, messageOf } from "@millrace/model";
import { nodeCompression } from "@millrace/protocol/compression";
import {
  batchHeaderBytes,
  batchMagic,
  compressionIdOf,
  compressionNames,
  decodeControlBatch,
  hasDeleteHorizon,
  isControl,
  isCrcValid,
  isLogAppendTime,
  isTransactional,
  readBatchHeader,
  readBatchSizeBytes,
  readCrc,
  readMagic,
  RecordBatchReader,
} from "@millrace/protocol/records";

import { CommandError } from "../command-error.ts";
import type { BatchEntry, DumpEntry, ShowRecord } from "./dump-entry.ts";

/**
 * Reads a segment, or a snapshot of the metadata, batch by batch, without the indexes beside it. A batch whose checksum
 * does not match is told, and left; where its size makes no sense nothing behind it can be found.
 *
 * @param show undefined: records are left out
 */
export function* readSegment(path: string, show: ShowRecord | undefined): Generator<DumpEntry> {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const header = new Uint8Array(batchHeaderBytes);
    let expected = -1;
    for (let position = 0; position < size;) {
      readSync(file, header, 0, Math.min(batchHeaderBytes, size - position), position);
      const fault = faultOf(header, size - position);
      if (fault !== undefined) {
        yield { kind: "damage", position, offset: expected, reason: fault };
        return;
      }
      const bytes = new Uint8Array(readBatchSizeBytes(header, 0));
      readSync(file, bytes, 0, bytes.length, position);
      yield* batchEntries(bytes, position, show);
      const { baseOffset, lastOffsetDelta } = readBatchHeader(bytes, 0);
      expected = baseOffset + lastOffsetDelta + 1;
      position += bytes.length;
    }
  } finally {
    closeSync(file);
  }
}

function faultOf(header: Uint8Array, leftBytes: number): string | undefined {
  if (leftBytes < batchHeaderBytes)
    return `a batch needs ${batchHeaderBytes} bytes where ${leftBytes} are left`;
  const magic = readMagic(header, 0);
  if (magic !== batchMagic) return `a batch has magic ${magic}; only ${batchMagic} is read`;
  const sizeBytes = readBatchSizeBytes(header, 0);
  if (sizeBytes < batchHeaderBytes || sizeBytes > leftBytes)
    return `a batch claims ${sizeBytes} bytes where ${leftBytes} are left`;
  return undefined;
}

function* batchEntries(
  bytes: Uint8Array,
  position: number,
  show: ShowRecord | undefined,
): Generator<DumpEntry> {
  const batch = batchEntry(bytes, position);
  yield batch;
  const { baseOffset: offset } = batch;
  if (!isCrcValid(bytes, 0)) {
    yield { kind: "damage", position, offset, reason: "the checksum does not match" };
    return;
  }
  if (show === undefined) return;
  try {
    if (batch.isControl) yield* controlEntries(bytes);
    else yield* recordEntries(bytes, show);
  } catch (error) {
    if (error instanceof CommandError) throw error; // sound, and not of the format that was asked for
    const reason = messageOf(error);
    yield { kind: "damage", position, offset, reason };
  }
}

function batchEntry(bytes: Uint8Array, position: number): BatchEntry {
  const { attributes, baseOffset, lastOffsetDelta, ...header } = readBatchHeader(bytes, 0);
  return {
    kind: "batch",
    position,
    sizeBytes: bytes.length,
    baseOffset,
    lastOffset: baseOffset + lastOffsetDelta,
    recordCount: header.recordCount,
    leaderEpoch: header.partitionLeaderEpoch,
    producerId: header.producerId,
    producerEpoch: header.producerEpoch,
    baseSequence: header.baseSequence,
    maxTimestamp: header.maxTimestamp,
    timestampType: isLogAppendTime(attributes) ? "append" : "create",
    compression: compressionNames[compressionIdOf(attributes)] ?? "unknown",
    isTransactional: isTransactional(attributes),
    isControl: isControl(attributes),
    deleteHorizonMs: hasDeleteHorizon(attributes) ? header.baseTimestamp : undefined,
    crc: readCrc(bytes, 0),
  };
}

function* controlEntries(bytes: Uint8Array): Generator<DumpEntry> {
  const record = decodeControlBatch(bytes);
  if (record === undefined) return; // emptied by compaction
  const { type: control, offset, timestamp, coordinatorEpoch } = record;
  const value = coordinatorEpoch < 0 ? null : { coordinatorEpoch };
  yield { kind: "record", offset, timestamp, key: null, value, headers: [], control };
}

function* recordEntries(bytes: Uint8Array, show: ShowRecord): Generator<DumpEntry> {
  const reader = new RecordBatchReader({ bytes, codecs: nodeCompression });
  while (reader.next()) {
    const { offset, timestamp } = reader;
    const headers = reader.headers.map(
      ([name, value]) => [name, value === null ? null : decodeUtf8(value)] as const,
    );
    yield { kind: "record", offset, timestamp, ...show(reader.key, reader.value), headers };
  }
}
