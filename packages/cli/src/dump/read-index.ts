import { existsSync, readFileSync } from "node:fs";

import { messageOf } from "@millrace/model";
import { decodeVersioned } from "@millrace/protocol";
import { abortedTxn, producerSnapshot } from "@millrace/protocol/definitions";
import {
  batchHeaderBytes,
  batchMagic,
  readBaseOffset,
  readLastOffset,
  readMagic,
} from "@millrace/protocol/records";
import { crc32c } from "@millrace/protocol/wire";

import type { DumpEntry } from "./dump-entry.ts";

const offsetEntryBytes = 8;
const timeEntryBytes = 12;
const abortedEntryBytes = 34;
/** Of a snapshot, what stands before that which its checksum covers. */
const snapshotCoveredFrom = 6;

/** Entries of `.index`: offsets and positions. What lies at a position is compared where the segment is beside it. */
export function* readOffsetIndex(path: string, baseOffset: number): Generator<DumpEntry> {
  const { bytes, view } = load(path);
  const logPath = path.replace(/\.index$/, ".log");
  const log = existsSync(logPath) ? readFileSync(logPath) : undefined;
  let [latest, latestPosition] = [baseOffset - 1, -1];
  for (let at = 0; at + offsetEntryBytes <= bytes.length; at += offsetEntryBytes) {
    const offset = baseOffset + view.getInt32(at);
    const position = view.getInt32(at + 4);
    if (at > 0 && offset === baseOffset) return; // space that is kept for more
    if (offset <= latest || position <= latestPosition) {
      const before = at === 0 ? "" : `, behind ${latest} at ${latestPosition}`;
      const reason = `offset ${offset} at position ${position}${before}: these only grow; it is no index, or damaged: without it the next start makes it anew`;
      yield { kind: "damage", position: at, offset, reason };
      return;
    }
    [latest, latestPosition] = [offset, position];
    yield { kind: "entry", position: at, fields: { offset, position } };
    const fault = log === undefined ? undefined : faultAt(log, position, offset);
    if (fault !== undefined) yield { kind: "damage", position: at, offset, reason: fault };
  }
}

function faultAt(log: Uint8Array, position: number, offset: number): string | undefined {
  const isBatch =
    position >= 0 &&
    position + batchHeaderBytes <= log.length &&
    readMagic(log, position) === batchMagic;
  if (!isBatch) return `no batch begins at position ${position} of the segment`;
  const [first, last] = [readBaseOffset(log, position), readLastOffset(log, position)];
  if (offset >= first && offset <= last) return undefined;
  return `the batch at position ${position} has offsets ${first} to ${last}`;
}

/** Entries of `.timeindex`. */
export function* readTimeIndex(path: string, baseOffset: number): Generator<DumpEntry> {
  const { bytes, view } = load(path);
  let latest = -Infinity;
  let latestOffset = baseOffset - 1;
  for (let at = 0; at + timeEntryBytes <= bytes.length; at += timeEntryBytes) {
    const timestamp = Number(view.getBigInt64(at));
    const offset = baseOffset + view.getInt32(at + 8);
    if (at > 0 && offset === baseOffset) return;
    if (timestamp <= latest || offset < latestOffset) {
      const before = at === 0 ? "" : `, behind ${latest} of ${latestOffset}`;
      const reason = `time ${timestamp} of offset ${offset}${before}: these only grow; it is no index, or damaged: without it the next start makes it anew`;
      yield { kind: "damage", position: at, offset, reason };
      return;
    }
    yield { kind: "entry", position: at, fields: { timestamp, offset } };
    [latest, latestOffset] = [timestamp, offset];
  }
}

/** Entries of `.txnindex`: transactions that were aborted. */
export function* readTransactionIndex(path: string): Generator<DumpEntry> {
  const { bytes } = load(path);
  for (let at = 0; at < bytes.length; at += abortedEntryBytes) {
    const entry = bytes.subarray(at, at + abortedEntryBytes);
    try {
      yield { kind: "entry", position: at, fields: decodeVersioned(abortedTxn, entry) };
    } catch (error) {
      yield { kind: "damage", position: at, offset: -1, reason: messageOf(error) };
      return;
    }
  }
}

/** Producers of a `.snapshot`. */
export function* readProducers(path: string): Generator<DumpEntry> {
  const { bytes } = load(path);
  try {
    const { crc, producerEntries } = decodeVersioned(producerSnapshot, bytes);
    for (const fields of producerEntries) yield { kind: "entry", position: 0, fields };
    if (crc === crc32c(bytes, snapshotCoveredFrom)) return;
    yield { kind: "damage", position: 2, offset: -1, reason: "the checksum does not match" };
  } catch (error) {
    yield { kind: "damage", position: 0, offset: -1, reason: messageOf(error) };
  }
}

function load(path: string): { readonly bytes: Uint8Array; readonly view: DataView } {
  const bytes = readFileSync(path);
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}
