import type { Offset, Timestamp } from "@millrace/model";
import { crc32c, getInt64, setInt64 } from "@millrace/protocol/wire";
import { type ProducerBatch, ProducerEntry } from "./producer-entry.ts";

const headerBytes = 10;
const crcPosition = 2;
const entriesPosition = 6;
const entryBytes = 46;
const version = 1;

/**
 * Producer state as Kafka's `<offset>.snapshot` (ProducerSnapshot.json): int16 version, uint32 CRC-32C of what
 * follows, int32 count, then rows: producer id i64, epoch i16, last sequence i32, last offset i64,
 * offset delta i32, timestamp i64, coordinator epoch i32, first offset of the open transaction i64.
 *
 * Kafka has a row for each producer and knows its newest batch alone after a restart: what it sends again of the batches
 * before is out of order then, and its client writes it twice. Here the batches before have rows of their own, in front
 * of the producer's: Kafka takes the last row of a producer.
 */
export function encodeProducerSnapshot(entries: ReadonlyMap<number, ProducerEntry>): Uint8Array {
  let rows = 0;
  for (const { batches } of entries.values()) rows += Math.max(1, batches.length);
  const bytes = new Uint8Array(headerBytes + rows * entryBytes);
  const view = new DataView(bytes.buffer);
  view.setInt16(0, version);
  view.setInt32(entriesPosition, rows);
  let at = headerBytes;
  const write = (entry: ProducerEntry, batch: ProducerBatch | undefined, row: RowOfBatch): void => {
    setInt64(view, at, entry.producerId);
    view.setInt16(at + 8, entry.producerEpoch);
    view.setInt32(at + 10, batch?.lastSequence ?? -1);
    setInt64(view, at + 14, batch?.lastOffset ?? -1);
    view.setInt32(at + 22, batch?.offsetDelta ?? 0);
    setInt64(view, at + 26, row.timestamp);
    view.setInt32(at + 34, entry.coordinatorEpoch);
    setInt64(view, at + 38, row.transactionFirstOffset);
    at += entryBytes;
  };
  for (const entry of entries.values()) {
    const { lastTimestamp, transactionFirstOffset, batches } = entry;
    for (const batch of batches.slice(0, -1))
      write(entry, batch, { timestamp: batch.timestamp, transactionFirstOffset: -1 });
    write(entry, entry.lastBatch, { timestamp: lastTimestamp, transactionFirstOffset });
  }
  view.setUint32(crcPosition, crc32c(bytes, entriesPosition));
  return bytes;
}

interface RowOfBatch {
  readonly timestamp: Timestamp;
  readonly transactionFirstOffset: Offset;
}

/** Undefined where the bytes are not a whole snapshot of a known version: it is a cache, the log has it all. */
export function decodeProducerSnapshot(bytes: Uint8Array): ProducerEntry[] | undefined {
  if (bytes.length < headerBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getInt32(entriesPosition);
  if (view.getInt16(0) !== version || count < 0) return undefined;
  if (bytes.length !== headerBytes + count * entryBytes) return undefined;
  if (view.getUint32(crcPosition) !== crc32c(bytes, entriesPosition)) return undefined;
  const entries: ProducerEntry[] = [];
  for (let at = headerBytes; at < bytes.length; at += entryBytes) {
    const producerId = getInt64(view, at);
    const newest = entries.at(-1);
    const entry = newest?.producerId === producerId ? newest : new ProducerEntry(producerId);
    const producerEpoch = view.getInt16(at + 8);
    const lastOffset = getInt64(view, at + 14);
    const timestamp = getInt64(view, at + 26);
    entry.setEpoch(producerEpoch);
    if (lastOffset >= 0)
      entry.addBatch(producerEpoch, {
        lastSequence: view.getInt32(at + 10),
        lastOffset,
        offsetDelta: view.getInt32(at + 22),
        timestamp,
      });
    entry.lastTimestamp = timestamp;
    entry.coordinatorEpoch = view.getInt32(at + 34);
    entry.transactionFirstOffset = getInt64(view, at + 38);
    if (entry !== newest) entries.push(entry);
  }
  return entries;
}
