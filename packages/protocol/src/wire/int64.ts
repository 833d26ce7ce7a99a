const two32 = 2 ** 32;
const int64Limit = 2 ** 63;

/** The nearest double of the int64 at a position. */
export function getInt64(view: DataView, position: number): number {
  return view.getInt32(position) * two32 + view.getUint32(position + 4);
}

/** Writes an int64, saturating: all that is 2^63 or more is Java's Long.MAX_VALUE, and so below. */
export function setInt64(view: DataView, position: number, value: number): void {
  if (value >= int64Limit) {
    view.setUint32(position, 0x7fffffff);
    view.setUint32(position + 4, 0xffffffff);
  } else if (value < -int64Limit) {
    view.setUint32(position, 0x80000000);
    view.setUint32(position + 4, 0);
  } else {
    const high = Math.floor(value / two32);
    view.setInt32(position, high);
    view.setUint32(position + 4, value - high * two32);
  }
}

/** The same without a DataView, for single reads out of a large buffer. */
export function readInt64(bytes: Uint8Array, position: number): number {
  return readInt32(bytes, position) * two32 + (readInt32(bytes, position + 4) >>> 0);
}

export function writeInt64(bytes: Uint8Array, position: number, value: number): void {
  if (value >= int64Limit) {
    writeInt32(bytes, position, 0x7fffffff);
    writeInt32(bytes, position + 4, -1);
  } else if (value < -int64Limit) {
    writeInt32(bytes, position, 0x80000000);
    writeInt32(bytes, position + 4, 0);
  } else {
    const high = Math.floor(value / two32);
    writeInt32(bytes, position, high);
    writeInt32(bytes, position + 4, value - high * two32);
  }
}

export function readInt32(bytes: Uint8Array, position: number): number {
  return (
    (bytes[position] << 24) |
    (bytes[position + 1] << 16) |
    (bytes[position + 2] << 8) |
    bytes[position + 3]
  );
}

export function writeInt32(bytes: Uint8Array, position: number, value: number): void {
  bytes[position] = value >>> 24;
  bytes[position + 1] = value >>> 16;
  bytes[position + 2] = value >>> 8;
  bytes[position + 3] = value;
}

export function readInt16(bytes: Uint8Array, position: number): number {
  return ((bytes[position] << 24) >> 16) | bytes[position + 1];
}

export function writeInt16(bytes: Uint8Array, position: number, value: number): void {
  bytes[position] = value >>> 8;
  bytes[position + 1] = value;
}
