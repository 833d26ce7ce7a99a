/** Each part has four times the words of the one before: 8 KiB to 2 MiB. */
const firstWords = 2048;
const partsMax = 5;

/** A word has bits for two keys, three each: one in fifty that was not added passes. */
const keysPerWord = 2;

/**
 * Tells which hashes were never added, in two bytes for each that was (a Bloom filter that grows). Once it is as large as
 * it gets it lets more and more pass.
 */
export class KeyFilter {
  readonly #parts: Int32Array[] = [];
  #last = new Int32Array(0);
  #room = 0;

  add(hash: number): void {
    if (this.mayHave(hash)) return;
    if (this.#room === 0 && this.#parts.length < partsMax) this.#grow();
    const last = this.#last;
    last[hash & (last.length - 1)] |= bitsOf(hash);
    if (this.#room > 0) this.#room--;
  }

  /** False: it was not added. */
  mayHave(hash: number): boolean {
    const bits = bitsOf(hash);
    for (const part of this.#parts)
      if ((part[hash & (part.length - 1)] & bits) === bits) return true;
    return false;
  }

  #grow(): void {
    const words = this.#parts.length === 0 ? firstWords : 4 * this.#last.length;
    this.#last = new Int32Array(words);
    this.#parts.push(this.#last);
    this.#room = keysPerWord * words;
  }
}

/** Of bits that choose no word. */
function bitsOf(hash: number): number {
  const stirred = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (1 << (stirred >>> 27)) | (1 << ((stirred >>> 22) & 31)) | (1 << ((stirred >>> 17) & 31));
}

/** A 32-bit hash of a part of bytes, as a signed number, whose low bits hang on all of them: also where there are none. */
export function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0;
  let index = start;
  for (; index + 4 <= end; index += 4) {
    const word =
      bytes[index] | (bytes[index + 1] << 8) | (bytes[index + 2] << 16) | (bytes[index + 3] << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; index < end; index++) hash = Math.imul(hash ^ bytes[index], 0x01000193);
  return finished(hash);
}

/** As `hashOf`, of the bytes that `toLatin1` made a text of. */
export function hashOfLatin1(text: string): number {
  const end = text.length;
  let hash = 0x811c9dc5 | 0;
  let index = 0;
  for (; index + 4 <= end; index += 4) {
    const word =
      text.charCodeAt(index) |
      (text.charCodeAt(index + 1) << 8) |
      (text.charCodeAt(index + 2) << 16) |
      (text.charCodeAt(index + 3) << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; index < end; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return finished(hash);
}

/** What came last has reached the high bits alone. */
function finished(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}

/** Which of `count` buckets, a power of two, has what is hashed so. */
export function bucketOf(hash: number, count: number): number {
  return hash & (count - 1);
}

/** A 32-bit hash of a hash and a number. */
export function hashWith(hash: number, number: number): number {
  let mixed = hash ^ Math.imul(number | 0, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
