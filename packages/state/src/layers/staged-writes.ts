import type { EngineEntry } from "../contract/store-engine.ts";

const firstChunkBytes = 4 * 1024;
const chunkBytesMax = 64 * 1024;

/**
 * A list of writes whose bytes lie one behind the other in few large chunks. Writes live from a flush to the commit:
 * as objects of their own they would outlive two collections of young garbage, each time.
 */
export class StagedWrites {
  #chunks: Uint8Array[] = [];
  #chunk = new Uint8Array(0);
  #filled = 0;
  /** Chunk, start, key length and value length of each write; a value length of -1 deletes. */
  #places: number[] = [];

  get length(): number {
    return this.#places.length / 4;
  }

  /** Copies `prefix ++ key` and the value. */
  add(prefix: Uint8Array, key: Uint8Array, value: Uint8Array | null): void {
    const keyLength = prefix.length + key.length;
    const length = keyLength + (value === null ? 0 : value.length);
    if (this.#chunk.length - this.#filled < length) this.#addChunk(length);
    const chunk = this.#chunk;
    const start = this.#filled;
    copy(prefix, chunk, start);
    copy(key, chunk, start + prefix.length);
    if (value !== null) copy(value, chunk, start + keyLength);
    this.#filled = start + length;
    this.#places.push(
      this.#chunks.length - 1,
      start,
      keyLength,
      value === null ? -1 : value.length,
    );
  }

  /** Views, in the order of the writes. They stay good after `clear`. */
  appendTo(entries: EngineEntry[]): void {
    const places = this.#places;
    for (let at = 0; at < places.length; at += 4) {
      const chunk = this.#chunks[places[at]];
      const keyEnd = places[at + 1] + places[at + 2];
      const valueLength = places[at + 3];
      entries.push({
        key: chunk.subarray(places[at + 1], keyEnd),
        value: valueLength < 0 ? null : chunk.subarray(keyEnd, keyEnd + valueLength),
      });
    }
  }

  /** Forgets all; chunks are not used again, since views of them may live on. */
  clear(): void {
    this.#chunks = [];
    this.#chunk = new Uint8Array(0);
    this.#filled = 0;
    this.#places = [];
  }

  #addChunk(bytesMin: number): void {
    const doubled = Math.max(firstChunkBytes, 2 * this.#chunk.length);
    this.#chunk = new Uint8Array(Math.max(bytesMin, Math.min(chunkBytesMax, doubled)));
    this.#chunks.push(this.#chunk);
    this.#filled = 0;
  }
}

/** `set` costs more than the bytes where they are few. */
function copy(from: Uint8Array, to: Uint8Array, start: number): void {
  const { length } = from;
  if (length > 32) to.set(from, start);
  else for (let index = 0; index < length; index++) to[start + index] = from[index];
}
