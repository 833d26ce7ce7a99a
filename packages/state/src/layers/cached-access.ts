import { invariant, noHeaders, type Headers, type Timestamp } from "@millrace/model";
import type { Serde } from "@millrace/serde";
import type { BytesStore, ReadableBytes, StoreScan } from "../contract/bytes-store.ts";
import type { CacheBudget } from "../contract/cache-budget.ts";
import type { RecordContext } from "../contract/record-context.ts";
import type { EntryCursor } from "../contract/store-engine.ts";
import { requireValue } from "../contract/store-scope.ts";
import type { FlushListener, FlushListenerOptions } from "../contract/updatable-store.ts";
import { CacheEntry } from "./cache-entry.ts";
import { CacheIndex } from "./cache-index.ts";
import { CacheKeys } from "./cache-keys.ts";
import { MergeCursor, type OverlayCursor } from "./merge-cursor.ts";
import { OpenCursors } from "./open-cursors.ts";
import { PathUses, type CachePath, type PathSearch, type SearchUses } from "./search-uses.ts";
import { RecordCache } from "./record-cache.ts";
import { isPrimitive, type StoreFormat } from "./store-format.ts";
import type { AccessOptions, ValueAccess } from "./value-access.ts";
import { WriteThrough } from "./write-through.ts";

export interface CachedAccessOptions<K, V> extends AccessOptions<K, V> {
  readonly budget: CacheBudget;
  /** False: what is read from beneath is not held (Kafka: `CachingWindowStore`). Default true. */
  readonly holdsReads?: boolean;
  /** Bytes that Kafka's cache has in each key besides the store's. Default 0. */
  readonly markBytes?: number;
  /** True: with each entry that is written goes one of an index, as in Kafka's `TimeOrderedCachingWindowStore`. */
  readonly hasIndex?: boolean;
}

/** Stands before the keys of an index's entries: no row has it. */
const indexMark = "\uffff";

/** In larger caches the way of a search is long, and few entries on it are about to leave. */
const pathEntriesMax = 128;

/**
 * Holds writes back until a flush (Kafka: `CachingKeyValueStore`). A primitive stays decoded for the next update,
 * where its serde tells its size, and so vouches for it. Of an object the cache has the bytes: whoever made it may
 * reach a part of it later, and everybody gets a copy.
 */
export class CachedAccess<K, V> implements ValueAccess<K, V> {
  readonly isCached = true;
  readonly beside: ReadableBytes;
  readonly #name: string;
  readonly #store: BytesStore;
  readonly #format: StoreFormat<K, V>;
  readonly #context: RecordContext;
  readonly #cache: RecordCache<K, V>;
  readonly #keys: CacheKeys<K>;
  readonly #writeThrough: WriteThrough<K, V>;
  readonly #cursors: OpenCursors;
  readonly #holdsReads: boolean;
  readonly #hasIndex: boolean;
  readonly #valueSeenBy: AccessOptions<K, V>["valueSeenBy"];
  #index: CacheIndex<K, V> | null = null;
  #hits = 0;
  #misses = 0;

  /** The slot of `readForUpdate`. */
  #entry: CacheEntry<K, V> | null = null;
  #timestampOfRead: Timestamp = -1;
  #readTimestamp: Timestamp = -1;
  #readHeaders: Headers = noHeaders;

