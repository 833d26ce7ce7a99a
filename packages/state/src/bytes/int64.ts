const twoTo32 = 2 ** 32;
const twoTo63 = 2 ** 63;

/** Writes eight bytes, big-endian. From 2^63 on, also of infinity, they are those of the greatest int64. */
export function writeInt64(bytes: Uint8Array, position: number, value: number): void {
  if (value >= twoTo63) {
    bytes.fill(0xff, position, position + 8);
    bytes[position] = 0x7f;
    return;
  }
  const high = Math.floor(value / twoTo32);
  const low = value - high * twoTo32;
  bytes[position] = high >>> 24;
  bytes[position + 1] = high >>> 16;
  bytes[position + 2] = high >>> 8;
  bytes[position + 3] = high;
  bytes[position + 4] = low >>> 24;
  bytes[position + 5] = low >>> 16;
  bytes[position + 6] = low >>> 8;
  bytes[position + 7] = low;
}

export function readInt64(bytes: Uint8Array, position: number): number {
  const high =
    (bytes[position] << 24) |
    (bytes[position + 1] << 16) |
    (bytes[position + 2] << 8) |
    bytes[position + 3];
  const low =
    ((bytes[position + 4] << 24) |
      (bytes[position + 5] << 16) |
      (bytes[position + 6] << 8) |
      bytes[position + 7]) >>>
    0;
  return high * twoTo32 + low;
}
