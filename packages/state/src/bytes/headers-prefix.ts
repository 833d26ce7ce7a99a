import { concatBytes, decodeUtf8, encodeUtf8, noHeaders, type Headers } from "@millrace/model";
import { partOf } from "./key-range.ts";

// Values of stores with headers begin with them (Kafka: `HeadersSerializer`, KIP-1271): size, count, then of each header
// the length of its name, the name, the length of its value or -1, the value. All numbers are varints.

const noHeadersPrefix = Uint8Array.of(0);

/** Headers as they stand before a stored value. */
export function headersPrefix(headers: Headers): Uint8Array {
  if (headers.length === 0) return noHeadersPrefix;
  const parts = headers.flatMap(([name, value]) => {
    const text = encodeUtf8(name);
    const start = [varint(text.length), text];
    return value === null ? [...start, varint(-1)] : [...start, varint(value.length), value];
  });
  const contents = concatBytes(varint(headers.length), ...parts);
  return concatBytes(varint(contents.length), contents);
}

/** Where the headers of a stored value end. */
export function headersEnd(stored: Uint8Array): number {
  if (stored[0] === 0) return 1;
  const size = readVarint(stored, 0);
  return size.end + size.value;
}

/** The headers of a stored value: copies. */
export function headersOf(stored: Uint8Array): Headers {
  if (stored[0] === 0) return noHeaders;
  const count = readVarint(stored, readVarint(stored, 0).end);
  let at = count.end;
  return Array.from({ length: count.value }, () => {
    const name = readVarint(stored, at);
    const value = readVarint(stored, name.end + name.value);
    at = value.end + Math.max(0, value.value);
    const text = decodeUtf8(partOf(stored, name.end, name.end + name.value));
    return [text, value.value < 0 ? null : stored.slice(value.end, at)] as const;
  });
}

/** Zigzag, as records have it. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Uint8Array.of(...bytes, rest);
}

function readVarint(
  bytes: Uint8Array,
  start: number,
): { readonly value: number; readonly end: number } {
  let value = 0;
  let end = start;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[end++];
    value |= (byte & 0x7f) << shift;
    if ((byte & 0x80) === 0) break;
  }
  return { value: (value >>> 1) ^ -(value & 1), end };
}
