import { decodeUtf8, encodeUtf8, fromHex, toHex } from "@millrace/model";

import { CommandError } from "./command-error.ts";

export const formatNames = ["string", "json", "int32", "int64", "double", "hex", "base64"] as const;

export type FormatName = (typeof formatNames)[number];

/** How bytes are shown, and read from a line. */
interface RecordFormat {
  /** Size in bytes, where it is always the same. */
  readonly sizeBytes?: number;
  /** Gives what JSON can hold. */
  readonly decode: (bytes: Uint8Array) => unknown;
  readonly encode: (text: string) => Uint8Array;
}

const formats: Readonly<Record<FormatName, RecordFormat>> = {
  string: { decode: decodeUtf8, encode: encodeUtf8 },
  json: {
    decode: (bytes) => parseExact(decodeUtf8(bytes)),
    encode: (text) => encodeUtf8(JSON.stringify(parseExact(text))),
  },
  int32: {
    sizeBytes: 4,
    decode: (bytes) => viewOf(bytes).getInt32(0),
    encode: (text) => written(4, (view) => view.setInt32(0, Number(wholeNumber(text, 32)))),
  },
  int64: {
    sizeBytes: 8,
    decode: (bytes) => exact(viewOf(bytes).getBigInt64(0)),
    encode: (text) => written(8, (view) => view.setBigInt64(0, wholeNumber(text, 64))),
  },
  double: {
    sizeBytes: 8,
    decode: (bytes) => {
      const value = viewOf(bytes).getFloat64(0);
      return Number.isFinite(value) ? value : String(value); // JSON has no NaN
    },
    encode: (text) => written(8, (view) => view.setFloat64(0, anyNumber(text))),
  },
  hex: {
    decode: toHex,
    encode: (text) => {
      if (!/^(?:[\da-f]{2})*$/i.test(text)) throw new RangeError("no hex");
      return fromHex(text);
    },
  },
  base64: {
    decode: (bytes) => Buffer.from(bytes).toString("base64"),
    encode: (text) => {
      const bytes = Buffer.from(text, "base64");
      if (bytes.toString("base64").replace(/=+$/, "") !== text.replace(/=+$/, ""))
        throw new RangeError("no base64");
      return bytes;
    },
  },
};

/**
 * The value that bytes stand for, for JSON; null stays null.
 *
 * @throws CommandError: they are something else
 */
export function decodeAs(name: FormatName, bytes: Uint8Array | null, where: string): unknown {
  if (bytes === null) return null;
  const { decode, sizeBytes } = formats[name];
  try {
    if (sizeBytes === undefined || sizeBytes === bytes.length) return decode(bytes);
  } catch {
    // told below, as a wrong size is
  }
  throw isNo(name, bytes, where);
}

/** Bytes are not of the format that they are shown by. */
export function isNo(name: string, bytes: Uint8Array, where: string): CommandError {
  return new CommandError(
    `${where} is no ${name} (${bytes.length} bytes: ${toHex(bytes.subarray(0, 16))}${bytes.length > 16 ? "…" : ""}); another format, such as hex or string, shows it`,
  );
}

/** @throws CommandError: the text is not of this format */
export function encodeAs(name: FormatName, text: string, where: string): Uint8Array {
  try {
    return formats[name].encode(text);
  } catch {
    throw new CommandError(`${where} is ${JSON.stringify(text.slice(0, 80))}, which is no ${name}`);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function written(sizeBytes: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  write(viewOf(bytes));
  return bytes;
}

/** Parts of ECMAScript that Node has, and the compiler's libraries do not know yet. */
const exactJson = JSON as unknown as {
  parse(
    text: string,
    revive: (key: string, value: unknown, at: { source: string }) => unknown,
  ): unknown;
  /** A value that `stringify` writes as this text. */
  rawJSON(text: string): unknown;
};

/** Numbers of more digits than JavaScript's hold, such as ids of 64 bits, are kept as they are written. */
export function parseExact(text: string): unknown {
  return exactJson.parse(text, (_, value, { source }) =>
    typeof value === "number" && String(value) !== source ? exactJson.rawJSON(source) : value,
  );
}

/** With bigints for whole numbers that JavaScript's do not hold; undefined: it has none. */
export function withBigints(text: string): unknown {
  let hasAny = false;
  const value = exactJson.parse(text, (_, member, { source }) => {
    const isSmall = typeof member !== "number" || Number.isSafeInteger(member);
    if (isSmall || Math.abs(member) > 2 ** 64 || !/^-?\d+$/.test(source)) return member;
    hasAny = true;
    return BigInt(source);
  });
  return hasAny ? value : undefined;
}

/** What JSON has no form for, in one that it has: integers with all digits, bytes in base64. */
export function printable(value: unknown): unknown {
  if (typeof value === "bigint") return exactJson.rawJSON(String(value));
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(printable);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, printable(one)]));
}

/** The other way round: `{"base64": "…"}` is bytes. */
export function unprintable(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(unprintable);
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0][0] === "base64" && typeof entries[0][1] === "string")
    return new Uint8Array(Buffer.from(entries[0][1], "base64"));
  return Object.fromEntries(entries.map(([name, one]) => [name, unprintable(one)]));
}

/** A number where it is exact, else its digits. */
function exact(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

function wholeNumber(text: string, bits: number): bigint {
  const value = BigInt(text.trim() === "" ? "none" : text.trim());
  if (BigInt.asIntN(bits, value) !== value) throw new RangeError("too large");
  return value;
}

function anyNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || (Number.isNaN(value) && text !== "NaN")) throw new RangeError("none");
  return value;
}
