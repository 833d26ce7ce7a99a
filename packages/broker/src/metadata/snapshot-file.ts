import { noHeaders, type Offset } from "@millrace/model";
import {
  batchHeaderBytes,
  batchMagic,
  controlTypes,
  decodeControlBatch,
  isControl,
  isCrcValid,
  RecordBatchBuilder,
  RecordBatchReader,
  readAttributes,
  readBaseOffset,
  readBatchSizeBytes,
  readLastOffset,
  readMagic,
} from "@millrace/protocol/records";
import { Writer } from "@millrace/protocol/wire";
import {
  decodeMetadataRecord,
  encodeMetadataRecord,
  type MetadataRecord,
  type ReadMetadataRecord,
} from "./metadata-record.ts";

/** Which records a snapshot stands for: all below the offset, the last of which was of the epoch (Kafka: `OffsetAndEpoch`). */
export interface SnapshotId {
  readonly offset: Offset;
  readonly epoch: number;
}

/** What is wrong with a snapshot, and from which byte on. */
export interface SnapshotDamage {
  readonly position: number;
  readonly reason: string;
}

/** Of a batch, before compression, which there is none of. */
const batchBytes = 64 * 1024;

/** Kafka: `Snapshots.filenameFromSnapshotId`. */
export function snapshotFileName({ offset, epoch }: SnapshotId): string {
  return `${String(offset).padStart(20, "0")}-${String(epoch).padStart(10, "0")}.checkpoint`;
}

export function snapshotOfFileName(name: string): SnapshotId | undefined {
  const [, offset, epoch] = /^(\d{20})-(\d{10})\.checkpoint$/.exec(name) ?? [];
  return offset === undefined ? undefined : { offset: Number(offset), epoch: Number(epoch) };
}

/** The batches of a snapshot, one after the other (Kafka: `RecordsSnapshotWriter`). */
export function* encodeSnapshot(
  records: Iterable<MetadataRecord>,
  { epoch, nowMs, logTimestamp }: { epoch: number; nowMs: number; logTimestamp: number },
): Generator<Uint8Array> {
  let baseOffset = 0;
  const builder = new RecordBatchBuilder();
  const build = (isControlBatch: boolean) => {
    const { recordCount } = builder;
    const options = { baseOffset, partitionLeaderEpoch: epoch, isControl: isControlBatch };
    baseOffset += recordCount;
    return builder.build(options);
  };
  const control = (type: (typeof controlTypes)[number], value: (writer: Writer) => void) => {
    const [keyWriter, valueWriter] = [new Writer(), new Writer()];
    keyWriter.writeInt16(0);
    keyWriter.writeInt16(controlTypes.indexOf(type));
    valueWriter.writeInt16(0);
    value(valueWriter);
    valueWriter.writeUnsignedVarint(0);
    builder.append(nowMs, keyWriter.toBytes(), valueWriter.toBytes(), noHeaders);
    return build(true);
  };
  yield control("snapshot-header", (writer) => writer.writeInt64(logTimestamp));
  for (const record of records) {
    builder.append(nowMs, null, encodeMetadataRecord(record), noHeaders);
    if (builder.sizeBytes >= batchBytes) yield build(false);
  }
  if (builder.recordCount > 0) yield build(false);
  yield control("snapshot-footer", () => {});
}

/** Hands over the records of a snapshot; gives what is wrong with it, and then some may have been handed over before. */
export function decodeSnapshot(
  bytes: Uint8Array,
  visit: (record: ReadMetadataRecord) => void,
): SnapshotDamage | undefined {
  let nextOffset = 0;
  let isEnded = false;
  for (let position = 0; position < bytes.length;) {
    const reason = isEnded ? "something follows its end" : batchFault(bytes, position, nextOffset);
    if (reason !== undefined) return { position, reason };
    try {
      const control = controlOf(bytes, position);
      if ((control === "snapshot-header") !== (position === 0))
        return { position, reason: "its header is missing, or not the first" };
      isEnded = control === "snapshot-footer";
      if (control === undefined) replayBatch(bytes, position, visit);
    } catch (error) {
      return { position, reason: error instanceof Error ? error.message : String(error) };
    }
    nextOffset = readLastOffset(bytes, position) + 1;
    position += readBatchSizeBytes(bytes, position);
  }
  return isEnded ? undefined : { position: bytes.length, reason: "its end is missing" };
}

function batchFault(bytes: Uint8Array, position: number, offset: Offset): string | undefined {
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

function controlOf(bytes: Uint8Array, position: number) {
  if (!isControl(readAttributes(bytes, position))) return undefined;
  return decodeControlBatch(bytes, position)?.type ?? "unknown";
}

function replayBatch(
  bytes: Uint8Array,
  position: number,
  visit: (record: ReadMetadataRecord) => void,
): void {
  const batch = new RecordBatchReader({ bytes, position });
  while (batch.next()) {
    const record = batch.value === null ? undefined : decodeMetadataRecord(batch.value);
    if (record !== undefined) visit(record);
  }
}
