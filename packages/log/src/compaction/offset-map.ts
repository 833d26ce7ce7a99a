import type { Offset } from "@millrace/model";
import type { Random } from "@millrace/platform";
import { hashWords, KeyHash } from "./key-hash.ts";

/** Bytes of one entry: a hash and an offset. */
export const entryBytes = 24;
const slotsAtFirst = 1024;

export interface OffsetMapOptions {
  /** `log.cleaner.dedupe.buffer.size`. While it grows to that, half as much is there beside it. */
  readonly bytesMax: number;
  /** `log.cleaner.io.buffer.load.factor`: as much of it is used. */
  readonly loadFactor: number;
  readonly random: Random;
}

/**
 * The last offset of each key, by the key's hash alone (Kafka: `SkimpyOffsetMap`): 24 bytes a key, however long it is.
 * Open addressing, nothing is ever removed.
 */
export class OffsetMap {
  /** Everything below or at it has been looked at: what lies above is not judged. */
  latestOffset: Offset = -1;
  size = 0;
  readonly #hash: KeyHash;
  readonly #slotsMax: number;
  readonly #loadFactor: number;
  #hashes: Int32Array;
  /** One more than the offset; 0 is empty. */
  #offsets: Float64Array;

  constructor({ bytesMax, loadFactor, random }: OffsetMapOptions) {
    this.#hash = new KeyHash(random);
    this.#slotsMax = Math.max(2, Math.floor(bytesMax / entryBytes));
    this.#loadFactor = Math.min(Math.max(loadFactor, 0.1), 0.95);
    const slots = Math.min(slotsAtFirst, this.#slotsMax);
    this.#hashes = new Int32Array(slots * hashWords);
    this.#offsets = new Float64Array(slots);
  }

  /** False: it is full, and the key is not in it. */
  put(key: Uint8Array, offset: Offset): boolean {
    const { words } = this.#hash;
    this.#hash.update(key);
    let slot = this.#slotOf(words, 0);
    if (this.#offsets[slot] === 0) {
      if (this.size >= this.#limit && !this.#grow()) return false;
      slot = this.#slotOf(words, 0);
      this.#hashes.set(words, slot * hashWords);
      this.size++;
    }
    this.#offsets[slot] = offset + 1;
    this.latestOffset = offset;
    return true;
  }

  /** -1: the key is not in it. */
  get(key: Uint8Array): Offset {
    this.#hash.update(key);
    return this.#offsets[this.#slotOf(this.#hash.words, 0)] - 1;
  }

  /** How much of what it may take is used, of 1. */
  get use(): number {
    return this.size / this.#slotsMax;
  }

  get #limit(): number {
    return Math.max(1, Math.floor(this.#offsets.length * this.#loadFactor));
  }

  /** The slot of a hash, or the empty one where it belongs. There always is an empty one. */
  #slotOf(words: Int32Array, from: number): number {
    const hashes = this.#hashes;
    const offsets = this.#offsets;
    const slots = offsets.length;
    let slot = (words[from] >>> 0) % slots;
    for (;;) {
      const at = slot * hashWords;
      const isSame =
        hashes[at] === words[from] &&
        hashes[at + 1] === words[from + 1] &&
        hashes[at + 2] === words[from + 2] &&
        hashes[at + 3] === words[from + 3];
      if (isSame || offsets[slot] === 0) return slot;
      slot = slot + 1 === slots ? 0 : slot + 1;
    }
  }

  #grow(): boolean {
    const slots = Math.min(this.#offsets.length * 2, this.#slotsMax);
    if (slots <= this.#offsets.length) return false;
    const hashes = this.#hashes;
    const offsets = this.#offsets;
    this.#hashes = new Int32Array(slots * hashWords);
    this.#offsets = new Float64Array(slots);
    for (let old = 0; old < offsets.length; old++) {
      if (offsets[old] === 0) continue;
      const from = old * hashWords;
      const slot = this.#slotOf(hashes, from);
      for (let word = 0; word < hashWords; word++)
        this.#hashes[slot * hashWords + word] = hashes[from + word];
      this.#offsets[slot] = offsets[old];
    }
    return true;
  }
}
