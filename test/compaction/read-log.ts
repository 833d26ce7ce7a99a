import type { PartitionLog } from "@millrace/log";
import { decodeUtf8 } from "@millrace/model";
import {
  AbortedTransactionFilter,
  BatchCursor,
  decodeControlBatch,
  isControl,
  readAttributes,
  readBaseOffset,
  readLastOffset,
  readLastSequence,
  readProducerEpoch,
  RecordBatchReader,
} from "@millrace/protocol/records";
import type { ModelRecord } from "./model.ts";

/** A batch as it lies there. */
export interface RawBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly lastSequence: number;
  readonly producerEpoch: number;
  readonly records: readonly ModelRecord[];
  /** What it ends; undefined: it is no marker, or an empty one. */
  readonly marker: string | undefined;
}

/** All batches from an offset on, in fetches of so many bytes; `accepts` is made anew for each. */
function* fetches(
  log: PartitionLog,
  from: number,
  { maxBytes, upTo }: { readonly maxBytes: number; readonly upTo: number },
): Generator<{ readonly bytes: Uint8Array; readonly filter: AbortedTransactionFilter }> {
  for (let offset = from; offset < upTo;) {
    const slice = log.read(offset, { maxBytes, upTo, minOneBatch: true });
    const filter = new AbortedTransactionFilter(log.abortedTransactions(offset, slice.nextOffset));
    for (const part of slice.parts) {
      const cursor = new BatchCursor(part);
      while (cursor.next())
        yield { bytes: part.subarray(cursor.position, cursor.position + cursor.sizeBytes), filter };
    }
    // What is left of the log may end in front of it.
    if (slice.nextOffset === offset) return;
    offset = slice.nextOffset;
  }
}

export function readRaw(log: PartitionLog, maxBytes: number): RawBatch[] {
  const range = { maxBytes, upTo: log.highWatermark };
  return Array.from(fetches(log, log.logStartOffset, range), ({ bytes }) => {
    const isMarker = isControl(readAttributes(bytes, 0));
    return {
      baseOffset: readBaseOffset(bytes, 0),
      lastOffset: readLastOffset(bytes, 0),
      lastSequence: readLastSequence(bytes, 0),
      producerEpoch: readProducerEpoch(bytes, 0),
      records: isMarker ? [] : recordsIn(bytes),
      marker: isMarker ? decodeControlBatch(bytes, 0)?.type : undefined,
    };
  });
}

/** What a consumer of committed records is given that begins at an offset. */
export function readCommitted(log: PartitionLog, from: number, maxBytes: number): ModelRecord[] {
  const found: ModelRecord[] = [];
  const range = { maxBytes, upTo: log.lastStableOffset };
  for (const { bytes, filter } of fetches(log, from, range))
    if (filter.accepts(bytes, 0))
      found.push(...recordsIn(bytes).filter(({ offset }) => offset >= from));
  return found;
}

function recordsIn(bytes: Uint8Array): ModelRecord[] {
  const found: ModelRecord[] = [];
  const records = new RecordBatchReader({ bytes });
  while (records.next()) {
    const { offset, key, value } = records;
    found.push({
      offset,
      key: decodeUtf8(key ?? new Uint8Array()),
      value: value === null ? null : decodeUtf8(value),
    });
  }
  return found;
}
