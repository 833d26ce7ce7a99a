import { concatBytes, encodeUtf8, type Headers } from "@millrace/model";

/** Headers as they stand before a value in a store, by FORMAT.md: size, count, and of each the name and the value. */
export function storedHeaders(headers: Headers): Uint8Array {
  const each = headers.flatMap(([name, value]) => [
    ...lengthAndBytes(encodeUtf8(name)),
    ...(value === null ? [varint(-1)] : lengthAndBytes(value)),
  ]);
  const contents = headers.length === 0 ? [] : [varint(headers.length), ...each];
  const bytes = concatBytes(...contents);
  return concatBytes(varint(bytes.length), bytes);
}

function lengthAndBytes(bytes: Uint8Array): readonly Uint8Array[] {
  return [varint(bytes.length), bytes];
}

function varint(value: number): Uint8Array {
  const zigzag = value < 0 ? -2 * value - 1 : 2 * value;
  const bytes: number[] = [];
  for (let rest = zigzag; ; rest = Math.floor(rest / 128)) {
    bytes.push((rest % 128) + (rest < 128 ? 0 : 128));
    if (rest < 128) return Uint8Array.from(bytes);
  }
}
