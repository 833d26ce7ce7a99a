import { inPlace } from "./in-place.ts";
import type { Serde } from "./serde.ts";

const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);
const twoTo32 = 2 ** 32;
const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;

/**
 * Whole numbers of 16 bits, big-endian (Kafka: `Serdes.Short`).
 *
 * @throws RangeError on a number that is not whole or does not fit, and on bytes that are not two
 */
export function int16(): Serde<number> {
  return int16Serde;
}

const int16Serde: Serde<number> = Object.freeze({
  name: "int16",
  isNullable: false,
  isInjective: true,
  serialize: (value: number) => {
    requireInt16(value);
    return Uint8Array.of(value >>> 8, value);
  },
  deserialize: (view: Uint8Array) => {
    requireLength(view, 2);
    return ((view[0] << 24) >> 16) | view[1];
  },
  sizeOf: (value: number) => {
    requireInt16(value);
    return 2;
  },
});

function requireInt16(value: number): void {
  if (typeof value !== "number" || (value << 16) >> 16 !== value)
    throw new RangeError(`expected a whole number of 16 bits, got ${String(value)}`);
}

/**
 * Whole numbers of 32 bits, big-endian (Kafka: `Serdes.Integer`).
 *
 * @throws RangeError on a number that is not whole or does not fit, and on bytes that are not four
 */
export function int32(): Serde<number> {
  return int32Serde;
}

const int32Serde: Serde<number> = fixedSize(
  {
    name: "int32",
    isNullable: false,
    isInjective: true,
    serialize: (value: number) => {
      requireInt32(value);
      return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
    },
    deserialize: (view: Uint8Array) => {
      requireLength(view, 4);
      return (view[0] << 24) | (view[1] << 16) | (view[2] << 8) | view[3];
    },
    sizeOf: (value: number) => {
      requireInt32(value);
      return 4;
    },
  },
  writeInt32,
);

function writeInt32(value: number, target: Uint8Array, at: number): number {
  requireInt32(value);
  writeUint32(target, at, value);
  return at + 4;
}

function requireInt32(value: number): void {
  if (typeof value !== "number" || (value | 0) !== value)
    throw new RangeError(`expected a whole number of 32 bits, got ${String(value)}`);
}

/**
 * Whole numbers of 64 bits as `bigint`, big-endian (Kafka: `Serdes.Long`).
 *
 * @throws RangeError on a bigint that does not fit, and on bytes that are not eight
 */
export function int64(): Serde<bigint> {
  return int64Serde;
}

const int64Serde: Serde<bigint> = Object.freeze({
  name: "int64",
  isNullable: false,
  isInjective: true,
  serialize: (value: bigint) => {
    requireInt64(value);
    scratch.setBigInt64(0, value);
    return scratchBytes.slice();
  },
  deserialize: (view: Uint8Array) => {
    requireLength(view, 8);
    scratchBytes.set(view);
    return scratch.getBigInt64(0);
  },
  sizeOf: (value: bigint) => {
    requireInt64(value);
    return 8;
  },
});

function requireInt64(value: bigint): void {
  if (typeof value !== "bigint" || value < int64Min || value > int64Max)
    throw new RangeError(`expected a bigint of 64 bits, got ${String(value)}`);
}

/**
 * Whole numbers of 64 bits as `number`, big-endian: what `count()` keeps (Kafka: `Serdes.Long`). Longs beyond ±2^53
 * are errors: the nearest double is another id, and two of them may become one.
 *
 * @throws RangeError on a number that is not whole or not exact, and on bytes that are not eight, or such a number
 * @example int64AsNumber().serialize(1, "topic") // Uint8Array [0, 0, 0, 0, 0, 0, 0, 1]
 */
export function int64AsNumber(): Serde<number> {
  return int64AsNumberSerde;
}

