import type { Reader, Writer } from "protobufjs";

/** How 64-bit fields are held: exactly, or as numbers, refusing what a number cannot hold. */
export type LongForm = "bigint" | "number";

export type LongType = "int64" | "uint64" | "sint64" | "fixed64" | "sfixed64";

/** Reads and writes 64-bit values in one form. */
export interface LongCodec {
  readonly zero: bigint | number;
  readonly read: Readonly<Record<LongType, (reader: Reader) => bigint | number>>;
  /** @returns false for a value that the type cannot hold */
  write(writer: Writer, type: LongType, value: unknown): boolean;
}

export function isLong(type: string): type is LongType {
  return type.endsWith("64");
}

/** The two halves of a long under way, the low one unsigned, the high one signed; no call keeps them. */
let low = 0;
let high = 0;
const scratch = new DataView(new ArrayBuffer(8));
/** What protobufjs's writer takes: an object of two halves, as of the package `long`. */
const halves = { low: 0, high: 0 };

export const longCodecs: Readonly<Record<LongForm, LongCodec>> = {
  bigint: { zero: 0n, read: readersOf(signedBigInt, unsignedBigInt), write: writeLong },
  number: { zero: 0, read: readersOf(signedNumber, unsignedNumber), write: writeLong },
};

function readersOf<T>(signed: () => T, unsigned: () => T) {
  return {
    int64: (reader: Reader) => {
      readVarint(reader);
      return signed();
    },
    uint64: (reader: Reader) => {
      readVarint(reader);
      return unsigned();
    },
    sint64: (reader: Reader) => {
      readVarint(reader);
      const sign = -(low & 1);
      low = (((low >>> 1) | (high << 31)) ^ sign) >>> 0;
      high = (high >>> 1) ^ sign;
      return signed();
    },
    fixed64: (reader: Reader) => {
      readFixed(reader);
      return unsigned();
    },
    sfixed64: (reader: Reader) => {
      readFixed(reader);
      return signed();
    },
  };
}

function signedBigInt(): bigint {
  // Most longs are small, and cheaper to make of a small number.
  if (high === 0 && low < 2 ** 30) return BigInt(low);
  scratch.setUint32(4, low);
  scratch.setInt32(0, high);
  return scratch.getBigInt64(0);
}

function unsignedBigInt(): bigint {
  if (high === 0 && low < 2 ** 30) return BigInt(low);
  scratch.setUint32(4, low);
  scratch.setInt32(0, high);
  return scratch.getBigUint64(0);
}

function signedNumber(): number {
  return safe(high * 2 ** 32 + low);
}

function unsignedNumber(): number {
  return safe((high >>> 0) * 2 ** 32 + low);
}

function safe(value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw new RangeError(
    `the 64-bit value ${value} is more than a number holds exactly; read it as a bigint: longs: "bigint"`,
  );
}

function readFixed(reader: Reader): void {
  low = reader.fixed32();
  high = reader.sfixed32();
}

function readVarint(reader: Reader): void {
  const { buf: bytes } = reader;
  let { pos } = reader;
  let lower = 0;
  let upper = 0;
  // What lies beyond the bytes is undefined: no end of a varint, and no bits.
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = bytes[pos++];
    const bits = byte & 127;
    if (shift < 28) lower |= bits << shift;
    else if (shift > 28) upper |= bits << (shift - 32);
    else {
      lower |= bits << 28;
      upper = bits >> 4;
    }
    if (!(byte < 128)) continue;
    if (pos > reader.len) break;
    reader.pos = pos;
    low = lower >>> 0;
    high = upper;
    return;
  }
  throw new RangeError(
    pos > reader.len ? "the bytes end within a varint" : "a varint takes more than ten bytes",
  );
}

/** A bigint, or a number that is a safe integer. */
function writeLong(writer: Writer, type: LongType, value: unknown): boolean {
  const isSigned = type !== "uint64" && type !== "fixed64";
  if (typeof value === "bigint") {
    if (isSigned) scratch.setBigInt64(0, value);
    else scratch.setBigUint64(0, value);
    halves.low = scratch.getUint32(4);
    halves.high = scratch.getInt32(0);
    if ((isSigned ? scratch.getBigInt64(0) : scratch.getBigUint64(0)) !== value) return false;
  } else if (typeof value === "number" && Number.isSafeInteger(value)) {
    if (value < 0 && !isSigned) return false;
    halves.high = Math.floor(value / 2 ** 32);
    halves.low = value - halves.high * 2 ** 32;
  } else return false;
  writer[type](halves as unknown as number);
  return true;
}
