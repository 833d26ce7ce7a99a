import { decodeUtf8, encodeUtf8, type Headers, type Header } from "@millrace/model";
import type { Serde } from "@millrace/serde";
import type { RecordContext } from "@millrace/state";

import type { RecordParts } from "../../../processor/async-work.ts";

/** A record that waits for its call: as it came, and where from. */
export type WaitingRecord = RecordContext & RecordParts;

const formatVersion = 0;
/** Version (1), timestamp (8), partition (4), offset (8). */
const fixedBytes = 21;

/**
 * A waiting record as it lies in its operator's store: version, timestamp, partition, offset, then topic, key and value,
 * then the headers, counted. Texts and bytes come after their length, which is -1 for null. Numbers are big-endian.
 */
export const waitingRecordSerde: Serde<WaitingRecord> = {
  name: "waitingRecord",
  isNullable: false,
  serialize: (record) => {
    const parts = partsOf(record);
    const length = parts.reduce((sum, part) => sum + 4 + (part?.length ?? 0), fixedBytes + 4);
    const bytes = new Uint8Array(length);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, formatVersion);
    view.setBigInt64(1, BigInt(record.timestamp));
    view.setInt32(9, record.partition);
    view.setBigInt64(13, BigInt(record.offset));
    view.setInt32(fixedBytes, record.headers.length);
    let position = fixedBytes + 4;
    for (const part of parts) {
      view.setInt32(position, part?.length ?? -1);
      if (part !== null) bytes.set(part, position + 4);
      position += 4 + (part?.length ?? 0);
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
    return {
      topic: topic === null ? null : decodeUtf8(topic),
      partition: view.getInt32(9),
      offset: Number(view.getBigInt64(13)),
      timestamp: Number(view.getBigInt64(1)),
      headers,
      key,
      value,
    };
  },
};

/** What has a length of its own, in order. */
function partsOf({ topic, key, value, headers }: WaitingRecord): readonly (Uint8Array | null)[] {
  return [
    topic === null ? null : encodeUtf8(topic),
    key,
    value,
    ...headers.flatMap(([name, content]) => [encodeUtf8(name), content]),
  ];
}

/** Roughly what it costs in memory. */
export function sizeOf({ key, value, headers }: WaitingRecord): number {
  let size = 256 + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, content] of headers) size += name.length + (content?.length ?? 0) + 32;
  return size;
}
