import { invariant, type Timestamp } from "@millrace/model";
import { copyBytes } from "../bytes/key-range.ts";
import { toLatin1 } from "../bytes/latin1.ts";
import type { RecordContext } from "../contract/record-context.ts";
import type { EntryCursor, ScanRange } from "../contract/store-engine.ts";
import type {
  FlushListener,
  FlushListenerOptions,
  ValueOwnership,
} from "../contract/updatable-store.ts";
import type { BytesStore } from "./bytes-store.ts";
import type { CacheBudget } from "../contract/cache-budget.ts";
import { CacheEntry, type CacheKey } from "./cache-entry.ts";
import { CacheIndex } from "./cache-index.ts";
import { MergeCursor } from "./merge-cursor.ts";
import { RecordCache } from "./record-cache.ts";
import { isPrimitive, type StoreFormat } from "./store-format.ts";
import type { ValueAccess } from "./value-access.ts";

/** Caches up to this size serialise at once what has no known size, so that they evict exactly when Kafka does. */
const exactCacheBytesMax = 1024 * 1024;

export interface CachedAccessOptions<K, V> {
  readonly store: BytesStore;
  readonly format: StoreFormat<K, V>;
  readonly context: RecordContext;
  readonly budget: CacheBudget;
  readonly canAbandonUpdates: boolean;
}

/**
 * Holds writes back until a flush, and decoded values for the next update (Kafka: `CachingKeyValueStore`).
 *
 * An object that is held decoded leaves only by `readForUpdate`, into a callback, or with the flush listener, to
 * those downstream; both may mutate it, so the cache forgets it then. Everybody else gets a copy.
 */
export class CachedAccess<K, V> implements ValueAccess<K, V> {
  readonly isCached = true;
  readonly #store: BytesStore;
  readonly #format: StoreFormat<K, V>;
  readonly #context: RecordContext;
  readonly #cache: RecordCache<K, V>;
  readonly #isDirect: boolean;
  readonly #isExact: boolean;
  readonly #canAbandonUpdates: boolean;
  #index: CacheIndex<K, V> | null = null;
  #listener: FlushListener<K, V> | null = null;
  #sendsOldValues = false;
  /** Size of the value that was serialised last: what the next unknown one is taken for. */
  #sizeEstimate = -1;
  #hits = 0;
  #misses = 0;

  /** The slot of `readForUpdate`. */
  #entry: CacheEntry<K, V> | null = null;
  /** The object that the callback has, if the cache gave its own. */
  #lent: V | null = null;
  #timestampOfRead: Timestamp = -1;
  #readTimestamp: Timestamp = -1;

  constructor({ store, format, context, budget, canAbandonUpdates }: CachedAccessOptions<K, V>) {
    this.#store = store;
    this.#format = format;
    this.#context = context;
    this.#canAbandonUpdates = canAbandonUpdates;
    this.#isDirect = format.hasInjectiveKeys;
    this.#isExact = budget.sizeBytesMax <= exactCacheBytesMax;
    this.#cache = new RecordCache(budget, (entry) => this.#writeThrough(entry));
  }

  get timestampOfRead(): Timestamp {
    return this.#timestampOfRead;
  }

  get readTimestamp(): Timestamp {
    return this.#readTimestamp;
  }

  get hasDirty(): boolean {
    return this.#cache.hasDirty;
  }

  get hitRatio(): number {
    const reads = this.#hits + this.#misses;
    return reads === 0 ? 0 : this.#hits / reads;
  }

  readForUpdate(key: K, keyBytes: Uint8Array | null): V | null {
    const entry = this.#use(key, keyBytes);
    this.#entry = entry;
    this.#lent = null;
    if (!holdsValue(entry)) {
      this.#timestampOfRead = -1;
      return null;
    }
    this.#timestampOfRead = entry.valueTimestamp;
    return this.#lend(entry);
  }

