const hashBits = 13;
const matchBytesMin = 4;

/** Remembers where four bytes were last seen within a block, for codecs that copy from what came before. */
export class MatchFinder {
  readonly #positions = new Int32Array(1 << hashBits);
  readonly #bytes: Uint8Array;
  #start = 0;
  #end = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Matches lie within this block alone. */
  beginBlock(start: number, end: number): void {
    this.#positions.fill(-1);
    this.#start = start;
    this.#end = end;
  }

  /** Position of an earlier occurrence of the next four bytes, which are remembered; -1 without one. */
  find(at: number): number {
    const word = this.#wordAt(at);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - hashBits);
    const candidate = this.#positions[slot];
    this.#positions[slot] = at;
    return candidate >= this.#start && this.#wordAt(candidate) === word ? candidate : -1;
  }

  /** How many bytes are the same from two positions on, up to an end. */
  lengthOf(candidate: number, at: number, end: number): number {
    const bytes = this.#bytes;
    let length = matchBytesMin;
    const lengthMax = Math.min(end, this.#end) - at;
    while (length < lengthMax && bytes[candidate + length] === bytes[at + length]) length++;
    return length;
  }

  #wordAt(at: number): number {
    const bytes = this.#bytes;
    return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  }
}
