import type { Timestamp } from "@millrace/model";
import {
  BATCH_HEADER_BYTES,
  BATCH_MAGIC,
  compressionIdOf,
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
  ProtocolError,
  type Compression,
} from "@millrace/protocol";
import { LogRequestError, type RecordError } from "../log-error.ts";
import type { LogConfig } from "../log-config.ts";

/** Up to here the size and magic of a batch can be read. */
const prologueBytes = 17;

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

/** What only clients can get wrong. `checkBatch` comes first. Gives the largest timestamp of the records. */
export function checkClientBatch(
  bytes: Uint8Array,
  config: LogConfig,
  environment: { readonly nowMs: number; readonly codecs?: Compression },
): Timestamp {
  if (readBaseOffset(bytes, 0) !== 0)
    throw invalid(`the base offset of a client's batch must be 0, not ${readBaseOffset(bytes, 0)}`);
  const count = readRecordCount(bytes, 0);
  if (count <= 0 || count !== readLastOffsetDelta(bytes, 0) + 1)
    throw invalid(`a batch says ${count} records and ${readLastOffsetDelta(bytes, 0) + 1} offsets`);
  const attributes = readAttributes(bytes, 0);
  if (isControl(attributes)) throw invalid("clients may not write control batches");
  if (readProducerId(bytes, 0) >= 0 && readBaseSequence(bytes, 0) < 0)
    throw invalid(`sequence ${readBaseSequence(bytes, 0)} in the batch of an idempotent producer`);
  if (isLogAppendTime(attributes))
    throw new LogRequestError(
      "INVALID_TIMESTAMP",
      "only brokers may stamp a batch with their time",
    );
  const isOpaque = compressionIdOf(attributes) !== 0 && !config.isCompacted;
  if (!isOpaque) return checkRecords(bytes, config, environment);
  checkTimestamps(readMaxTimestamp(bytes, 0), config, environment.nowMs);
  return readMaxTimestamp(bytes, 0);
}

function checkRecords(
  bytes: Uint8Array,
  config: LogConfig,
  environment: { readonly nowMs: number; readonly codecs?: Compression },
): Timestamp {
  const { nowMs, codecs } = environment;
  const isCreateTime = config.messageTimestampType === "CreateTime";
  const oldest = isCreateTime
    ? nowMs - config.messageTimestampBeforeMaxMs
    : Number.NEGATIVE_INFINITY;
  const youngest = isCreateTime
    ? nowMs + config.messageTimestampAfterMaxMs
    : Number.POSITIVE_INFINITY;
  let errors: RecordError[] | undefined;
  let hasBadTime = false;
  let largest: Timestamp = -1;
  let index = 0;
  try {
    const records = new RecordBatchReader({ bytes, codecs });
    while (records.next()) {
      const timestamp = records.timestamp;
      if (config.isCompacted && records.keySizeBytes < 0)
        (errors ??= []).push({
          batchIndex: index,
          message: "a compacted topic takes no record without a key",
        });
      else if ((timestamp < oldest || timestamp > youngest) && timestamp !== -1) {
        hasBadTime = true;
        (errors ??= []).push({ batchIndex: index, message: badTime(timestamp, oldest, youngest) });
      }
      if (timestamp > largest) largest = timestamp;
      if (records.offset !== index)
        throw invalid(`record ${index} has offset delta ${records.offset}`);
      index++;
    }
  } catch (error) {
    if (error instanceof ProtocolError) throw invalid(error.message);
    throw error;
  }
  if (errors !== undefined)
    throw new LogRequestError(
      hasBadTime ? "INVALID_TIMESTAMP" : "INVALID_RECORD",
      "One or more records have been rejected",
      errors,
    );
  return largest;
}

function checkTimestamps(timestamp: Timestamp, config: LogConfig, nowMs: number): void {
  if (config.messageTimestampType !== "CreateTime" || timestamp === -1) return;
  const oldest = nowMs - config.messageTimestampBeforeMaxMs;
  const youngest = nowMs + config.messageTimestampAfterMaxMs;
  if (timestamp < oldest || timestamp > youngest)
    throw new LogRequestError("INVALID_TIMESTAMP", badTime(timestamp, oldest, youngest));
}

function badTime(timestamp: Timestamp, oldest: Timestamp, youngest: Timestamp): string {
  return `timestamp ${timestamp} of a record is outside of ${oldest} to ${youngest}`;
}

function invalid(message: string): LogRequestError {
  return new LogRequestError("INVALID_RECORD", message);
}