const int64AsNumberSerde: Serde<number> = fixedSize(
  {
    name: "int64AsNumber",
    isNullable: false,
    isInjective: true,
    serialize: (value: number) => {
      const bytes = new Uint8Array(8);
      writeInt64(value, bytes, 0);
      return bytes;
    },
    deserialize: (view: Uint8Array) => {
      requireLength(view, 8);
      const high = (view[0] << 24) | (view[1] << 16) | (view[2] << 8) | view[3];
      const low = ((view[4] << 24) | (view[5] << 16) | (view[6] << 8) | view[7]) >>> 0;
      const value = high * twoTo32 + low;
      requireWhole(value);
      return value;
    },
    sizeOf: (value: number) => {
      requireWhole(value);
      return 8;
    },
  },
  writeInt64,
);

function writeInt64(value: number, target: Uint8Array, at: number): number {
  requireWhole(value);
  const high = Math.floor(value / twoTo32);
  writeUint32(target, at, high);
  writeUint32(target, at + 4, value - high * twoTo32);
  return at + 8;
}

function requireWhole(value: number): void {
  if (Number.isSafeInteger(value)) return;
  const isWhole = Number.isInteger(value);
  throw new RangeError(
    isWhole
      ? `${value} is beyond 2^53, where numbers are not exact; int64() gives and takes bigint`
      : `expected a whole number of 64 bits, got ${String(value)}`,
  );
}

/**
 * IEEE 754 numbers of 32 bits, big-endian (Kafka: `Serdes.Float`). Others are errors: they would be read as the nearest
 * one.
 *
 * @throws RangeError on a number that needs more bits, and on bytes that are not four
 * @example float().serialize(Math.fround(0.1), "topic")
 */
export function float(): Serde<number> {
  return floatSerde;
}

const floatSerde: Serde<number> = Object.freeze({
  name: "float",
  isNullable: false,
  serialize: (value: number) => {
    requireFloat(value);
    scratch.setFloat32(0, value);
    return scratchBytes.slice(0, 4);
  },
  deserialize: (view: Uint8Array) => {
    requireLength(view, 4);
    scratchBytes.set(view);
    return scratch.getFloat32(0);
  },
  sizeOf: (value: number) => {
    requireFloat(value);
    return 4;
  },
});

function requireFloat(value: number): void {
  requireNumber(value);
  if (!Object.is(Math.fround(value), value))
    throw new RangeError(
      `${value} needs more than 32 bits; round it, Math.fround(${value}), or use double()`,
    );
}

/**
 * IEEE 754 numbers of 64 bits, big-endian (Kafka: `Serdes.Double`).
 *
 * @throws RangeError on bytes that are not eight
 */
export function double(): Serde<number> {
  return doubleSerde;
}

const doubleSerde: Serde<number> = fixedSize(
  {
    name: "double",
    isNullable: false,
    serialize: (value: number) => {
      requireNumber(value);
      scratch.setFloat64(0, value);
      return scratchBytes.slice();
    },
    deserialize: (view: Uint8Array) => {
      requireLength(view, 8);
      scratchBytes.set(view);
      return scratch.getFloat64(0);
    },
    sizeOf: (value: number) => {
      requireNumber(value);
      return 8;
    },
  },
  writeDouble,
);

function writeDouble(value: number, target: Uint8Array, at: number): number {
  requireNumber(value);
  scratch.setFloat64(0, value);
  target.set(scratchBytes, at);
  return at + 8;
}

function requireNumber(value: number): void {
  if (typeof value !== "number") throw new TypeError(`expected a number, got ${typeof value}`);
}

function writeUint32(bytes: Uint8Array, position: number, value: number): void {
  bytes[position] = value >>> 24;
  bytes[position + 1] = value >>> 16;
  bytes[position + 2] = value >>> 8;
  bytes[position + 3] = value;
}

/** Of a serde whose values all take the same room: it writes in place. */
function fixedSize<T>(
  serde: Serde<T> & Required<Pick<Serde<T>, "sizeOf">>,
  writeTo: (value: T & {}, target: Uint8Array, at: number) => number,
): Serde<T> {
  return inPlace(serde, { sizeMax: serde.sizeOf, writeTo });
}

function requireLength(view: Uint8Array, length: number): void {
  if (view.length !== length) throw new RangeError(`expected ${length} bytes, got ${view.length}`);
}
