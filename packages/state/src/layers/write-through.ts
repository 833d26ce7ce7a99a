import { invariant, noHeaders, type Headers } from "@millrace/model";
import type { Serde } from "@millrace/serde";
import type { BytesStore } from "../contract/bytes-store.ts";
import type {
  FlushedValue,
  FlushListener,
  FlushListenerOptions,
} from "../contract/updatable-store.ts";
import type { CacheEntry } from "./cache-entry.ts";
import type { CacheKeys } from "./cache-keys.ts";
import { isPrimitive, type StoreFormat } from "./store-format.ts";

/** Writes the entries of a cache to the store beneath, and tells who forwards them. */
export class WriteThrough<K, V> {
  readonly #store: BytesStore;
  readonly #format: StoreFormat<K, V>;
  readonly #keys: CacheKeys<K>;
  readonly #isHidden: ((key: Uint8Array) => boolean) | undefined;
  #listener: FlushListener<K, V> | null = null;
  #sendsOldValues = false;

  constructor(
    {
      store,
      format,
      isHidden,
    }: {
      readonly store: BytesStore;
      readonly format: StoreFormat<K, V>;
      readonly isHidden?: ((key: Uint8Array) => boolean) | undefined;
    },
    keys: CacheKeys<K>,
  ) {
    this.#isHidden = isHidden;
    this.#store = store;
    this.#format = format;
    this.#keys = keys;
  }

  listen(listener: FlushListener<K, V>, { sendsOldValues }: FlushListenerOptions): void {
    this.#listener = listener;
    this.#sendsOldValues = sendsOldValues;
  }

  write(entry: CacheEntry<K, V>): void {
    const { write } = entry;
    invariant(write !== null, "STATE-5", "an entry is written that nobody wrote");
    const keyBytes = this.#keys.bytesAtOnce(entry); // a listener reads them first
    const bytes = entry.isTombstone ? null : this.#bytesAtOnce(entry);
    const listener = this.#listener;
    if (listener === null) {
      this.#store.put(keyBytes, bytes, write);
      this.#saveRoom(entry);
      return;
    }
    const oldBytes = this.#sendsOldValues ? this.#store.get(keyBytes) : null;
    const isThere = bytes !== null || oldBytes !== null || this.#isThere(entry, keyBytes);
    entry.isStored = bytes !== null;
    if (!isThere) return;
    this.#store.put(keyBytes, bytes, write);
    const oldValue =
      this.#sendsOldValues && oldBytes !== null ? this.#format.decode(oldBytes) : null;
    const flushed = this.#flushedOf(entry, bytes);
    this.#saveRoom(entry);
    listener(this.#keyOf(entry, keyBytes), flushed, oldValue, write);
  }

  /** Whether there is a row to delete. Of one that goes by its time alone, and was written from here, it is known. */
  #isThere({ isStored }: CacheEntry<K, V>, keyBytes: Uint8Array): boolean {
    if (this.#sendsOldValues) return false;
    if (isStored && this.#isHidden !== undefined) return !this.#isHidden(keyBytes);
    return this.#store.get(keyBytes) !== null;
  }

  #flushedOf(entry: CacheEntry<K, V>, bytes: Uint8Array | null): FlushedValue<V> {
    const { valueSerde: serde, topic } = this.#format;
    if (bytes === null || entry.hasValue)
      return { value: bytes === null ? null : entry.value, bytes: null, serde, topic };
    return new FlushedBytes(this.#format, bytes);
  }

  /** What is stored under the entry's key once it is written; null: nothing. */
  storedOf(entry: CacheEntry<K, V>): Uint8Array | null {
    return entry.isTombstone ? null : this.#bytesOf(entry);
  }

  /** The stored form of a value for stores, which copy it: that of a primitive is wanted for nothing else. */
  #bytesAtOnce(entry: CacheEntry<K, V>): Uint8Array {
    if (entry.hasBytes || entry.value === null || !isPrimitive(entry.value))
      return this.#bytesOf(entry);
    return this.#format.encodeAtOnce(entry.value, entry.valueTimestamp);
  }

  /** The stored form of a value, kept with the entry. */
  #bytesOf(entry: CacheEntry<K, V>): Uint8Array {
    const { bytes } = entry;
    if (bytes !== null) return bytes;
    invariant(entry.hasValue && entry.value !== null, "STATE-5", "an entry has a value, or bytes");
    return (entry.bytes = this.#format.encode(entry.value, entry.valueTimestamp, noHeaders));
  }

  /** What has no bytes has no headers. */
  headersOf(entry: CacheEntry<K, V>): Headers {
    const bytes = this.#format.hasHeaders ? entry.bytes : null;
    return bytes === null ? noHeaders : this.#format.headersOf(bytes);
  }

  /** A primitive without headers is as good as its bytes, which are five times its size. */
  #saveRoom(entry: CacheEntry<K, V>): void {
    const isSpare = entry.hasValue && isPrimitive(entry.value);
    if (isSpare && this.headersOf(entry).length === 0) entry.bytes = null;
    else entry.packBytes();
    if (this.#keys.isDirect && isPrimitive(entry.key)) entry.keyBytes = null;
  }

  /** A key that is an object may have been changed by whoever had it. */
  #keyOf(entry: CacheEntry<K, V>, keyBytes: Uint8Array): K {
    const { key } = entry;
    return key !== null && isPrimitive(key) ? key : this.#format.decodeKey(keyBytes);
  }
}

/** An object that was flushed: most often only its bytes are wanted, by a sink. */
class FlushedBytes<K, V> implements FlushedValue<V> {
  readonly #format: StoreFormat<K, V>;
  readonly #stored: Uint8Array;

  constructor(format: StoreFormat<K, V>, stored: Uint8Array) {
    this.#format = format;
    this.#stored = stored;
  }

  get value(): V {
    return this.#format.decode(this.#stored);
  }

  get bytes(): Uint8Array {
    return this.#format.valueBytes(this.#stored);
  }

  get serde(): Serde<V> {
    return this.#format.valueSerde;
  }

  get topic(): string {
    return this.#format.topic;
  }
}
