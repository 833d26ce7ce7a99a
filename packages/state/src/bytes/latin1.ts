const char = String.fromCharCode;
const chunkBytes = 1024;

/**
 * Bytes as a text of one character per byte: a `Map` key, and ordered by `<` as unsigned bytes are. (The host's
 * `latin1` decoder is windows-1252, which is neither.)
 */
export function toLatin1(bytes: Uint8Array): string {
  const length = bytes.length;
  if (length > 24) return toLatin1Long(bytes);
  let text = "";
  let index = 0;
  for (; index + 8 <= length; index += 8)
    text += char(
      bytes[index],
      bytes[index + 1],
      bytes[index + 2],
      bytes[index + 3],
      bytes[index + 4],
      bytes[index + 5],
      bytes[index + 6],
      bytes[index + 7],
    );
  for (; index < length; index++) text += char(bytes[index]);
  return text;
}

/** The bytes that `toLatin1` made a text of. */
export function fromLatin1(text: string): Uint8Array {
  const { length } = text;
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

function toLatin1Long(bytes: Uint8Array): string {
  if (bytes.length <= chunkBytes) return char.apply(null, bytes as unknown as number[]);
  let text = "";
  for (let index = 0; index < bytes.length; index += chunkBytes)
    text += char.apply(null, bytes.subarray(index, index + chunkBytes) as unknown as number[]);
  return text;
}
