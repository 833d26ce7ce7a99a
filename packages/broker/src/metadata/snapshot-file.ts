import { noHeaders, type Offset } from "@millrace/model";
import {
  controlTypes,
  RecordBatchBuilder,
  RecordBatchReader,
  type SnapshotDamage,
  walkSnapshot,
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
  return walkSnapshot(bytes, (position) => replayBatch(bytes, position, visit));
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
