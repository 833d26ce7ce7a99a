import { invariant, noHeaders, type Headers, type Timestamp } from "@millrace/model";
import type { Serde } from "@millrace/serde";
import type { BytesStore, ReadableBytes, StoreScan } from "../contract/bytes-store.ts";
import type { RecordContext } from "../contract/record-context.ts";
import type { EntryCursor } from "../contract/store-engine.ts";
import { requireValue } from "../contract/store-scope.ts";
import type { FlushListener, FlushListenerOptions } from "../contract/updatable-store.ts";
import { OpenCursors } from "./open-cursors.ts";
import type { StoreFormat } from "./store-format.ts";
import type { AccessOptions, ValueAccess } from "./value-access.ts";

/** A store without a cache: each read decodes, each write goes through. */
export class DirectAccess<K, V> implements ValueAccess<K, V> {
  readonly isCached = false;
  readonly hasDirty = false;
  readonly hasFailedFlush = false;
  readonly followsPaths = false;
  readonly beside: ReadableBytes;
  readonly #name: string;
  readonly #store: BytesStore;
  readonly #format: StoreFormat<K, V>;
  readonly #context: RecordContext;
  readonly #cursors: OpenCursors;
  readonly #valueSeenBy: (key: Uint8Array, scan: StoreScan) => Uint8Array | null;
  #keyBytes: Uint8Array | null = null;
  #bytesOfRead: Uint8Array | null = null;
  #timestampOfRead: Timestamp = -1;
  #readTimestamp: Timestamp = -1;
  #readHeaders: Headers = noHeaders;

  constructor({
    name,
    store,
    beneath,
    format,
    context,
    valueSeenBy,
    cursors,
  }: AccessOptions<K, V>) {
    this.#name = name;
    this.#store = store;
    this.#format = format;
    this.#context = context;
    this.#valueSeenBy = valueSeenBy ?? ((key) => store.get(key));
    this.#cursors = new OpenCursors(name, (range) => store.scan(range), cursors);
    this.beside = {
      get: (key) => beneath.get(key),
      scan: (range) => this.#cursors.open(range),
      approximateEntryCount: () => beneath.approximateEntryCount(),
    };
  }

  get readTimestamp(): Timestamp {
    return this.#readTimestamp;
  }

  get readHeaders(): Headers {
    return this.#readHeaders;
  }

  get timestampOfRead(): Timestamp {
    return this.#timestampOfRead;
  }

  read(key: K): V | null {
    const bytes = this.#store.get(this.#format.encodeKey(key));
    this.#readTimestamp = bytes === null ? -1 : this.#format.timestampOf(bytes);
    this.#readHeaders = bytes === null ? noHeaders : this.#format.headersOf(bytes);
    return bytes === null ? null : this.#format.decode(bytes);
  }

  write(key: K, value: V | null, timestamp: Timestamp, headers = noHeaders): void {
    requireValue(this.#name, value);
    const bytes = value === null ? null : this.#encoded(value, timestamp, headers);
    this.#put(this.#format.encodeKey(key), bytes);
  }

  readForUpdate(key: K, keyBytes: Uint8Array | null): V | null {
    const bytes = this.#select(keyBytes ?? this.#format.encodeKey(key));
    return bytes === null ? null : this.#format.decode(bytes);
  }

  readBytes(key: K, serde: Serde<V>): Uint8Array | null | undefined {
    if (!this.#format.isWrittenBy(serde)) return undefined;
    const bytes = this.#select(this.#format.encodeKey(key));
    return bytes === null ? null : this.#format.valueBytes(bytes);
  }

  bytesOfRead(serde: Serde<V>): Uint8Array | null {
    const bytes = this.#bytesOfRead;
    return bytes === null || !this.#format.isWrittenBy(serde)
      ? null
      : this.#format.valueBytes(bytes);
  }

  isWrittenBy(serde: Serde<V>): boolean {
    return this.#format.isWrittenBy(serde);
  }

  writeUpdated(value: V | null, timestamp: Timestamp, written?: Uint8Array | null): void {
    const keyBytes = this.#keyBytes;
    invariant(keyBytes !== null, "STATE-5", "writeUpdated without readForUpdate");
    this.#keyBytes = this.#bytesOfRead = null;
    requireValue(this.#name, value);
    const bytes = value === null ? null : this.#storedAtOnce(value, timestamp, written ?? null);
    this.#put(keyBytes, bytes);
  }

  setFlushListener(_listener: FlushListener<K, V>, _options: FlushListenerOptions): boolean {
    return false;
  }

  readStored(keyBytes: Uint8Array): Uint8Array | null {
    return this.#store.get(keyBytes);
  }

  scan(range: StoreScan): EntryCursor {
    return this.#cursors.open(range);
  }

  usesAlong(): undefined {}

  approximateEntryCount(): number {
    return this.#store.approximateEntryCount();
  }

  flush(): boolean {
    return true;
  }

  discard(): void {
    this.#keyBytes = this.#bytesOfRead = null;
    this.#cursors.end("its store was reset");
  }

  forget(): void {
    this.#cursors.end("its store is being restored");
  }

  committed(): void {
    this.#cursors.moved();
  }

  endCursors(reason: string, isGone: (scan: StoreScan) => boolean): void {
    this.#cursors.end(reason, isGone);
  }

  holdsAny(): boolean {
    return false;
  }

  /** For the store, which copies it. */
  #encoded(value: V, timestamp: Timestamp, headers: Headers): Uint8Array {
    return headers.length === 0
      ? this.#format.encodeAtOnce(value, timestamp)
      : this.#format.encode(value, timestamp, headers);
  }

  #storedAtOnce(value: V, timestamp: Timestamp, written: Uint8Array | null): Uint8Array {
    return written === null
      ? this.#format.encodeAtOnce(value, timestamp)
      : this.#format.stored(written, timestamp);
  }

  #select(keyBytes: Uint8Array): Uint8Array | null {
    const bytes = this.#store.get(keyBytes);
    this.#keyBytes = keyBytes;
    this.#bytesOfRead = bytes;
    this.#timestampOfRead = bytes === null ? -1 : this.#format.timestampOf(bytes);
    return bytes;
  }

  #put(keyBytes: Uint8Array, bytes: Uint8Array | null): void {
    if (this.#cursors.hasOpen)
      this.#cursors.keep(keyBytes, (scan) => this.#valueSeenBy(keyBytes, scan));
    this.#store.put(keyBytes, bytes, this.#context);
  }
}
