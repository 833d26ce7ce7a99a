import type { Offset, Timestamp } from "@millrace/model";
import {
  batchAttributes,
  batchHeaderBytes,
  compressionIdOf,
  compressionNames,
  hasDeleteHorizon,
  isControl,
  isLogAppendTime,
  isTransactional,
  noTimestamp,
  readBatchHeader,
  readBatchSizeBytes,
  RecordBatchBuilder,
  RecordBatchReader,
  writeBatchHeader,
  type BatchHeader,
  type Compression,
} from "@millrace/protocol/records";
import type { CleanedTransactions } from "./cleaned-transactions.ts";
import type { OffsetMap } from "./offset-map.ts";

/** What of a producer must stay readable: its last data, or the epoch of its last marker. */
export interface LastOfProducer {
  /** -1: it has no data in its epoch. */
  readonly lastDataOffset: Offset;
  readonly producerEpoch: number;
}

/** What decides on each record of one cleaning. */
export interface CleaningRules {
  readonly offsets: OffsetMap;
  readonly transactions: CleanedTransactions;
  readonly lastOfProducers: ReadonlyMap<number, LastOfProducer>;
  /** First offset that is not cleaned: the batch in front of it stays, empty if need be. */
  readonly endOffset: Offset;
  readonly nowMs: Timestamp;
  readonly deleteRetentionMs: number;
  readonly codecs: Compression | undefined;
}

interface Judged {
  readonly header: BatchHeader;
  /** None of its records stays. */
  readonly isDiscarded: boolean;
  /** A marker of a transaction of which nothing is left. */
  readonly isMarkerOfNothing: boolean;
  /** When its tombstones, or its marker, may go; undefined: nobody has come by. */
  readonly horizonMs: Timestamp | undefined;
}

/**
 * What stays of a batch (Kafka: `Cleaner.cleanInto`, `MemoryRecords.filterTo`): the very bytes, a batch of fewer records,
 * one of none, or nothing. Offsets and sequences at its ends stay what they were.
 */
export function filterBatch(
  bytes: Uint8Array,
  at: number,
  rules: CleaningRules,
): Uint8Array | undefined {
  const header = readBatchHeader(bytes, at);
  const { attributes } = header;
  const isDiscardable = rules.transactions.isDiscardable(bytes, at);
  const horizonMs = hasDeleteHorizon(attributes) ? header.baseTimestamp : undefined;
  const isPastHorizon = horizonMs !== undefined && horizonMs <= rules.nowMs;
  const batch: Judged = {
    header,
    isDiscarded: isDiscardable && (!isControl(attributes) || isPastHorizon),
    isMarkerOfNothing: isDiscardable && isControl(attributes),
    horizonMs,
  };
  const kept = batch.isDiscarded ? undefined : keepRecords(bytes, at, { batch, rules });
  return kept ?? (isKeptEmpty(header, rules) ? emptyBatch(header) : undefined);
}

/** Undefined: no record stays. */
function keepRecords(
  bytes: Uint8Array,
  at: number,
  { batch, rules }: { readonly batch: Judged; readonly rules: CleaningRules },
): Uint8Array | undefined {
  const { header, horizonMs } = batch;
  const isKept = new Uint8Array(header.recordCount);
  let keptCount = 0;
  let hasTombstones = false;
  const records = new RecordBatchReader({ bytes, position: at, codecs: rules.codecs });
  for (let index = 0; records.next(); index++) {
    if (!isRecordKept(records, batch, rules)) continue;
    isKept[index] = 1;
    keptCount++;
    if (records.valueSizeBytes < 0) hasTombstones = true;
  }
  if (keptCount === 0) return undefined;
  const isFirstVisit = (hasTombstones || batch.isMarkerOfNothing) && horizonMs === undefined;
  if (keptCount === header.recordCount && !isFirstVisit)
    return bytes.subarray(at, at + readBatchSizeBytes(bytes, at));
  const newHorizonMs = isFirstVisit ? rules.nowMs + rules.deleteRetentionMs : horizonMs;
  const again = new RecordBatchReader({ bytes, position: at, codecs: rules.codecs });
  const builder = new RecordBatchBuilder({
    capacityBytes: readBatchSizeBytes(bytes, at),
    baseTimestamp: newHorizonMs,
  });
  for (let index = 0; again.next(); index++) {
    if (isKept[index] === 0) continue;
    const { offset, timestamp, key, value, headers } = again;
    builder.appendAt(offset - header.baseOffset, { timestamp, key, value, headers });
  }
  return builder.build({
    producerId: header.producerId,
    producerEpoch: header.producerEpoch,
    baseSequence: header.baseSequence,
    isTransactional: isTransactional(header.attributes),
    isControl: isControl(header.attributes),
    baseOffset: header.baseOffset,
    partitionLeaderEpoch: header.partitionLeaderEpoch,
    // The last sequence is counted from it.
    lastOffsetDelta: header.lastOffsetDelta,
    logAppendTime: isLogAppendTime(header.attributes) ? header.maxTimestamp : undefined,
    hasDeleteHorizon: newHorizonMs !== undefined,
    compression: compressionNames[compressionIdOf(header.attributes)],
    codecs: rules.codecs,
  });
}

function isRecordKept(
  record: RecordBatchReader,
  { header, horizonMs }: Judged,
  { offsets, nowMs }: CleaningRules,
): boolean {
  if (isControl(header.attributes) || record.offset > offsets.latestOffset) return true;
  const { key } = record;
  // What has no key was written before the topic was compacted.
  if (key === null || record.offset < offsets.get(key)) return false;
  return record.valueSizeBytes >= 0 || horizonMs === undefined || nowMs < horizonMs;
}

/** What a producer wrote last tells of its sequence and epoch, and the last batch where its offsets end. */
function isKeptEmpty(header: BatchHeader, { lastOfProducers, endOffset }: CleaningRules): boolean {
  const lastOffset = header.baseOffset + header.lastOffsetDelta;
  if (lastOffset + 1 === endOffset) return true;
  const last = header.producerId < 0 ? undefined : lastOfProducers.get(header.producerId);
  if (last === undefined) return false;
  return last.lastDataOffset >= 0
    ? lastOffset === last.lastDataOffset
    : isControl(header.attributes) && header.producerEpoch === last.producerEpoch;
}

function emptyBatch(header: BatchHeader): Uint8Array {
  const bytes = new Uint8Array(batchHeaderBytes);
  writeBatchHeader(bytes, 0, bytes.length, {
    ...header,
    attributes: batchAttributes({
      isLogAppendTime: isLogAppendTime(header.attributes),
      isTransactional: isTransactional(header.attributes),
      isControl: isControl(header.attributes),
    }),
    baseTimestamp: noTimestamp,
    recordCount: 0,
  });
  return bytes;
}
