import { AvroError } from "./avro-error.ts";
import { mismatch } from "./write-cursor.ts";

/** Bytes of a decimal that are read: some 4900 digits. More would cost more than a record should. */
const decimalBytesMax = 2048;

/** Digits behind the point that are written out. */
const decimalScaleMax = 10_000;

const decimal = /^([+-]?)(\d+)(?:\.(\d+))?$/;

/** The number in big-endian two's complement as plain digits with all of its scale, such as `-0.01`. */
export function decimalText(bytes: Uint8Array, scale: number): string {
  if (bytes.length > decimalBytesMax) {
    throw new AvroError(
      "LIMIT_EXCEEDED",
      `a decimal has ${bytes.length} bytes, more than ${decimalBytesMax}`,
    );
  }
  requireScale(scale);
  const unscaled = numberOf(bytes);
  const sign = unscaled < 0n ? "-" : "";
  const digits = `${unscaled < 0n ? -unscaled : unscaled}`.padStart(scale + 1, "0");
  if (scale === 0) return sign + digits;
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

export interface DecimalLimits {
  readonly precision: number;
  readonly scale: number;
  /** Of a fixed. */
  readonly size?: number;
}

/** @throws AvroError `INVALID_VALUE`, also where digits would be lost */
export function decimalBytes(text: unknown, { precision, scale, size }: DecimalLimits): Uint8Array {
  const parts = typeof text === "string" ? decimal.exec(text) : null;
  if (parts === null) throw mismatch();
  requireScale(scale);
  const fraction = (parts[3] ?? "").padEnd(scale, "0");
  const digits = (parts[2] + fraction.slice(0, scale)).replace(/^0+/, "");
  const isLost = digits.length > precision || /[^0]/.test(fraction.slice(scale));
  if (isLost) throw mismatch();
  const unscaled = BigInt(digits === "" ? 0 : digits);
  return bytesOf(parts[1] === "-" ? -unscaled : unscaled, size);
}

function requireScale(scale: number): void {
  if (scale <= decimalScaleMax) return;
  throw new AvroError(
    "LIMIT_EXCEEDED",
    `a decimal's scale is ${scale}, more than ${decimalScaleMax}`,
  );
}

function numberOf(bytes: Uint8Array): bigint {
  let hex = "";
  for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
  return hex === "" ? 0n : BigInt.asIntN(8 * bytes.length, BigInt(`0x${hex}`));
}

/** As few bytes as hold the number, or as many as asked for. */
function bytesOf(value: bigint, size: number | undefined): Uint8Array {
  const magnitude = value < 0n ? -value - 1n : value;
  const needed = Math.floor(magnitude.toString(2).length / 8) + 1;
  const count = magnitude === 0n ? 1 : needed;
  if (size !== undefined && size < count) throw mismatch();
  const length = size ?? count;
  const hex = BigInt.asUintN(8 * length, value)
    .toString(16)
    .padStart(2 * length, "0");
  return Uint8Array.from({ length }, (_, index) =>
    Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  );
}