  copyOfRead(): V | null {
    const entry = this.#entry;
    if (entry === null || !holdsValue(entry)) return null;
    if (!entry.hasValue && entry.bytes === null) {
      invariant(this.#lent !== null, "STATE-5", "copyOfRead of a value that is lent");
      entry.bytes = this.#format.encode(this.#lent, entry.valueTimestamp);
    }
    return this.#copy(entry);
  }

  writeUpdated(value: V | null, timestamp: Timestamp, ownership: ValueOwnership): void {
    const entry = this.#entry;
    invariant(entry !== null, "STATE-5", "writeUpdated without readForUpdate");
    this.#entry = this.#lent = null;
    this.#write(entry, value, timestamp, ownership === "shared");
  }

  abandonUpdate(): void {
    const entry = this.#entry;
    this.#entry = this.#lent = null;
    if (entry === null || !holdsValue(entry)) return;
    invariant(
      entry.hasValue || entry.bytes !== null,
      "STATE-5",
      "abandonUpdate of a lent object: open the stores with canAbandonUpdates",
    );
  }

  read(key: K): V | null {
    const entry = this.#use(key, null);
    if (!holdsValue(entry)) {
      this.#readTimestamp = -1;
      return null;
    }
    this.#readTimestamp = entry.valueTimestamp;
    return this.#copy(entry);
  }

  write(key: K, value: V | null, timestamp: Timestamp): void {
    const found = this.#find(key, null);
    this.#write(found ?? this.#newEntry(key, null), value, timestamp, true);
  }

  scan(range: ScanRange): EntryCursor {
    this.#index ??= new CacheIndex(this.#cache, {
      keyBytesOf: (entry) => this.#keyBytesOf(entry),
      bytesOf: (entry) => (entry.isTombstone ? null : this.#bytesOf(entry)),
    });
    const base = this.#store.scan(range);
    return new MergeCursor(this.#index.walk(range), base, range.direction ?? "forward");
  }

  approximateEntryCount(): number {
    return this.#store.approximateEntryCount();
  }

  setFlushListener(
    listener: FlushListener<K, V>,
    { sendsOldValues }: FlushListenerOptions,
  ): boolean {
    this.#listener = listener;
    this.#sendsOldValues = sendsOldValues;
    return true;
  }

  flush(): void {
    this.#cache.flush();
  }

  /** Forgets all, without writing. */
  clear(): void {
    this.#cache.clear();
    this.#entry = this.#lent = null;
  }

  /** Forgets one entry: its value changed beneath. */
  forget(keyBytes: Uint8Array): void {
    if (this.#cache.entryCount === 0) return;
    const mapKey = this.#isDirect
      ? this.#mapKeyOf(this.#format.decodeKey(keyBytes), keyBytes)
      : toLatin1(keyBytes);
    const entry = this.#cache.get(mapKey);
    if (entry !== undefined) this.#cache.remove(entry);
  }

  /** The entry of a key, loaded from beneath where there is none; detached if nothing is there, or no room. */
  #use(key: K, keyBytes: Uint8Array | null): CacheEntry<K, V> {
    const found = this.#find(key, keyBytes);
    if (found !== undefined) {
      this.#hits++;
      this.#cache.touch(found);
      return found;
    }
    this.#misses++;
    const entry = this.#newEntry(key, keyBytes);
    const bytes = this.#store.get(this.#keyBytesOf(entry));
    if (bytes === null) return entry;
    entry.bytes = bytes;
    entry.valueSize = bytes.length;
    entry.valueTimestamp = this.#format.timestampOf(bytes);
    this.#cache.store(entry, false);
    return entry;
  }

  #find(key: K, keyBytes: Uint8Array | null): CacheEntry<K, V> | undefined {
    if (!this.#isDirect) return this.#cache.get(toLatin1(keyBytes ?? this.#format.encodeKey(key)));
    const found = this.#cache.get(key as CacheKey);
    return found === undefined && !isCanonical(key)
      ? this.#cache.get(this.#mapKeyOf(key, keyBytes))
      : found;
  }

  #newEntry(key: K, keyBytes: Uint8Array | null): CacheEntry<K, V> {
    const own = keyBytes === null ? null : copyBytes(keyBytes);
    const size = own?.length ?? this.#format.keySize(key);
    if (this.#isDirect && size !== undefined)
      return new CacheEntry(this.#mapKeyOf(key, own), key, own, size);
    const bytes = own ?? this.#format.encodeKey(key);
    return new CacheEntry(this.#mapKeyOf(key, bytes), key, bytes, bytes.length);
  }

  /** Different keys with the same bytes get the same. */
  #mapKeyOf(key: K, keyBytes: Uint8Array | null): CacheKey {
    if (this.#isDirect && isCanonical(key)) return key as CacheKey;
    if (this.#isDirect && typeof key === "string") return key.toWellFormed();
    return toLatin1(keyBytes ?? this.#format.encodeKey(key));
  }

  /** Gives the held object away, or a primitive, or a fresh copy. */
  #lend(entry: CacheEntry<K, V>): V | null {
    if (!entry.hasValue) return this.#decode(entry);
    const { value } = entry;
    if (isPrimitive(value)) return value;
    if (this.#canAbandonUpdates || this.#cache.isFlushing) this.#bytesOf(entry);
    if (this.#cache.isFlushing) return this.#decode(entry);
    entry.value = null;
    entry.hasValue = false;
    this.#lent = value;
    return value;
  }

  #copy(entry: CacheEntry<K, V>): V | null {
    if (entry.hasValue && isPrimitive(entry.value)) return entry.value;
    this.#bytesOf(entry);
    return this.#decode(entry);
  }

  #decode(entry: CacheEntry<K, V>): V {
    invariant(entry.bytes !== null, "STATE-5", "a value was read while a callback had it");
    const value = this.#format.decode(entry.bytes);
    if (isPrimitive(value)) {
      entry.value = value;
      entry.hasValue = true;
    }
    return value;
  }

  #write(found: CacheEntry<K, V>, value: V | null, timestamp: Timestamp, isShared: boolean): void {
    // While a flush forwards, entries wait for their turn: what is written then gets an entry of its own.
    const entry = this.#cache.isFlushing
      ? new CacheEntry<K, V>(found.mapKey, found.key, found.keyBytes, found.keySize)
      : found;
    if (value === null || value === undefined) setTombstone(entry);
    else this.#setValue(entry, value, timestamp, isShared);
    entry.copyContext(this.#context);
    if (entry.isTombstone) entry.valueTimestamp = entry.timestamp;
    this.#cache.store(entry, true);
  }

  #setValue(entry: CacheEntry<K, V>, value: V, timestamp: Timestamp, isShared: boolean): void {
    const size = this.#format.encodedSize(value) ?? (this.#isExact ? -1 : this.#sizeEstimate);
    const mustEncode = size < 0 || (isShared && !isPrimitive(value));
    // Serialise first: if that fails the entry is as it was.
    const bytes = mustEncode ? this.#format.encode(value, timestamp) : null;
    const keeps = !isShared || isPrimitive(value);
    entry.isTombstone = false;
    entry.value = keeps ? value : null;
    entry.hasValue = keeps;
    entry.bytes = bytes;
    entry.valueTimestamp = timestamp;
    entry.valueSize = bytes === null ? size : bytes.length;
    if (bytes !== null) this.#sizeEstimate = bytes.length;
  }

  #keyBytesOf(entry: CacheEntry<K, V>): Uint8Array {
    return (entry.keyBytes ??= this.#format.encodeKey(entry.key));
  }

  /** The stored form of a value, kept with the entry. */
  #bytesOf(entry: CacheEntry<K, V>): Uint8Array {
    if (entry.bytes !== null) return entry.bytes;
    invariant(entry.hasValue && entry.value !== null, "STATE-5", "a lent value was asked for");
    const bytes = this.#format.encode(entry.value, entry.valueTimestamp);
    entry.bytes = bytes;
    this.#sizeEstimate = bytes.length;
    if (entry.valueSize !== bytes.length) {
      entry.valueSize = bytes.length;
      this.#cache.resize(entry);
    }
    return bytes;
  }

  #writeThrough(entry: CacheEntry<K, V>): void {
    const keyBytes = this.#keyBytesOf(entry);
    const bytes = entry.isTombstone ? null : this.#bytesOf(entry);
    const listener = this.#listener;
    if (listener === null) {
      this.#store.put(keyBytes, bytes, entry.timestamp);
      this.#dropSpareBytes(entry);
      return;
    }
    const oldBytes = bytes === null || this.#sendsOldValues ? this.#store.get(keyBytes) : null;
    if (bytes === null && oldBytes === null) return;
    this.#store.put(keyBytes, bytes, entry.timestamp);
    const oldValue =
      this.#sendsOldValues && oldBytes !== null ? this.#format.decode(oldBytes) : null;
    const newValue = bytes === null ? null : this.#giveAway(entry);
    this.#dropSpareBytes(entry);
    listener(this.#keyOf(entry, keyBytes), newValue, oldValue, entry);
  }

  /** A primitive is as good as its bytes, which are five times its size. */
  #dropSpareBytes(entry: CacheEntry<K, V>): void {
    if (entry.hasValue && isPrimitive(entry.value)) entry.bytes = null;
    if (this.#isDirect && isPrimitive(entry.key)) entry.keyBytes = null;
  }

  #giveAway(entry: CacheEntry<K, V>): V | null {
    const value = entry.hasValue ? entry.value : this.#decode(entry);
    if (!isPrimitive(value)) {
      entry.value = null;
      entry.hasValue = false;
    }
    return value;
  }

  /** A key that is an object may have been changed by whoever had it. */
  #keyOf(entry: CacheEntry<K, V>, keyBytes: Uint8Array): K {
    return isPrimitive(entry.key) ? entry.key : this.#format.decodeKey(keyBytes);
  }
}

function holdsValue<K, V>(entry: CacheEntry<K, V>): boolean {
  return !entry.isTombstone && (entry.isAttached || entry.hasValue || entry.bytes !== null);
}

function setTombstone<K, V>(entry: CacheEntry<K, V>): void {
  entry.isTombstone = true;
  entry.value = null;
  entry.hasValue = false;
  entry.bytes = null;
  entry.valueSize = 0;
}

/** True: the key stands for its bytes; see `Serde.isInjective`. */
function isCanonical(key: unknown): boolean {
  return typeof key === "string"
    ? key.isWellFormed()
    : typeof key === "number"
      ? Number.isSafeInteger(key)
      : true;
}
