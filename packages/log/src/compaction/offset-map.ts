import type { Offset } from "@millrace/model";
import type { Random } from "@millrace/platform";
import { KeyHash } from "./key-hash.ts";
import { OffsetTable } from "./offset-table.ts";

/** Bytes of one entry: a hash and an offset. */
export const entryBytes = 24;
/** Of one table: to double it takes some tenths of a millisecond, of one table for all keys it would be many. */
const tableSlotsMax = 16_384;

export interface OffsetMapOptions {
  /** `log.cleaner.dedupe.buffer.size`. */
  readonly bytesMax: number;
  /** `log.cleaner.io.buffer.load.factor`: as much of it is used. */
  readonly loadFactor: number;
  readonly random: Random;
}

/**
 * The last offset of each key, by the key's hash alone (Kafka: `SkimpyOffsetMap`): 24 bytes a key, however long it is.
 * Many small tables, each for its part of the hashes: whoever notes a key never waits for all of them to grow.
 */
export class OffsetMap {
  /** Everything below or at it has been looked at: what lies above is not judged. */
  latestOffset: Offset = -1;
  readonly #hash: KeyHash;
  readonly #slotsMax: number;
  readonly #tableOptions: { readonly slotsMax: number; readonly load: number };
  /** Made when the first key is put into them: few keys need few. */
  readonly #tables: (OffsetTable | undefined)[];

  constructor({ bytesMax, loadFactor, random }: OffsetMapOptions) {
    this.#hash = new KeyHash(random);
    this.#slotsMax = Math.max(2, Math.floor(bytesMax / entryBytes));
    const boundedLoad = Math.min(Math.max(loadFactor, 0.1), 0.95);
    const length = Math.ceil(this.#slotsMax / tableSlotsMax);
    this.#tableOptions = { slotsMax: Math.floor(this.#slotsMax / length), load: boundedLoad };
    this.#tables = Array.from({ length }, () => undefined);
  }

  get size(): number {
    return this.#tables.reduce((sum, table) => sum + (table?.size ?? 0), 0);
  }

  /** False: there is no room, and the key is not in it. */
  put(key: Uint8Array, offset: Offset): boolean {
    this.#hash.update(key);
    const { slotsMax, load } = this.#tableOptions;
    const table = (this.#tables[this.#tableIndex] ??= new OffsetTable(slotsMax, load));
    if (!table.put(this.#hash.words, offset)) return false;
    this.latestOffset = offset;
    return true;
  }

  /** -1: the key is not in it. */
  get(key: Uint8Array): Offset {
    this.#hash.update(key);
    return this.#tables[this.#tableIndex]?.get(this.#hash.words) ?? -1;
  }

  /** How much of what it may take is used, of 1. */
  get use(): number {
    return this.size / this.#slotsMax;
  }

  /** Where the hash belongs that was made last; another word than the one that finds its slot there. */
  get #tableIndex(): number {
    return (this.#hash.words[1] >>> 0) % this.#tables.length;
  }
}
