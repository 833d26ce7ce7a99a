/**
 * Zig-zag varints as records use them, written straight into a byte array. Sizes and writes of one
 * value agree, so that a record's length is known before its bytes are written.
 */

const two28 = 2 ** 28;
const two32 = 2 ** 32;
const int64Limit = 2 ** 63;

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
  return value === (value | 0);
}

/** The halves of the last `splitZigZag`, unsigned: two numbers without an object. */
let low32 = 0;
let high32 = 0;

/** Zig-zag bits of an int64, saturating, exact also where `value + 1` would not be. */
function splitZigZag(value: number): void {
  const isNegative = value < 0;
  const magnitude = Math.floor(isNegative ? -value : value);
  let high = 0x7fffffff;
  let low = 0xffffffff;
  if (magnitude < int64Limit) {
    high = Math.floor(magnitude / two32);
    low = magnitude - high * two32;
    if (isNegative && low-- === 0) {
      low = 0xffffffff;
      high--;
    }
  }
  low32 = ((low << 1) | (isNegative ? 1 : 0)) >>> 0;
  high32 = ((high << 1) | (low >>> 31)) >>> 0;
}

/** Bytes of a zig-zag varlong: 1 to 10. */
export function sizeOfVarlong(value: number): number {
  if (isInt32(value)) return sizeOfUnsignedVarint(zigZag(value));
  splitZigZag(value);
  const bits = high32 === 0 ? 32 - Math.clz32(low32) : 64 - Math.clz32(high32);
  return Math.ceil(bits / 7);
}

/** Saturates like `setInt64`. Gives the position after it. */
export function writeVarlong(bytes: Uint8Array, position: number, value: number): number {
  if (isInt32(value)) return writeUnsignedVarint(bytes, position, zigZag(value));
  splitZigZag(value);
  let low = low32;
  let high = high32;
  while (high !== 0 || low > 0x7f) {
    bytes[position++] = (low & 0x7f) | 0x80;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  bytes[position++] = low;
  return position;
}

/**
 * The value of zig-zag bits given as three parts of 28, 28 and 8 bits, low first: exact up to 2^53,
 * beyond it the nearest double.
 */
export function unZigZagLong(low: number, middle: number, high: number): number {
  const rest = (high * two28 + middle) * (two28 / 2);
  return (low & 1) === 0 ? rest + (low >>> 1) : -(rest + (low >>> 1) + 1);
}
