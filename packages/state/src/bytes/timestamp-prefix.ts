import type { Timestamp } from "@millrace/model";
import { readInt64, writeInt64 } from "./int64.ts";
import { partOf } from "./key-range.ts";

/** Timestamped values are timestamp (8, big-endian) ++ value (Kafka: `ValueAndTimestampSerializer`). */
export const timestampBytes = 8;

export function withTimestamp(value: Uint8Array, timestamp: Timestamp): Uint8Array {
  const whole = new Uint8Array(timestampBytes + value.length);
  writeInt64(whole, 0, timestamp);
  whole.set(value, timestampBytes);
  return whole;
}

export function timestampOf(bytes: Uint8Array): Timestamp {
  return readInt64(bytes, 0);
}

/** The value behind the timestamp, to be read only. */
export function valueOf(bytes: Uint8Array): Uint8Array {
  return partOf(bytes, timestampBytes);
}
