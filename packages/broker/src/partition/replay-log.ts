import {
  BatchCursor,
  decodeControlBatch,
  isControl,
  isTransactional,
  readAttributes,
  readProducerEpoch,
  readProducerId,
  RecordBatchReader,
} from "@millrace/protocol/records";
import { noBytes } from "@millrace/model";
import type { CoordinatorLogVisitor, ProducerIdentity } from "../coordinator/coordinator-log.ts";
import type { Partition } from "./partition.ts";

/** Bytes read at a time. */
const READ_BYTES = 1024 * 1024;

/** Hands over all records and markers of a log, in order. Control batches other than markers are passed over. */
export function replayLog(partition: Partition, visitor: CoordinatorLogVisitor): void {
  const upTo = partition.logEndOffset;
  let offset = partition.logStartOffset;
  while (offset < upTo) {
    const slice = partition.read(offset, { maxBytes: READ_BYTES, upTo, minOneBatch: true });
    if (slice.nextOffset <= offset) return;
    for (const part of slice.parts) replayBatches(part, visitor);
    offset = slice.nextOffset;
  }
}

function replayBatches(bytes: Uint8Array, visitor: CoordinatorLogVisitor): void {
  const cursor = new BatchCursor(bytes);
  while (cursor.next()) {
    const { position } = cursor;
    const attributes = readAttributes(bytes, position);
    const producer: ProducerIdentity | undefined = isTransactional(attributes)
      ? {
          producerId: readProducerId(bytes, position),
          producerEpoch: readProducerEpoch(bytes, position),
        }
      : undefined;
    if (isControl(attributes)) replayMarker(bytes, position, producer, visitor);
    else replayRecords(bytes, position, producer, visitor);
  }
}

function replayRecords(
  bytes: Uint8Array,
  position: number,
  producer: ProducerIdentity | undefined,
  visitor: CoordinatorLogVisitor,
): void {
  const batch = new RecordBatchReader({ bytes, position });
  while (batch.next())
    visitor.record(batch.offset, { key: batch.key ?? noBytes, value: batch.value }, producer);
}

function replayMarker(
  bytes: Uint8Array,
  position: number,
  producer: ProducerIdentity | undefined,
  visitor: CoordinatorLogVisitor,
): void {
  const control = decodeControlBatch(bytes, position);
  if (control === undefined || producer === undefined) return;
  if (control.type !== "abort" && control.type !== "commit") return;
  visitor.marker(control.offset, {
    ...producer,
    coordinatorEpoch: control.coordinatorEpoch,
    result: control.type,
    // The log does not say which version wrote it, and replaying makes no difference.
    transactionVersion: 0,
  });
}
