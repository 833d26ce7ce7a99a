import { decodeUtf8, encodeUtf8, type Headers, type Header } from "@millrace/model";
import type { Serde } from "@millrace/serde";
import type { RecordContext, RecordInput } from "@millrace/state";

import type { RecordParts } from "../../../processor/async-work.ts";

/** A record that waits for its call: as it came, and where from. */
export type WaitingRecord = RecordContext & RecordParts;

const formatVersion = 0;
/** In place of a length: the bytes are the record's own. */
const ownLength = -2;
const noBytes = new Uint8Array(0);
/** Version (1), timestamp (8), partition (4), offset (8). */
const fixedBytes = 21;

/**
 * A waiting record as it lies in its operator's store: version, timestamp, partition, offset, then topic, key and value,
 * then the headers, counted; then key and value of its source, where it is kept. Texts and bytes come after their length,
 * which is -1 for null, and -2 where those of the source are the record's own. Numbers are big-endian. Versions that know
 * of no source pass over what is behind the headers.
 */
export const waitingRecordSerde: Serde<WaitingRecord> = {
  name: "waitingRecord",
  isNullable: false,
  serialize: (record) => {
    const parts = partsOf(record);
    const length = parts.reduce((sum, part) => sum + 4 + bytesOf(part).length, fixedBytes + 4);
    const bytes = new Uint8Array(length);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, formatVersion);
    view.setBigInt64(1, BigInt(record.timestamp));
    view.setInt32(9, record.partition);
    view.setBigInt64(13, BigInt(record.offset));
    view.setInt32(fixedBytes, record.headers.length);
    let position = fixedBytes + 4;
    for (const part of parts) {
      const own = part === "own" ? ownLength : -1;
      view.setInt32(position, part instanceof Uint8Array ? part.length : own);
      bytes.set(bytesOf(part), position + 4);
      position += 4 + bytesOf(part).length;
    }
    return bytes;
  },
  deserialize: (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const version = view.getUint8(0);
    if (version !== formatVersion)
      throw new RangeError(`a waiting record is of version ${version}; ${formatVersion} is known`);
    let position = fixedBytes + 4;
    const next = (): Uint8Array | null => {
      const length = view.getInt32(position);
      const start = position + 4;
      position = start + Math.max(0, length);
      return length < 0 ? null : new Uint8Array(bytes.subarray(start, position));
    };
    const topic = next();
    const key = next();
    const value = next();
    const headers: Headers = Array.from({ length: view.getInt32(fixedBytes) }, (): Header => {
      const name = next();
      return [name === null ? "" : decodeUtf8(name), next()];
    });
    const nextOr = (own: Uint8Array | null): Uint8Array | null => {
      if (view.getInt32(position) !== ownLength) return next();
      position += 4;
      return own;
    };
    const record = {
      topic: topic === null ? null : decodeUtf8(topic),
      partition: view.getInt32(9),
      offset: Number(view.getBigInt64(13)),
      timestamp: Number(view.getBigInt64(1)),
      headers,
      key,
      value,
    };
    if (position === bytes.length) return record;
    return { ...record, input: keptInput(nextOr(key), nextOr(value)) };
  },
};

/** Null has no bytes; those of the source may be the record's own. */
type Part = Uint8Array | "own" | null;

/** What has a length of its own, in order. */
function partsOf({ topic, key, value, headers, input }: WaitingRecord): readonly Part[] {
  const parts: Part[] = [topic === null ? null : encodeUtf8(topic), key, value];
  for (const [name, content] of headers) parts.push(encodeUtf8(name), content);
  if (input === undefined) return parts;
  parts.push(input.key === key ? "own" : input.key);
  parts.push(input.value === value ? "own" : input.value);
  return parts;
}

function bytesOf(part: Part): Uint8Array {
  return part instanceof Uint8Array ? part : noBytes;
}

/** Of bytes that nobody changes. Those that are the record's own are the same arrays. */
export function keptInput(key: Uint8Array | null, value: Uint8Array | null): RecordInput {
  const input: RecordInput = { key, value, kept: () => input };
  return input;
}

/** Roughly what it costs in memory. */
export function sizeOf({ key, value, headers, input }: WaitingRecord): number {
  let size = 256 + (key?.length ?? 0) + (value?.length ?? 0);
  if (input !== undefined && input.key !== key) size += input.key?.length ?? 0;
  if (input !== undefined && input.value !== value) size += input.value?.length ?? 0;
  for (const [name, content] of headers) size += name.length + (content?.length ?? 0) + 32;
  return size;
}
