import type { Timestamp } from "@millrace/model";
import { readInt64, writeInt64 } from "./int64.ts";

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

/** A view of the value behind the timestamp. */
export function valueOf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(timestampBytes);
}
