import { noHeaders } from "@millrace/model";
import { ProtocolError } from "../protocol-error.ts";
import { readInt16, readInt32, writeInt16, writeInt32 } from "../wire/int64.ts";
import { isControl, readAttributes } from "./batch-header.ts";
import { RecordBatchBuilder } from "./record-batch-builder.ts";
import { RecordBatchReader } from "./record-batch-reader.ts";

/** Types of control records, by their number in the key. */
export const controlTypes = [
  "abort",
  "commit",
  "leader-change",
  "snapshot-header",
  "snapshot-footer",
  "kraft-version",
  "kraft-voters",
] as const;

export type ControlType = (typeof controlTypes)[number] | "unknown";

/**
 * What the one record of a control batch says (Kafka: `ControlRecordType`, `EndTransactionMarker`).
 */
export interface ControlRecord {
  readonly type: ControlType;
  readonly offset: number;
  readonly timestamp: number;
  /** Of an abort or a commit; else -1. */
  readonly coordinatorEpoch: number;
}

export interface EndTransactionMarker {
  readonly outcome: "commit" | "abort";
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  readonly timestamp: number;
  /** Default 0: assigned on append. */
  readonly baseOffset?: number;
  readonly partitionLeaderEpoch?: number;
}

/** The batch that ends a producer's transaction in one partition. */
export function encodeEndTransactionMarker(marker: EndTransactionMarker): Uint8Array {
  const key = new Uint8Array(4);
  writeInt16(key, 2, controlTypes.indexOf(marker.outcome));
  const value = new Uint8Array(6);
  writeInt32(value, 2, marker.coordinatorEpoch);
  const builder = new RecordBatchBuilder({ capacityBytes: 96 });
  builder.append(marker.timestamp, key, value, noHeaders);
  return builder.build({
    producerId: marker.producerId,
    producerEpoch: marker.producerEpoch,
    baseOffset: marker.baseOffset,
    partitionLeaderEpoch: marker.partitionLeaderEpoch,
    isTransactional: true,
    isControl: true,
  });
}

/**
 * What a control batch says; undefined for one that compaction has emptied.
 *
 * @throws ProtocolError `MALFORMED_BATCH`, also for a batch that is no control batch
 */
export function decodeControlBatch(bytes: Uint8Array, position = 0): ControlRecord | undefined {
  const batch = new RecordBatchReader({ bytes, position });
  if (!isControl(readAttributes(bytes, position))) {
    throw new ProtocolError("MALFORMED_BATCH", "a control batch was expected, not one of data");
  }
  if (!batch.next()) return undefined;
  const { key, value, offset, timestamp } = batch;
  if (key === null || key.length < 4)
    throw new ProtocolError("MALFORMED_BATCH", "a control record has no type");
  const type = controlTypes[readInt16(key, 2)] ?? "unknown";
  if (type !== "abort" && type !== "commit")
    return { type, offset, timestamp, coordinatorEpoch: -1 };
  if (value === null || value.length < 6) {
    throw new ProtocolError("MALFORMED_BATCH", "a transaction marker has no coordinator epoch");
  }
  return { type, offset, timestamp, coordinatorEpoch: readInt32(value, 2) };
}
