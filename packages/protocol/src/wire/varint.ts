/**
 * Zig-zag varints as records use them, written straight into a byte array. Sizes and writes of one
 * value agree, so that a record's length is known before its bytes are written.
 */

const TWO_28 = 2 ** 28;
const MAX = 2 ** 63;

/** Bytes of an unsigned 32-bit varint: 1 to 5. */
export function sizeOfUnsignedVarint(value: number): number {
  const bits = value >>> 0;
  if (bits < 0x80) return 1;
  if (bits < 0x4000) return 2;
  if (bits < 0x200000) return 3;
  return bits < 0x10000000 ? 4 : 5;
}

/** Gives the position after it. */
export function writeUnsignedVarint(bytes: Uint8Array, position: number, value: number): number {
  let bits = value >>> 0;
  while (bits > 0x7f) {
    bytes[position++] = (bits & 0x7f) | 0x80;
    bits >>>= 7;
  }
  bytes[position++] = bits;
  return position;
}

export function zigZag(value: number): number {
  return (value << 1) ^ (value >> 31);
}

export function unZigZag(bits: number): number {
  return (bits >>> 1) ^ -(bits & 1);
}

export function sizeOfVarint(value: number): number {
  return sizeOfUnsignedVarint(zigZag(value));
}

export function writeVarint(bytes: Uint8Array, position: number, value: number): number {
  return writeUnsignedVarint(bytes, position, zigZag(value));
}

function isInt32(value: number): boolean {
  return value >= -0x40000000 && value <= 0x3fffffff;
}

/** Bytes of a zig-zag varlong: 1 to 10. */
export function sizeOfVarlong(value: number): number {
  if (isInt32(value)) return sizeOfUnsignedVarint(zigZag(value));
  let magnitude = value < 0 ? -(value + 1) : value;
  if (magnitude >= MAX) return 10;
  let size = 1;
  // The zig-zag form has one more bit than the magnitude.
  for (
    magnitude = Math.floor(magnitude / 64);
    magnitude > 0;
    magnitude = Math.floor(magnitude / 128)
  )
    size++;
  return size;
}

/** Saturates like `setInt64`. Gives the position after it. */
export function writeVarlong(bytes: Uint8Array, position: number, value: number): number {
  if (isInt32(value)) return writeUnsignedVarint(bytes, position, zigZag(value));
  const isNegative = value < 0;
  let magnitude = Math.floor(isNegative ? -(value + 1) : value);
  if (magnitude >= MAX) {
    bytes.fill(0xff, position, position + 9);
    bytes[position] = isNegative ? 0xff : 0xfe;
    bytes[position + 9] = 1;
    return position + 10;
  }
  let low = ((magnitude % 64) << 1) | (isNegative ? 1 : 0);
  magnitude = Math.floor(magnitude / 64);
  while (magnitude > 0) {
    bytes[position++] = low | 0x80;
    low = magnitude % 128;
    magnitude = Math.floor(magnitude / 128);
  }
  bytes[position++] = low;
  return position;
}

/**
 * The value of zig-zag bits given as three parts of 28, 28 and 8 bits, low first: exact up to 2^53,
 * beyond it the nearest double.
 */
export function unZigZagLong(low: number, middle: number, high: number): number {
  const rest = (high * TWO_28 + middle) * (TWO_28 / 2);
  return (low & 1) === 0 ? rest + (low >>> 1) : -(rest + (low >>> 1) + 1);
}
