import type { Timestamp } from "@millrace/model";
import { ProtocolError } from "@millrace/protocol";
import {
  batchHeaderBytes,
  batchMagic,
  compressionIdOf,
  compressionNames,
  isControl,
  isCrcValid,
  isLogAppendTime,
  readAttributes,
  readBaseOffset,
  readBaseSequence,
  readBatchSizeBytes,
  readLastOffsetDelta,
  readMagic,
  readProducerId,
  readRecordCount,
  RecordBatchReader,
  type Compression,
} from "@millrace/protocol/records";
import { LogRequestError, type RecordError } from "../log-error.ts";
import type { LogConfig } from "../log-config.ts";

/** Up to here the size and magic of a batch can be read. */
const prologueBytes = 17;
/** Most that a client's batch may decompress to: it is looked into whole, and a bomb is not worth the memory. */
export const clientBatchBytesMax = 64 * 1024 * 1024;
/** Long.MAX, as near as it can be told: a time further back overflows the difference, and is refused by Kafka. */
const timeSpanMax = 2 ** 63;

/**
 * Size of the batch at a position; 0 where what is left is not a whole batch, which is dropped as Kafka drops it.
 */
export function batchSizeAt(bytes: Uint8Array, at: number): number {
  const remaining = bytes.length - at;
  if (remaining < prologueBytes) return 0;
  const sizeBytes = readBatchSizeBytes(bytes, at);
  const magic = readMagic(bytes, at);
  if (magic !== batchMagic)
    throw new LogRequestError(
      magic === 0 || magic === 1 ? "INVALID_RECORD" : "CORRUPT_MESSAGE",
      `a batch has magic ${magic}; only ${batchMagic} (Kafka 0.11 and later) is taken`,
    );
  if (sizeBytes < batchHeaderBytes)
    throw new LogRequestError("CORRUPT_MESSAGE", `a batch claims ${sizeBytes} bytes`);
  return sizeBytes > remaining ? 0 : sizeBytes;
}

/** CRC and size: what every batch must meet, whoever appends it. */
export function checkBatch(bytes: Uint8Array, at: number, maxMessageBytes: number): void {
  const sizeBytes = readBatchSizeBytes(bytes, at);
  if (sizeBytes > maxMessageBytes)
    throw new LogRequestError(
      "MESSAGE_TOO_LARGE",
      `a batch has ${sizeBytes} bytes, max.message.bytes is ${maxMessageBytes}`,
    );
  if (!isCrcValid(bytes, at))
    throw new LogRequestError(
      "CORRUPT_MESSAGE",
      "the checksum of a batch does not match its bytes",
    );
  if (readLastOffsetDelta(bytes, at) < 0)
    throw new LogRequestError("INVALID_RECORD", "the offset range of a batch is negative");
}

/** What a look into a client's batch told. */
export interface ClientBatch {
  /** Largest timestamp of the records. */
  readonly maxTimestamp: Timestamp;
  /** False where the records are numbered in another order than they lie in. */
  readonly isInOrder: boolean;
}

interface ValidationContext {
  readonly nowMs: number;
  readonly codecs?: Compression;
}

/** What only clients can get wrong. `checkBatch` comes first. */
export function checkClientBatch(
  bytes: Uint8Array,
  config: LogConfig,
  context: ValidationContext,
): ClientBatch {
  if (readBaseOffset(bytes, 0) !== 0)
    throw invalid(`the base offset of a client's batch must be 0, not ${readBaseOffset(bytes, 0)}`);
  const count = readRecordCount(bytes, 0);
  if (count <= 0 || count !== readLastOffsetDelta(bytes, 0) + 1)
    throw invalid(`a batch says ${count} records and ${readLastOffsetDelta(bytes, 0) + 1} offsets`);
  const attributes = readAttributes(bytes, 0);
  if (isControl(attributes)) throw invalid("clients may not write control batches");
  const compressionId = compressionIdOf(attributes);
  if (compressionId >= compressionNames.length)
    throw unexpected(`codec ${compressionId} is not known`);
  if (readProducerId(bytes, 0) >= 0 && readBaseSequence(bytes, 0) < 0)
    throw invalid(`sequence ${readBaseSequence(bytes, 0)} in the batch of an idempotent producer`);
  try {
    return checkRecords(bytes, config, context);
  } catch (error) {
    throw refusalOf(error);
  }
}