  constructor(options: CachedAccessOptions<K, V>) {
    const { name, store, format, context, budget, holdsReads, valueSeenBy } = options;
    this.#name = name;
    this.#store = store;
    this.#format = format;
    this.#context = context;
    this.#holdsReads = holdsReads ?? true;
    this.#hasIndex = options.hasIndex ?? false;
    this.#valueSeenBy = valueSeenBy;
    this.#keys = new CacheKeys(format, options.markBytes ?? 0);
    this.#writeThrough = new WriteThrough(options, this.#keys);
    this.#cache = new RecordCache(
      budget,
      this.#keys.newEntries(),
      this.#hasIndex
        ? (entry) => this.#writeDue(entry)
        : (entry) => this.#writeThrough.write(entry),
      this.#hasIndex, // a row that its own turn has written is written again when that of its index comes
    );
    this.#cursors = new OpenCursors(name, (range) => this.#scan(range), options.cursors);
    const { beneath } = options;
    this.beside = {
      get: (keyBytes) => {
        const held = this.#keys.find(this.#cache, keyBytes);
        return held === undefined ? beneath.get(keyBytes) : this.#writeThrough.storedOf(held);
      },
      scan: (range) => this.#cursors.open({ ...range, isUse: false }),
      approximateEntryCount: () => beneath.approximateEntryCount(),
    };
  }

  get timestampOfRead(): Timestamp {
    return this.#timestampOfRead;
  }

  get readTimestamp(): Timestamp {
    return this.#readTimestamp;
  }

  get readHeaders(): Headers {
    return this.#readHeaders;
  }

  get hasDirty(): boolean {
    return this.#cache.hasDirty;
  }

  get hasFailedFlush(): boolean {
    return this.#cache.hasFailed;
  }

  get hitRatio(): number {
    const reads = this.#hits + this.#misses;
    return reads === 0 ? 0 : this.#hits / reads;
  }

  readForUpdate(key: K, keyBytes: Uint8Array | null): V | null {
    const entry = this.#use(key, keyBytes);
    this.#entry = entry;
    const value = this.#valueOf(entry);
    this.#timestampOfRead = value === null ? -1 : entry.valueTimestamp;
    return value;
  }

  isWrittenBy(serde: Serde<V>): boolean {
    return this.#format.isWrittenBy(serde);
  }

  writeUpdated(value: V | null, timestamp: Timestamp, written?: Uint8Array | null): void {
    const entry = this.#entry;
    invariant(entry !== null, "STATE-5", "writeUpdated without readForUpdate");
    this.#entry = null;
    this.#write(entry, { value, timestamp, headers: noHeaders, written });
  }

  bytesOfRead(serde: Serde<V>): Uint8Array | null {
    const bytes = this.#entry?.bytes ?? null;
    return bytes === null || !this.#format.isWrittenBy(serde)
      ? null
      : this.#format.valueBytes(bytes);
  }

  readBytes(key: K, serde: Serde<V>): Uint8Array | null | undefined {
    if (!this.#format.isWrittenBy(serde)) return undefined;
    const entry = this.#use(key, null);
    if (!entry.hasBytes && entry.hasValue) return undefined;
    const { bytes } = entry;
    this.#entry = entry;
    this.#timestampOfRead = bytes === null ? -1 : entry.valueTimestamp;
    return bytes === null ? null : this.#format.valueBytes(bytes);
  }

  read(key: K): V | null {
    const entry = this.#use(key, null);
    const value = this.#valueOf(entry);
    this.#readTimestamp = value === null ? -1 : entry.valueTimestamp;
    this.#readHeaders = this.#writeThrough.headersOf(entry);
    return value;
  }

  write(key: K, value: V | null, timestamp: Timestamp, headers = noHeaders): void {
    this.#write(this.#keys.entryOf(this.#cache, key, null), { value, timestamp, headers });
  }

  readStored(keyBytes: Uint8Array): Uint8Array | null {
    const entry = this.#keys.find(this.#cache, keyBytes);
    if (entry === undefined) return this.#store.get(keyBytes);
    this.#cache.touch(entry);
    return this.#writeThrough.storedOf(entry);
  }

  scan(range: StoreScan): EntryCursor {
    return this.#cursors.open(range);
  }

  get followsPaths(): boolean {
    return this.#cache.entryCount <= pathEntriesMax;
  }

  usesAlong(path: CachePath, search: PathSearch): SearchUses | undefined {
    return this.followsPaths
      ? new PathUses(this.#cache, (entry) => this.#keyBytesOf(entry), { path, search })
      : undefined;
  }

  approximateEntryCount(): number {
    return this.#store.approximateEntryCount();
  }

  setFlushListener(listener: FlushListener<K, V>, options: FlushListenerOptions): boolean {
    this.#writeThrough.listen(listener, options);
    return true;
  }

  flush(isOver?: () => boolean): boolean {
    return this.#cache.flush(isOver);
  }

  discard(): void {
    this.#cursors.end("its store was reset");
    this.#cache.clear();
    this.#entry = null;
  }

  committed(): void {
    this.#cursors.moved();
  }

  endCursors(reason: string, isGone: (scan: StoreScan) => boolean): void {
    this.#cursors.end(reason, isGone);
  }

  holdsAny(range: StoreScan): boolean {
    return this.#walk({ ...range, isUse: false }).next();
  }

  forget(keyBytes: Uint8Array): void {
    this.#cursors.end("its store is being restored");
    if (this.#cache.entryCount === 0) return;
    const entry = this.#keys.find(this.#cache, keyBytes);
    if (entry !== undefined) this.#cache.remove(entry);
  }

  #scan(range: StoreScan): EntryCursor {
    const base = this.#store.scan(range);
    return new MergeCursor(this.#walk(range), base, range.direction ?? "forward");
  }

  #walk(range: StoreScan): OverlayCursor {
    this.#index ??= new CacheIndex(this.#cache, {
      keyBytesOf: (entry) => this.#keyBytesOf(entry),
      keyTextOf: (entry) => this.#keys.textOf(entry.mapKey, () => this.#keyBytesOf(entry)),
      bytesOf: (entry) => this.#writeThrough.storedOf(entry),
      removed: (entry) => this.#removed(entry),
      mayEnd: () => {
        if (this.#cursors.hasOpen) return false;
        this.#index = null;
        return true;
      },
    });
    return this.#index.walk(range);
  }

  /** Beneath, an entry may be hidden: the cache shows also what has expired. */
  #removed(entry: CacheEntry<K, V>): void {
    if (this.#valueSeenBy !== undefined && this.#cursors.hasOpen)
      this.#cursors.keep(this.#keyBytesOf(entry), () => this.#writeThrough.storedOf(entry));
    this.#cursors.moved();
  }

  /** The entry of a key, loaded from beneath where there is none; detached if nothing is there, or no room. */
  #use(key: K, keyBytes: Uint8Array | null): CacheEntry<K, V> {
    const entry = this.#keys.entryOf(this.#cache, key, keyBytes);
    if (entry.isAttached) {
      this.#hits++;
      this.#cache.touch(entry);
      return entry;
    }
    this.#misses++;
    const own = this.#keys.isDirect ? this.#keyBytesOf(entry) : keyBytes;
    const bytes = this.#store.get(own ?? this.#format.encodeKey(key));
    if (bytes === null) return entry;
    entry.bytes = bytes;
    entry.valueSize = bytes.length;
    entry.valueTimestamp = this.#format.timestampOf(bytes);
    if (this.#holdsReads) this.#cache.store(entry);
    return entry;
  }

  /** The value, or a fresh copy; null where there is none. */
  #valueOf(entry: CacheEntry<K, V>): V | null {
    if (entry.hasValue) return entry.value;
    const { bytes } = entry;
    if (bytes === null) return null;
    const value = this.#format.decode(bytes);
    if (isPrimitive(value)) {
      entry.value = value;
      entry.hasValue = true;
    }
    return value;
  }

  #write(found: CacheEntry<K, V>, { value, timestamp, headers, written }: Written<V>): void {
    requireValue(this.#name, value);
    if (this.#cursors.hasOpen)
      this.#cursors.keep(this.#keyBytesOf(found), (scan) => this.#bytesNow(found, scan));
    // While a flush forwards, entries wait for their turn: what is written then gets an entry of its own.
    const entry = this.#cache.isFlushing
      ? new CacheEntry<K, V>(found.mapKey, found.key, found.keyBytes, found.keySize)
      : found;
    if (value === null) setTombstone(entry);
    else this.#setValue(entry, { value, timestamp, headers, written });
    const write = entry.copyContext(this.#context);
    if (entry.isTombstone) {
      entry.valueTimestamp = write.timestamp;
      // Kafka gives deletions a context of their own there.
      if (this.#format.hasHeaders) write.input = undefined;
    }
    this.#cache.store(entry);
    if (this.#hasIndex) this.#storeIndexOf(entry);
  }

  /** It takes room, and where its turn comes first the row is written with it. */
  #storeIndexOf({ mapKey, key, keyBytes, keySize }: CacheEntry<K, V>): void {
    const indexKey = `${indexMark}${String(mapKey)}`;
    const held = this.#cache.isFlushing ? undefined : this.#cache.get(indexKey);
    const entry = held ?? new CacheEntry<K, V>(indexKey, key, keyBytes, keySize);
    entry.leadsTo = mapKey;
    const write = entry.copyContext(this.#context);
    write.topic = "";
    write.headers = noHeaders;
    this.#cache.store(entry);
  }

  #setValue(
    entry: CacheEntry<K, V>,
    { value, timestamp, headers, written }: Written<V> & { readonly value: V },
  ): void {
    // Serialise, or check, first: if that fails the entry is as it was.
    const mayStayDecoded = headers.length === 0 && isPrimitive(value);
    const size = mayStayDecoded ? this.#format.encodedSize(value) : undefined;
    const bytes =
      size !== undefined
        ? null
        : written
          ? this.#format.stored(written, timestamp)
          : this.#format.encode(value, timestamp, headers);
    entry.isTombstone = false;
    entry.value = bytes === null ? value : null;
    entry.hasValue = bytes === null;
    entry.bytes = bytes;
    entry.valueTimestamp = timestamp;
    entry.valueSize = bytes?.length ?? size ?? 0;
  }

  #keyBytesOf(entry: CacheEntry<K, V>): Uint8Array {
    return this.#keys.bytesOf(entry);
  }

  /** What is stored under an entry's key before it is written. */
  #bytesNow(entry: CacheEntry<K, V>, scan: StoreScan): Uint8Array | null {
    const held = this.#cache.get(entry.mapKey);
    if (held !== undefined) return this.#writeThrough.storedOf(held);
    const keyBytes = this.#keyBytesOf(entry);
    return this.#valueSeenBy === undefined
      ? this.#store.get(keyBytes)
      : this.#valueSeenBy(keyBytes, scan);
  }

  #writeDue(entry: CacheEntry<K, V>): void {
    const row = entry.leadsTo === null ? entry : this.#cache.get(entry.leadsTo);
    if (row === undefined) return; // it was evicted, and so written
    if (row !== entry) this.#cache.touch(row);
    if (this.#cache.isDue(row)) this.#writeThrough.write(row);
  }
}

/** What is written under a key. */
interface Written<V> {
  readonly value: V | null;
  readonly timestamp: Timestamp;
  readonly headers: Headers;
  /** What its serde wrote, where that is known. */
  readonly written?: Uint8Array | null | undefined;
}

function setTombstone<K, V>(entry: CacheEntry<K, V>): void {
  entry.isTombstone = true;
  entry.value = null;
  entry.hasValue = false;
  entry.bytes = null;
  entry.valueSize = 0;
}
