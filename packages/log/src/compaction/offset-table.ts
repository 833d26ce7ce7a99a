import type { Offset } from "@millrace/model";
import { hashWords } from "./key-hash.ts";

const slotsAtFirst = 64;

/** Offsets by hash. Open addressing, nothing is ever removed; it doubles, in one go, up to its bound. */
export class OffsetTable {
  readonly #slotsMax: number;
  readonly #loadFactor: number;
  #size = 0;
  #hashes: Int32Array;
  /** One more than the offset; 0 is empty. */
  #offsets: Float64Array;

  constructor(slotsMax: number, loadFactor: number) {
    this.#slotsMax = slotsMax;
    this.#loadFactor = loadFactor;
    const slots = Math.min(slotsAtFirst, slotsMax);
    this.#hashes = new Int32Array(slots * hashWords);
    this.#offsets = new Float64Array(slots);
  }

  get size(): number {
    return this.#size;
  }

  /** False: it is full, and the hash is not in it. */
  put(words: Int32Array, offset: Offset): boolean {
    let slot = this.#slotOf(words, 0);
    if (this.#offsets[slot] === 0) {
      if (this.#size >= this.#limit && !this.#grow()) return false;
      slot = this.#slotOf(words, 0);
      this.#hashes.set(words, slot * hashWords);
      this.#size++;
    }
    this.#offsets[slot] = offset + 1;
    return true;
  }

  /** -1: the hash is not in it. */
  get(words: Int32Array): Offset {
    return this.#offsets[this.#slotOf(words, 0)] - 1;
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
