import type { Offset, Timestamp } from "@millrace/model";
import {
  compressionIdOf,
  compressionIdOfName,
  readAttributes,
  readBatchSizeBytes,
  readLastOffsetDelta,
  readMaxTimestamp,
  setBaseOffset,
  setCreateTime,
  setLogAppendTime,
  setPartitionLeaderEpoch,
  type Compression,
} from "@millrace/protocol/records";
import type { LogConfig } from "../log-config.ts";
import { LogRequestError } from "../log-error.ts";
import type { AppendOptions, AppendResult } from "../log-types.ts";
import { ProducerAppend } from "../producer/producer-append.ts";
import type { ProducerBatch } from "../producer/producer-entry.ts";
import type { ProducerStates } from "../producer/producer-states.ts";
import { rewriteBatch } from "./rewrite-batch.ts";
import { batchSizeAt, checkBatch, checkClientBatch, checkNumbers } from "./validate-batch.ts";

/** What an append is checked against. */
export interface AppendContext {
  readonly config: LogConfig;
  readonly producers: ProducerStates;
  readonly codecs: Compression | undefined;
  readonly nowMs: Timestamp;
  readonly logEndOffset: Offset;
}

/** An append that passed every check and has not written a byte. */
export interface AppendPlan {
  /** The batches without what follows the last whole one. */
  readonly bytes: Uint8Array;
  readonly endOffset: Offset;
  readonly maxTimestamp: Timestamp;
  readonly producers: ProducerAppend;
  /** Instead of all else: the batch was written before. */
  readonly duplicate?: ProducerBatch;
}

/** Checks batches before offsets are assigned (Kafka: `LogValidator`, `ProducerAppendInfo`). */
export function planAppend(
  batches: Uint8Array,
  options: AppendOptions,
  context: AppendContext,
): AppendPlan {
  const { config, nowMs } = context;
  const isClient = options.origin === "client";
  const sizeBytes = measureBatches(batches, config, isClient);
  let bytes = sizeBytes === batches.length ? batches : batches.subarray(0, sizeBytes);
  const producers = new ProducerAppend(
    context.producers,
    options,
    config.transactionVerificationEnabled,
  );
  let endOffset = context.logEndOffset;
  let maxTimestamp = -1;
  if (isClient) {
    // First: what was fine when it was written may be too old now, and whoever is refused takes it for not written.
    const duplicate = producers.findDuplicate(bytes, 0);
    if (duplicate !== undefined) return { bytes, endOffset, maxTimestamp, producers, duplicate };
    bytes = settleClientBatch(bytes, context);
  }
  for (let at = 0; at < bytes.length; at += readBatchSizeBytes(bytes, at)) {
    if (config.messageTimestampType === "LogAppendTime") setLogAppendTime(bytes, at, nowMs);
    producers.add(bytes, at, endOffset);
    maxTimestamp = Math.max(maxTimestamp, readMaxTimestamp(bytes, at));
    endOffset += readLastOffsetDelta(bytes, at) + 1;
  }
  return { bytes, endOffset, maxTimestamp, producers };
}

/** Gives the batches of a plan their offsets, where they lie: the checksum does not cover these fields. */
export function assignOffsets(bytes: Uint8Array, baseOffset: Offset, leaderEpoch: number): void {
  let offset = baseOffset;
  for (let at = 0; at < bytes.length; at += readBatchSizeBytes(bytes, at)) {
    setBaseOffset(bytes, at, offset);
    setPartitionLeaderEpoch(bytes, at, leaderEpoch);
    offset += readLastOffsetDelta(bytes, at) + 1;
  }
}

/** Checks a client's batch and makes it what is stored: mostly the very bytes. */
function settleClientBatch(bytes: Uint8Array, context: AppendContext): Uint8Array {
  const { config, codecs } = context;
  const { maxTimestamp, isInOrder } = checkClientBatch(bytes, config, context);
  const compressionId = compressionIdOf(readAttributes(bytes, 0));
  const target =
    config.compressionType === "producer"
      ? compressionId
      : compressionIdOfName(config.compressionType);
  if (target !== compressionId && codecs !== undefined)
    return rewriteBatch(bytes, target, { codecs, config });
  if (compressionId === 0 && !isInOrder) checkNumbers(bytes);
  else if (!isInOrder)
    throw new LogRequestError(
      "UNKNOWN_SERVER_ERROR",
      "a compressed batch numbers its records wrongly",
    );
  if (config.messageTimestampType === "CreateTime") setCreateTime(bytes, 0, maxTimestamp);
  return bytes;
}

/** Bytes of whole batches; each is sound by itself. */
function measureBatches(batches: Uint8Array, config: LogConfig, isClient: boolean): number {
  let sizeBytes = 0;
  let count = 0;
  for (;;) {
    const size = batchSizeAt(batches, sizeBytes);
    if (size === 0) break;
    count++;
    if (isClient && count > 1)
      throw new LogRequestError("INVALID_RECORD", "a client may append one batch at a time");
    if (isClient) checkBatch(batches, sizeBytes, config.maxMessageBytes);
    else checkBatch(batches, sizeBytes, Number.POSITIVE_INFINITY);
    sizeBytes += size;
  }
  if (count === 0) throw new LogRequestError("INVALID_RECORD", "there is no whole batch to append");
  if (sizeBytes > config.segmentBytes)
    throw new LogRequestError(
      "RECORD_LIST_TOO_LARGE",
      `${sizeBytes} bytes do not fit a segment of ${config.segmentBytes}`,
    );
  return sizeBytes;
}

/** The answer that the first write of a batch got, with its timestamp for the time of the append, as in Kafka. */
export function answerDuplicate(duplicate: ProducerBatch, logStartOffset: Offset): AppendResult {
  const { lastOffset, offsetDelta, timestamp } = duplicate;
  return {
    isDuplicate: true,
    baseOffset: lastOffset - offsetDelta,
    lastOffset,
    logAppendTime: timestamp,
    logStartOffset,
    sizeBytes: 0,
  };
}
