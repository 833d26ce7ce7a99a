import { crc32c, getInt64, setInt64 } from "@millrace/protocol/wire";
import { ProducerEntry } from "./producer-entry.ts";

const headerBytes = 10;
const crcPosition = 2;
const entriesPosition = 6;
const entryBytes = 46;
const version = 1;

/**
 * Producer state as Kafka's `<offset>.snapshot` (ProducerSnapshot.json): int16 version, uint32 CRC-32C of what
 * follows, int32 count, then for each producer: id i64, epoch i16, last sequence i32, last offset i64,
 * offset delta i32, timestamp i64, coordinator epoch i32, first offset of the open transaction i64.
 * Of the retained batches only the newest survives.
 */
export function encodeProducerSnapshot(entries: ReadonlyMap<number, ProducerEntry>): Uint8Array {
  const bytes = new Uint8Array(headerBytes + entries.size * entryBytes);
  const view = new DataView(bytes.buffer);
  view.setInt16(0, version);
  view.setInt32(entriesPosition, entries.size);
  let at = headerBytes;
  for (const entry of entries.values()) {
    const batch = entry.lastBatch;
    setInt64(view, at, entry.producerId);
    view.setInt16(at + 8, entry.producerEpoch);
    view.setInt32(at + 10, batch?.lastSequence ?? -1);
    setInt64(view, at + 14, batch?.lastOffset ?? -1);
    view.setInt32(at + 22, batch?.offsetDelta ?? 0);
    setInt64(view, at + 26, entry.lastTimestamp);
    view.setInt32(at + 34, entry.coordinatorEpoch);
    setInt64(view, at + 38, entry.transactionFirstOffset);
    at += entryBytes;
  }
  view.setUint32(crcPosition, crc32c(bytes, entriesPosition));
  return bytes;
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
    const entry = new ProducerEntry(getInt64(view, at));
    const producerEpoch = view.getInt16(at + 8);
    const lastOffset = getInt64(view, at + 14);
    const timestamp = getInt64(view, at + 26);
    entry.producerEpoch = producerEpoch;
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
    entries.push(entry);
  }
  return entries;
}
