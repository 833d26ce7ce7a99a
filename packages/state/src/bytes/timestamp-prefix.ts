import type { Timestamp } from "@millrace/model";

/** Timestamped values are timestamp (8, big-endian) ++ value (Kafka: `ValueAndTimestampSerializer`). */
export const timestampBytes = 8;

const twoTo32 = 2 ** 32;

export function withTimestamp(value: Uint8Array, timestamp: Timestamp): Uint8Array {
  const whole = new Uint8Array(timestampBytes + value.length);
  const high = Math.floor(timestamp / twoTo32);
  const low = timestamp - high * twoTo32;
  whole[0] = high >>> 24;
  whole[1] = high >>> 16;
  whole[2] = high >>> 8;
  whole[3] = high;
  whole[4] = low >>> 24;
  whole[5] = low >>> 16;
  whole[6] = low >>> 8;
  whole[7] = low;
  whole.set(value, timestampBytes);
  return whole;
}

export function timestampOf(bytes: Uint8Array): Timestamp {
  const high = (bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3];
  const low = ((bytes[4] << 24) | (bytes[5] << 16) | (bytes[6] << 8) | bytes[7]) >>> 0;
  return high * twoTo32 + low;
}

/** A view of the value behind the timestamp. */
export function valueOf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(timestampBytes);
}
