/** Longer parts are views: of what lies outside of the heap anyway. */
const lengthMax = 64;

/**
 * Parts of bytes for whoever reads or copies them at once: an array for each length, used again and again. A new one costs
 * several times its bytes.
 */
export class ScratchBytes {
  readonly #arrays: Uint8Array[] = [];

  /** Holds until the next call. */
  partOf(bytes: Uint8Array, start: number, end = bytes.length): Uint8Array {
    const length = end - start;
    if (length > lengthMax) return bytes.subarray(start, end);
    const part = this.ofLength(length);
    for (let index = 0; index < length; index++) part[index] = bytes[start + index];
    return part;
  }

  /** The bytes that `toLatin1` made a text of; they hold until the next call. */
  fromLatin1(text: string): Uint8Array {
    const { length } = text;
    const bytes = this.ofLength(length);
    for (let index = 0; index < length; index++) bytes[index] = text.charCodeAt(index);
    return bytes;
  }

  /** To be filled; where it is short it holds until the next call. */
  ofLength(length: number): Uint8Array {
    if (length > lengthMax) return new Uint8Array(length);
    return (this.#arrays[length] ??= new Uint8Array(length));
  }
}
