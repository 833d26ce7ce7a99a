import type { Offset } from "@millrace/model";
import { BatchCursor, isControl, readAttributes } from "@millrace/protocol/records";
import type { Partition } from "../partition/partition.ts";

/** More markers than that in a row count as records: they are not worth reading. */
const markersMax = 32;
const bytesMax = 4096;

/**
 * How many offsets a reader has still to come to, or 0 where all of them are markers of transactions: clients that
 * commit what lies behind their last record (librdkafka, kafkajs) stay at those.
 */
export function recordsBehind(partition: Partition, offset: Offset): number {
  const { highWatermark } = partition;
  const lag = Math.max(0, highWatermark - offset);
  if (lag === 0 || lag > markersMax || offset < partition.logStartOffset) return lag;
  try {
    const read = partition.read(offset, { maxBytes: bytesMax, upTo: highWatermark });
    return read.nextOffset >= highWatermark && read.parts.every(areMarkers) ? 0 : lag;
  } catch {
    return lag; // It cannot be read: the log tells of it to those who want its records.
  }
}

function areMarkers(bytes: Uint8Array): boolean {
  const cursor = new BatchCursor(bytes);
  while (cursor.next()) if (!isControl(readAttributes(bytes, cursor.position))) return false;
  return true;
}
