import type { Random } from "./platform.ts";
import { uniformBelow } from "./uniform-below.ts";

/**
 * The same seed gives the same numbers (xoshiro128**, its state filled by splitmix32).
 * Never for secrets.
 */
export class SeededRandom implements Random {
  readonly #state = new Uint32Array(4);
  readonly #next = () => this.nextUint32();

  constructor(seed: number) {
    // The high half of a seed counts too: seeds may be any safe integer.
    let mix = ((seed >>> 0) ^ Math.imul(Math.floor(seed / 2 ** 32) | 0, 0x85ebca6b)) >>> 0;
    for (let index = 0; index < 4; index++) {
      mix = (mix + 0x9e3779b9) | 0;
      let word = mix ^ (mix >>> 16);
      word = Math.imul(word, 0x21f0aaad);
      word ^= word >>> 15;
      word = Math.imul(word, 0x735a2d97);
      this.#state[index] = word ^ (word >>> 15);
    }
  }

  nextUint32(): number {
    const state = this.#state;
    const product = Math.imul(state[1], 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = (state[3] << 11) | (state[3] >>> 21);
    return result;
  }

  below(bound: number): number {
    return uniformBelow(this.#next, bound);
  }

  /** Uniform in [0, 1). */
  fraction(): number {
    return this.nextUint32() / 2 ** 32;
  }

  /** True with the given probability (0 never, 1 always). */
  chance(probability: number): boolean {
    return probability > 0 && this.fraction() < probability;
  }

  /** A generator of its own, which no later draw from this one disturbs. */
  fork(): SeededRandom {
    return new SeededRandom(this.nextUint32());
  }

  fill(bytes: Uint8Array): Uint8Array {
    return this.#scatter(bytes);
  }

  #scatter(bytes: Uint8Array): Uint8Array {
    for (let index = 0; index < bytes.length; index += 4) {
      const word = this.nextUint32();
      const end = Math.min(index + 4, bytes.length);
      for (let at = index; at < end; at++) bytes[at] = word >>> (8 * (at - index));
    }
    return bytes;
  }

  uuid(): string {
    const bytes = new Uint8Array(16);
    this.#scatter(bytes);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let text = "";
    for (let index = 0; index < 16; index++) {
      if (index === 4 || index === 6 || index === 8 || index === 10) text += "-";
      text += bytes[index].toString(16).padStart(2, "0");
    }
    return text;
  }
}