function checkRecords(
  bytes: Uint8Array,
  config: LogConfig,
  { nowMs, codecs }: ValidationContext,
): ClientBatch {
  const isCreateTime = config.messageTimestampType === "CreateTime";
  const attributes = readAttributes(bytes, 0);
  const isStamped = isLogAppendTime(attributes);
  const oldest = isCreateTime
    ? nowMs - Math.min(config.messageTimestampBeforeMaxMs, timeSpanMax)
    : Number.NEGATIVE_INFINITY;
  const youngest = isCreateTime
    ? nowMs + config.messageTimestampAfterMaxMs
    : Number.POSITIVE_INFINITY;
  let errors: RecordError[] | undefined;
  let hasBadTime = false;
  let isInOrder = true;
  let maxTimestamp: Timestamp = -1;
  let index = 0;
  const records = new RecordBatchReader({
    bytes,
    codecs,
    decompressedBytesMax: clientBatchBytesMax,
  });
  while (records.next()) {
    records.checkHeaders();
    const timestamp = records.timestamp;
    if (config.isCompacted && records.keySizeBytes < 0)
      (errors ??= []).push({
        batchIndex: index,
        message: "a compacted topic takes no record without a key",
      });
    else if (isCreateTime && timestamp !== -1) {
      if (timestamp < oldest || timestamp > youngest) {
        hasBadTime = true;
        (errors ??= []).push({
          batchIndex: index,
          message: timestamp < oldest ? tooOld(timestamp, config) : tooYoung(timestamp, config),
        });
      }
    } else if (isStamped) {
      hasBadTime = true;
      (errors ??= []).push({ batchIndex: index, message: "only brokers stamp records" });
    }
    if (timestamp > maxTimestamp) maxTimestamp = timestamp;
    if (records.offset !== index) isInOrder = false;
    index++;
  }
  if (errors !== undefined)
    throw new LogRequestError(
      hasBadTime ? "INVALID_TIMESTAMP" : "INVALID_RECORD",
      "One or more records have been rejected",
      errors,
    );
  return { maxTimestamp, isInOrder };
}

/**
 * Records may lie in another order than they are numbered in. A number that stands twice, or beyond the batch, would be
 * that of another record too: nobody could tell them apart.
 */
export function checkNumbers(bytes: Uint8Array): void {
  const count = readRecordCount(bytes, 0);
  const seen = new Set<number>();
  const records = new RecordBatchReader({ bytes });
  while (records.next()) {
    const isFree = records.offset >= 0 && records.offset < count && !seen.has(records.offset);
    if (!isFree) throw invalid(`a batch of ${count} records has two for an offset, or none`);
    seen.add(records.offset);
  }
}

/**
 * Kafka tells apart what no codec has made, or no codec that it knows (its own failure), and what ends too early or
 * holds no records (the producer's).
 */
function refusalOf(error: unknown): unknown {
  if (error instanceof ProtocolError)
    return error.code === "UNDECOMPRESSABLE" ? unexpected(error.message) : invalid(error.message);
  return error;
}

function tooOld(timestamp: Timestamp, { messageTimestampBeforeMaxMs }: LogConfig): string {
  const maxMs = Math.min(messageTimestampBeforeMaxMs, timeSpanMax);
  return `timestamp ${timestamp} of a record is more than ${maxMs} ms behind the broker's time, which message.timestamp.before.max.ms does not allow`;
}

function tooYoung(timestamp: Timestamp, { messageTimestampAfterMaxMs: maxMs }: LogConfig): string {
  return `timestamp ${timestamp} of a record is more than ${maxMs} ms ahead of the broker's time, which message.timestamp.after.max.ms does not allow`;
}

function invalid(message: string): LogRequestError {
  return new LogRequestError("INVALID_RECORD", message);
}

/** What makes Kafka's own code fail. */
function unexpected(message: string): LogRequestError {
  return new LogRequestError("UNKNOWN_SERVER_ERROR", message);
}
