/** The one empty byte array. */
export const noBytes: Uint8Array = new Uint8Array(0);

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Writes it from there on, and gives where it ends. There must be room: three bytes for each unit of the text do. */
export function writeUtf8(text: string, target: Uint8Array, at: number): number {
  return at + encoder.encodeInto(text, at === 0 ? target : target.subarray(at)).written;
}

/** Malformed input becomes U+FFFD, as in Java; a byte order mark stays. */
export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Order of unsigned bytes, as RocksDB and Kafka compare keys: negative, 0 or positive. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index++) {
    const difference = left[index] - right[index];
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}

/** Lower-case hex, for logs, tests and error messages. */
export function toHex(bytes: Uint8Array): string {
  const text = new Uint8Array(2 * bytes.length);
  for (let index = 0; index < bytes.length; index++) {
    text[2 * index] = hexDigits[bytes[index] >> 4];
    text[2 * index + 1] = hexDigits[bytes[index] & 15];
  }
  return decodeUtf8(text);
}

const hexDigits = encodeUtf8("0123456789abcdef");

export function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length >> 1);
  for (let index = 0; index < bytes.length; index++)
    bytes[index] = Number.parseInt(text.slice(2 * index, 2 * index + 2), 16);
  return bytes;
}
