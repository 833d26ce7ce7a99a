import type { Reader, Writer } from "protobufjs";

/** How 64-bit fields are held: exactly, or as numbers, refusing what a number cannot hold. */
export type LongForm = "bigint" | "number";

/** The two halves of a long under way; no call keeps them beyond its return. */
const scratch = new DataView(new ArrayBuffer(8));
const halves = { low: 0, high: 0 };

/** Reads and writes 64-bit values in one form. */
export interface LongCodec {
  readonly zero: bigint | number;
  read(reader: Reader, type: LongType): bigint | number;
  /** @returns false for a value that the type cannot hold */
  write(writer: Writer, type: LongType, value: unknown): boolean;
}

export type LongType = "int64" | "uint64" | "sint64" | "fixed64" | "sfixed64";

export function isLong(type: string): type is LongType {
  return type.endsWith("64");
}

export const longCodecs: Readonly<Record<LongForm, LongCodec>> = {
  bigint: { zero: 0n, read: readBigInt, write: writeLong },
  number: { zero: 0, read: readNumber, write: writeLong },
};

function readBigInt(reader: Reader, type: LongType): bigint {
  readHalves(reader, type);
  const { low, high } = halves;
  const isSigned = type !== "uint64" && type !== "fixed64";
  // Most longs are small, and cheaper to make of a number.
  if (high === 0) return BigInt(low);
  if (isSigned && high === -1 && low > 0) return BigInt(low - 2 ** 32);
  if (high > 0 && high < 2 ** 21) return BigInt(high * 2 ** 32 + low);
  scratch.setUint32(4, low);
  scratch.setInt32(0, high);
  return isSigned ? scratch.getBigInt64(0) : scratch.getBigUint64(0);
}

function readNumber(reader: Reader, type: LongType): number {
  readHalves(reader, type);
  const isSigned = type !== "uint64" && type !== "fixed64";
  const high = isSigned ? halves.high : halves.high >>> 0;
  const value = high * 2 ** 32 + halves.low;
  if (Number.isSafeInteger(value)) return value;
  throw new RangeError(
    `the ${type} ${value} is more than a number holds exactly; read it as a bigint: longs: "bigint"`,
  );
}

/** Sets `halves`: the low one unsigned, the high one signed. */
function readHalves(reader: Reader, type: LongType): void {
  if (type === "fixed64" || type === "sfixed64") {
    halves.low = reader.fixed32();
    halves.high = reader.sfixed32();
    return;
  }
  readVarint(reader);
  if (type !== "sint64") return;
  const { low, high } = halves;
  const sign = -(low & 1);
  halves.low = (((low >>> 1) | (high << 31)) ^ sign) >>> 0;
  halves.high = (high >>> 1) ^ sign;
}

function readVarint(reader: Reader): void {
  const { buf: bytes, len } = reader;
  let { pos } = reader;
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    if (pos >= len) throw new RangeError("a varint does not end");
    const byte = bytes[pos++];
    const bits = byte & 127;
    if (shift < 28) low |= bits << shift;
    else if (shift === 28) {
      low |= bits << 28;
      high = bits >> 4;
    } else high |= bits << (shift - 32);
    if (byte > 127) continue;
    reader.pos = pos;
    halves.low = low >>> 0;
    halves.high = high | 0;
    return;
  }
  throw new RangeError("a varint takes more than ten bytes");
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
  // What the writer takes: an object of two halves, as of the package `long`.
  writer[type](halves as unknown as number);
  return true;
}
