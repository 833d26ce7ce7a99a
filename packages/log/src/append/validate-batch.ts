import type { Timestamp } from "@millrace/model";
import { KafkaError, ProtocolError } from "@millrace/protocol";
import {
  BATCH_HEADER_BYTES,
  BATCH_MAGIC,
  isControl,
  isCrcValid,
  isLogAppendTime,
  readAttributes,
  readBaseOffset,
  readBaseSequence,
  readBatchSizeBytes,
  readLastOffsetDelta,
  readMagic,
  readMaxTimestamp,
  readProducerId,
  readRecordCount,
  RecordBatchReader,
  type Compression,
} from "@millrace/protocol/records";
import { LogRequestError, type RecordError } from "../log-error.ts";
import type { LogConfig } from "../log-config.ts";

/** Up to here the size and magic of a batch can be read. */
const prologueBytes = 17;
/** Most that a client's batch may decompress to: it is looked into whole. */
const decompressedBytesMax = 134_217_728;

/**
 * Size of the batch at a position; 0 where what is left is not a whole batch, which is dropped as Kafka drops it.
 */
export function batchSizeAt(bytes: Uint8Array, at: number): number {
  const remaining = bytes.length - at;
  if (remaining < prologueBytes) return 0;
  const sizeBytes = readBatchSizeBytes(bytes, at);
  const magic = readMagic(bytes, at);
  if (magic !== BATCH_MAGIC)
    throw new LogRequestError(
      magic === 0 || magic === 1 ? "INVALID_RECORD" : "CORRUPT_MESSAGE",
      `a batch has magic ${magic}; only ${BATCH_MAGIC} (Kafka 0.11 and later) is taken`,
    );
  if (sizeBytes < BATCH_HEADER_BYTES)
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
  /** False where a compressed batch counts its records in another order than they lie: it is written anew. */
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
  if (readProducerId(bytes, 0) >= 0 && readBaseSequence(bytes, 0) < 0)
    throw invalid(`sequence ${readBaseSequence(bytes, 0)} in the batch of an idempotent producer`);
  try {
    return checkRecords(bytes, config, context);
  } catch (error) {
    return refuse(error, bytes, config);
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
    ? nowMs - config.messageTimestampBeforeMaxMs
    : Number.NEGATIVE_INFINITY;
  const youngest = isCreateTime
    ? nowMs + config.messageTimestampAfterMaxMs
    : Number.POSITIVE_INFINITY;
  let errors: RecordError[] | undefined;
  let hasBadTime = false;
  let isInOrder = true;
  let maxTimestamp: Timestamp = -1;
  let index = 0;
  const records = new RecordBatchReader({ bytes, codecs, decompressedBytesMax });
  while (records.next()) {
    const timestamp = records.timestamp;
    if (config.isCompacted && records.keySizeBytes < 0)
      (errors ??= []).push({
        batchIndex: index,
        message: "a compacted topic takes no record without a key",
      });
    else if (isCreateTime && timestamp !== -1) {
      if (timestamp < oldest || timestamp > youngest) {
        hasBadTime = true;
        (errors ??= []).push({ batchIndex: index, message: badTime(timestamp, oldest, youngest) });
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
 * Kafka tells apart what no codec has made (its own failure) and what ends too early or holds no records (the
 * producer's). Where the codec itself is not there, a batch is kept as it came, unless keys must be seen.
 */
function refuse(error: unknown, bytes: Uint8Array, config: LogConfig): ClientBatch {
  if (error instanceof ProtocolError)
    throw error.code === "UNDECOMPRESSABLE"
      ? new LogRequestError("UNKNOWN_SERVER_ERROR", error.message)
      : invalid(error.message);
  const isUnreadable = error instanceof KafkaError && error.code === "UNSUPPORTED_COMPRESSION_TYPE";
  if (!isUnreadable || config.isCompacted) throw error;
  return { maxTimestamp: readMaxTimestamp(bytes, 0), isInOrder: true };
}

function badTime(timestamp: Timestamp, oldest: Timestamp, youngest: Timestamp): string {
  return `timestamp ${timestamp} of a record is outside of ${oldest} to ${youngest}`;
}

function invalid(message: string): LogRequestError {
  return new LogRequestError("INVALID_RECORD", message);
}
