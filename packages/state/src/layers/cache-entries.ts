import { toLatin1 } from "../bytes/latin1.ts";
import type { CacheEntry, CacheKey } from "./cache-entry.ts";
import { bucketOf, hashOfLatin1 } from "./key-filter.ts";

/** The entries of a cache by their `mapKey`. */
export interface CacheEntries<K, V> {
  readonly size: number;
  get(mapKey: CacheKey): CacheEntry<K, V> | undefined;
  /**
   * As `get` of the bytes as latin1.
   *
   * @param hash of the bytes (`hashOf`)
   */
  ofBytes(bytes: Uint8Array, hash: number): CacheEntry<K, V> | undefined;
  /** The one that has the key of another, which is there or not. */
  like(entry: CacheEntry<K, V>): CacheEntry<K, V> | undefined;
  /** There is none with its key. */
  add(entry: CacheEntry<K, V>): void;
  /** One that is there. */
  delete(entry: CacheEntry<K, V>): void;
  clear(): void;
}

/** Where keys are primitives of any kind. */
export class PrimitiveEntries<K, V> implements CacheEntries<K, V> {
  readonly #entries = new Map<CacheKey, CacheEntry<K, V>>();

  get size(): number {
    return this.#entries.size;
  }

  get(mapKey: CacheKey): CacheEntry<K, V> | undefined {
    return this.#entries.get(mapKey);
  }

  ofBytes(bytes: Uint8Array): CacheEntry<K, V> | undefined {
    return this.#entries.get(toLatin1(bytes));
  }

  like({ mapKey }: CacheEntry<K, V>): CacheEntry<K, V> | undefined {
    return this.#entries.get(mapKey);
  }

  add(entry: CacheEntry<K, V>): void {
    this.#entries.set(entry.mapKey, entry);
  }

  delete(entry: CacheEntry<K, V>): void {
    this.#entries.delete(entry.mapKey);
  }

  clear(): void {
    this.#entries.clear();
  }
}

const headsMin = 256;

/**
 * Where all keys are texts of bytes: entries are found by the bytes, of which no text is made for that, and go without being
 * looked for. Those of one hash are linked, the newest first.
 */
export class TextEntries<K, V> implements CacheEntries<K, V> {
  #heads: (CacheEntry<K, V> | null)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(mapKey: CacheKey): CacheEntry<K, V> | undefined {
    return this.#find(hashOfLatin1(String(mapKey)), mapKey);
  }

  like(entry: CacheEntry<K, V>): CacheEntry<K, V> | undefined {
    return this.#find(hashOfEntry(entry), entry.mapKey);
  }

  ofBytes(bytes: Uint8Array, hash: number): CacheEntry<K, V> | undefined {
    if (this.#size === 0) return undefined;
    let entry = this.#heads[bucketOf(hash, this.#heads.length)];
    while (entry !== null && (entry.hash !== hash || !isTextOf(entry.mapKey, bytes)))
      entry = entry.nextOfHash;
    return entry ?? undefined;
  }

  add(entry: CacheEntry<K, V>): void {
    if (this.#size === this.#heads.length) this.#grow();
    hashOfEntry(entry);
    this.#link(entry);
    this.#size += 1;
  }

  delete(entry: CacheEntry<K, V>): void {
    const bucket = bucketOf(entry.hash, this.#heads.length);
    const first = this.#heads[bucket];
    if (first === entry) this.#heads[bucket] = entry.nextOfHash;
    else {
      let before = first;
      while (before !== null && before.nextOfHash !== entry) before = before.nextOfHash;
      if (before !== null) before.nextOfHash = entry.nextOfHash;
    }
    entry.nextOfHash = null;
    this.#size -= 1;
  }

  clear(): void {
    this.#heads = [];
    this.#size = 0;
  }

  #find(hash: number, mapKey: CacheKey): CacheEntry<K, V> | undefined {
    if (this.#size === 0) return undefined;
    let entry = this.#heads[bucketOf(hash, this.#heads.length)];
    while (entry !== null && (entry.hash !== hash || entry.mapKey !== mapKey))
      entry = entry.nextOfHash;
    return entry ?? undefined;
  }

  #link(entry: CacheEntry<K, V>): void {
    const bucket = bucketOf(entry.hash, this.#heads.length);
    entry.nextOfHash = this.#heads[bucket];
    this.#heads[bucket] = entry;
  }

  #grow(): void {
    const heads = this.#heads;
    const length = Math.max(headsMin, 2 * heads.length);
    this.#heads = Array.from({ length }, () => null);
    for (const head of heads)
      for (let entry = head; entry !== null;) {
        const next: CacheEntry<K, V> | null = entry.nextOfHash;
        this.#link(entry);
        entry = next;
      }
  }
}

/** Most bring it along. */
function hashOfEntry<K, V>(entry: CacheEntry<K, V>): number {
  if (entry.hash === 0) entry.hash = hashOfLatin1(String(entry.mapKey));
  return entry.hash;
}

function isTextOf(mapKey: CacheKey, bytes: Uint8Array): boolean {
  if (typeof mapKey !== "string" || mapKey.length !== bytes.length) return false;
  for (let index = bytes.length - 1; index >= 0; index--)
    if (mapKey.charCodeAt(index) !== bytes[index]) return false;
  return true;
}
