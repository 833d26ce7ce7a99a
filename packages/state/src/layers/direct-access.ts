import { invariant, type Timestamp } from "@millrace/model";
import type { RecordContext } from "../contract/record-context.ts";
import type { EntryCursor, ScanRange } from "../contract/store-engine.ts";
import type { FlushListener, FlushListenerOptions } from "../contract/updatable-store.ts";
import type { BytesStore } from "./bytes-store.ts";
import type { StoreFormat } from "./store-format.ts";
import type { ValueAccess } from "./value-access.ts";

/** A store without a cache: each read decodes, each write goes through. */
export class DirectAccess<K, V> implements ValueAccess<K, V> {
  readonly isCached = false;
  readonly #store: BytesStore;
  readonly #format: StoreFormat<K, V>;
  readonly #context: RecordContext;
  #keyBytes: Uint8Array | null = null;
  #timestampOfRead: Timestamp = -1;
  #readTimestamp: Timestamp = -1;

  constructor(store: BytesStore, format: StoreFormat<K, V>, context: RecordContext) {
    this.#store = store;
    this.#format = format;
    this.#context = context;
  }

  get readTimestamp(): Timestamp {
    return this.#readTimestamp;
  }

  get timestampOfRead(): Timestamp {
    return this.#timestampOfRead;
  }

  read(key: K): V | null {
    const bytes = this.#store.get(this.#format.encodeKey(key));
    this.#readTimestamp = bytes === null ? -1 : this.#format.timestampOf(bytes);
    return bytes === null ? null : this.#format.decode(bytes);
  }

  write(key: K, value: V | null, timestamp: Timestamp): void {
    const bytes = value === null ? null : this.#format.encode(value, timestamp);
    this.#store.put(this.#format.encodeKey(key), bytes, this.#context.timestamp);
  }

  readForUpdate(key: K, keyBytes: Uint8Array | null): V | null {
    this.#keyBytes = keyBytes ?? this.#format.encodeKey(key);
    const bytes = this.#store.get(this.#keyBytes);
    this.#timestampOfRead = bytes === null ? -1 : this.#format.timestampOf(bytes);
    return bytes === null ? null : this.#format.decode(bytes);
  }

  writeUpdated(value: V | null, timestamp: Timestamp): void {
    const keyBytes = this.#keyBytes;
    invariant(keyBytes !== null, "STATE-5", "writeUpdated without readForUpdate");
    this.#keyBytes = null;
    const bytes =
      value === null || value === undefined ? null : this.#format.encode(value, timestamp);
    this.#store.put(keyBytes, bytes, this.#context.timestamp);
  }

  setFlushListener(_listener: FlushListener<K, V>, _options: FlushListenerOptions): boolean {
    return false;
  }

  scan(range: ScanRange): EntryCursor {
    return this.#store.scan(range);
  }

  approximateEntryCount(): number {
    return this.#store.approximateEntryCount();
  }
}
