import { copyBytes } from "../bytes/key-range.ts";
import { fromLatin1, toLatin1 } from "../bytes/latin1.ts";
import { ScratchBytes } from "../bytes/scratch-bytes.ts";
import { PrimitiveEntries, TextEntries, type CacheEntries } from "./cache-entries.ts";
import { CacheEntry, type CacheKey } from "./cache-entry.ts";
import { hashOf } from "./key-filter.ts";
import type { RecordCache } from "./record-cache.ts";
import { isPrimitive, type StoreFormat } from "./store-format.ts";

/** How a cache knows its entries: by the keys themselves where their serde allows, or by their bytes. */
export class CacheKeys<K> {
  /** True: most keys stand for themselves. */
  readonly isDirect: boolean;
  readonly #format: StoreFormat<K, unknown>;
  readonly #markBytes: number;
  readonly #scratch = new ScratchBytes();

  /** `markBytes`: what Kafka's cache has in a key besides. */
  constructor(format: StoreFormat<K, unknown>, markBytes: number) {
    this.isDirect = format.hasInjectiveKeys;
    this.#format = format;
    this.#markBytes = markBytes;
  }

  /** The entry of a key that a cache has, or a new one, which is not attached. */
  entryOf<V>(cache: RecordCache<K, V>, key: K, keyBytes: Uint8Array | null): CacheEntry<K, V> {
    if (!this.isDirect) {
      const bytes = keyBytes ?? this.#format.encodeKey(key);
      const hash = hashOf(bytes, 0, bytes.length);
      return cache.ofBytes(bytes, hash) ?? this.#newRowEntry(bytes, key, hash);
    }
    const found = cache.get(key as CacheKey);
    if (found !== undefined) return found;
    const mapKey = this.#mapKeyOf(key, keyBytes);
    const held = isCanonical(key) ? undefined : cache.get(mapKey);
    return held ?? this.#newEntry(mapKey, key, keyBytes);
  }

  /** Those of a text are made anew each time: most are wanted once, when the entry is written. */
  bytesOf(entry: CacheEntry<K, unknown>): Uint8Array {
    const { keyBytes, key, mapKey } = entry;
    if (keyBytes !== null) return keyBytes;
    if (!this.isDirect || key === null) return fromLatin1(String(mapKey));
    return (entry.keyBytes = this.#format.encodeKey(key));
  }

  /** As `bytesOf`, for what is read or copied at once: they hold until the next call. */
  bytesAtOnce(entry: CacheEntry<K, unknown>): Uint8Array {
    const isText = entry.keyBytes === null && (!this.isDirect || entry.key === null);
    return isText ? this.#scratch.fromLatin1(String(entry.mapKey)) : this.bytesOf(entry);
  }

  #newRowEntry<V>(bytes: Uint8Array, key: K, hash: number): CacheEntry<K, V> {
    const own = isPrimitive(key) ? key : null;
    const size = bytes.length + this.#markBytes;
    const entry = new CacheEntry<K, V>(toLatin1(bytes), own, null, size);
    entry.hash = hash;
    return entry;
  }

  #newEntry<V>(mapKey: CacheKey, key: K, keyBytes: Uint8Array | null): CacheEntry<K, V> {
    const own = keyBytes === null ? null : copyBytes(keyBytes);
    const size = own?.length ?? this.#format.keySize(key);
    if (size !== undefined) return new CacheEntry(mapKey, key, own, size + this.#markBytes);
    const bytes = this.#format.encodeKey(key);
    return new CacheEntry(mapKey, key, bytes, bytes.length + this.#markBytes);
  }

  /** Key bytes as latin1; where keys are known by that, without making it anew. */
  textOf(mapKey: CacheKey, keyBytes: () => Uint8Array): string {
    return this.isDirect || typeof mapKey !== "string" ? toLatin1(keyBytes()) : mapKey;
  }

  /** The entry that a cache has under bytes. */
  find<V>(cache: RecordCache<K, V>, keyBytes: Uint8Array): CacheEntry<K, V> | undefined {
    return this.isDirect
      ? cache.get(this.#mapKeyOf(this.#format.decodeKey(keyBytes), keyBytes))
      : cache.ofBytes(keyBytes, hashOf(keyBytes, 0, keyBytes.length));
  }

  /** For a cache of such keys. */
  newEntries<V>(): CacheEntries<K, V> {
    return this.isDirect ? new PrimitiveEntries() : new TextEntries();
  }

  /** Keys with the same bytes get the same, and keys with different bytes different ones. */
  #mapKeyOf(key: K, keyBytes: Uint8Array | null): CacheKey {
    if (this.isDirect && isCanonical(key)) return key as CacheKey;
    const bytes = toLatin1(keyBytes ?? this.#format.encodeKey(key));
    return this.isDirect ? bytesMark + bytes : bytes;
  }
}

/** Stands before bytes among keys that stand for themselves: no canonical key has it. */
const bytesMark = "\ufffd";

/**
 * True: no other bytes are read as the key. Malformed UTF-8 is read as U+FFFD, and longs that are no safe integers as
 * the nearest double.
 */
function isCanonical(key: unknown): boolean {
  return typeof key === "string"
    ? !key.includes(bytesMark)
    : typeof key === "number"
      ? Number.isSafeInteger(key)
      : true;
}
